// The parse stage: the link layer, and who parses the rest. What was sent to another station or in
// another VLAN is nobody's, however sound it is: a port that hears everything hears that too.
#include "core/packet/headers.hpp"
#include "core/packet/parse_network.hpp"
#include "core/packet/stages.hpp"

namespace nlb {
namespace {

// What frames are for us: sent to the cluster, to this host (by either of its addresses) or to a
// group, and in the cluster's VLAN. Worked out once per burst.
struct Receiver {
    explicit Receiver(const BurstContext& context)
        : cluster(mac_word(context.tables.cluster_mac)),
          station(mac_word(context.ports.station(context.tables))),
          outside(mac_word(context.ports.outside)),
          vlan(context.tables.vlan),
          // Without tables nobody knows which addresses are the cluster's.
          takes_all(context.tables.self == kNoHost) {}
    // Requires: a whole Ethernet header.
    [[nodiscard]] bool takes(const Byte* frame) const {
        const std::uint64_t to = mac_word_at(frame);
        return to == cluster || (frame[0] & 1U) != 0 || to == station || to == outside || takes_all;
    }
    std::uint64_t cluster;
    std::uint64_t station;
    std::uint64_t outside;
    std::uint16_t vlan;
    bool takes_all;
};

// Most frames bear no tag. Requires: a whole Ethernet header.
LinkLayer link_of(const Frame& frame) {
    constexpr std::uint16_t kL3 = sizeof(EthernetHeader);
    const auto ethertype = load_big_endian<std::uint16_t>(frame.data + kL3 - sizeof(be16));
    const bool tagged = ethertype == kEthertypeVlan || ethertype == kEthertypeServiceVlan;
    return tagged ? parse_link(frame) : LinkLayer{Reason::live, ethertype, kL3, 0};
}

Reason parse_frame(const Frame& frame, PacketInfo& info, const Receiver& receiver) {
    if (frame.length < sizeof(EthernetHeader)) return Reason::truncated;
    if (!receiver.takes(frame.data)) return Reason::other_station;
    const LinkLayer link = link_of(frame);
    if (link.reason != Reason::live) return link.reason;
    info.l3_offset = link.l3_offset;
    if (link.vlan != receiver.vlan)
        return link.ethertype == kEthertypeHeartbeat ? Reason::heartbeat_other_vlan
                                                     : Reason::other_vlan;
    switch (link.ethertype) {
        case kEthertypeIpv4:
            return parse_ipv4(frame, info);
        case kEthertypeIpv6:
            return parse_ipv6(frame, info);
        case kEthertypeArp:
            info.traits = kTraitArp;
            return Reason::live;
        case kEthertypeHeartbeat:
            return Reason::heartbeat;
        default:
            return Reason::ethertype;
    }
}

}  // namespace

LinkLayer parse_link(const Frame& frame) {
    if (frame.length < sizeof(EthernetHeader)) return {Reason::truncated};
    std::size_t at = sizeof(EthernetHeader);
    std::uint16_t ethertype = load_big_endian<std::uint16_t>(frame.data + at - 2);
    std::uint16_t vlan = 0;
    for (std::size_t tags = 0; ethertype == kEthertypeVlan || ethertype == kEthertypeServiceVlan;
         ++tags) {
        if (tags == kVlanTagsMax) return {Reason::vlan_depth};
        if (frame.length < at + kVlanTagBytes) return {Reason::truncated};
        if (vlan == 0) vlan = load_big_endian<std::uint16_t>(frame.data + at) & kVlanIdMask;
        at += kVlanTagBytes;
        ethertype = load_big_endian<std::uint16_t>(frame.data + at - 2);
    }
    return {Reason::live, ethertype, static_cast<std::uint16_t>(at), vlan};
}

void parse(Burst& burst, const BurstContext& context) {
    burst.traits = 0;
    if (burst.on_fast_path == all_slots(burst)) return;
    const Receiver receiver(context);
    for (const std::uint32_t i : off_fast_path(burst)) {
        PacketInfo& info = burst.info[i];
        info = {};
        info.rule = kNoRule;
        burst.reasons[i] = parse_frame(burst.frames[i], info, receiver);
        burst.traits |= info.traits;
        if (info.session_role != SessionRole::none) burst.traits |= kTraitSession;
    }
}

}  // namespace nlb
