// One frame at a time, in plain C++: what decides are four fields of each, so columns of eight
// would not pay for their loads (docs/decisions.md).
//
// A frame from inside need not be sound to leave, so lengths, checksums and addresses are not
// judged here: what does not parse passes, and no descriptor hears of it. Fields are read where
// they would be in a sound packet; what they say of one that is not only sends it to the stages.
#include "core/fastpath/fast_mask.hpp"

#include "core/packet/headers.hpp"
#include "core/packet/session_protocols.hpp"

namespace nlb {
namespace {

constexpr std::size_t kL3 = sizeof(EthernetHeader);
constexpr std::size_t kL4OfV4 = kL3 + sizeof(Ipv4Header);
constexpr std::size_t kL4OfV6 = kL3 + sizeof(Ipv6Header);

// TCP or UDP at kL4 of which track_replies (core/flow/track.hpp) has nothing to note.
template <std::size_t kL4>
[[gnu::always_inline]] inline bool tells_nothing(const Frame& frame, std::uint8_t protocol) {
    const Byte* const l4 = frame.data + kL4;
    if (protocol == kProtocolTcp)
        return frame.length >= kL4 + sizeof(TcpHeader) &&
               (l4[offsetof(TcpHeader, flags)] & kTcpBeginsOrEnds) == 0;
    return protocol == kProtocolUdp && frame.length >= kL4 + sizeof(UdpHeader) &&
           !is_session_packet(kProtocolUdp, load_big_endian<std::uint16_t>(l4));
}

// Ethertype and the byte behind it: the IP version and IPv4's header length.
[[gnu::always_inline]] inline bool is_usual(const Frame& frame) {
    if (frame.length < kL4OfV4) return false;
    const std::uint32_t link = load_big_endian<std::uint32_t>(frame.data + kL3 - 2) >> 8;
    if (link == (std::uint32_t{kEthertypeIpv4} << 8 | 0x45))
        return tells_nothing<kL4OfV4>(frame, frame.data[kL3 + offsetof(Ipv4Header, protocol)]);
    return link >> 8 == kEthertypeIpv6 &&
           tells_nothing<kL4OfV6>(frame, frame.data[kL3 + offsetof(Ipv6Header, next_header)]);
}

}  // namespace

void fast_mask(Burst& burst, const BurstContext& context) {
    burst.on_fast_path = 0;
    burst.one_rule = false;
    if (context.tables.self == kNoHost || !context.fence_holds) return;
    const MacAddress source = context.ports.source(context.tables);
    std::uint64_t usual = 0;
    for (std::uint32_t i = 0; i < burst.count; ++i) {
        const Frame& frame = burst.frames[i];
        if (!is_usual(frame)) continue;
        put_mac(frame.data + kSourceMacOffset, source);
        usual |= std::uint64_t{1} << i;
    }
    burst.on_fast_path = usual;
    // of the others the stages say what is true
    burst.reasons.fill(Reason::sent);
    burst.rules.fill(kNoRule);
}

}  // namespace nlb
