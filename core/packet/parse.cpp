// The parse stage: the link layer, and who parses the rest. Tagged heartbeats are none: the cluster
// speaks untagged on its port, and what another VLAN sends must not pass for it.
#include "core/packet/headers.hpp"
#include "core/packet/parse_network.hpp"
#include "core/packet/stages.hpp"

namespace nlb {
namespace {

Reason parse_frame(const Frame& frame, PacketInfo& info) {
    const LinkLayer link = parse_link(frame);
    if (link.reason != Reason::live) return link.reason;
    info.l3_offset = link.l3_offset;
    switch (link.ethertype) {
        case kEthertypeIpv4:
            return parse_ipv4(frame, info);
        case kEthertypeIpv6:
            return parse_ipv6(frame, info);
        case kEthertypeArp:
            info.traits = kTraitArp;
            return Reason::live;
        case kEthertypeHeartbeat:
            return link.l3_offset == sizeof(EthernetHeader) ? Reason::heartbeat : Reason::ethertype;
        default:
            return Reason::ethertype;
    }
}

}  // namespace

LinkLayer parse_link(const Frame& frame) {
    if (frame.length < sizeof(EthernetHeader)) return {Reason::truncated, 0, 0};
    std::size_t at = sizeof(EthernetHeader);
    std::uint16_t ethertype = load_big_endian<std::uint16_t>(frame.data + at - 2);
    for (std::size_t tags = 0; ethertype == kEthertypeVlan || ethertype == kEthertypeServiceVlan;
         ++tags) {
        if (tags == kVlanTagsMax) return {Reason::vlan_depth, 0, 0};
        if (frame.length < at + kVlanTagBytes) return {Reason::truncated, 0, 0};
        at += kVlanTagBytes;
        ethertype = load_big_endian<std::uint16_t>(frame.data + at - 2);
    }
    return {Reason::live, ethertype, static_cast<std::uint16_t>(at)};
}

void parse(Burst& burst) {
    burst.traits = 0;
    for (const std::uint32_t i : off_fast_path(burst)) {
        PacketInfo& info = burst.info[i];
        info = {};
        info.rule = kNoRule;
        burst.reasons[i] = parse_frame(burst.frames[i], info);
        burst.traits |= info.traits;
        if (info.session_role != SessionRole::none) burst.traits |= kTraitSession;
    }
}

}  // namespace nlb
