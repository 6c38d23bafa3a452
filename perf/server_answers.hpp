// A server that answers each SYN which was let through: without its word no flow is established
// (core/flow/track.hpp). Frames are those of perf/traffic.hpp, without tags and extension headers.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/base/endian.hpp"
#include "core/packet/headers.hpp"
#include "core/pipeline.hpp"

namespace nlb::perf {

// A client's packet becomes one of its server to it, in place. TCP and UDP alike; gives the
// transport header.
inline Byte* turn_round(Byte* frame) {
    const bool v6 = load_big_endian<std::uint16_t>(frame + 12) == kEthertypeIpv6;
    const std::size_t address = v6 ? sizeof(IpAddress) : sizeof(be32);
    Byte* const ip = frame + sizeof(EthernetHeader);
    Byte* const source = ip + (v6 ? offsetof(Ipv6Header, source) : offsetof(Ipv4Header, source));
    std::swap_ranges(frame, frame + sizeof(MacAddress), frame + sizeof(MacAddress));
    std::swap_ranges(source, source + address, source + address);
    Byte* const l4 = ip + (v6 ? sizeof(Ipv6Header) : sizeof(Ipv4Header));
    std::swap_ranges(l4, l4 + sizeof(be16), l4 + sizeof(be16));
    return l4;
}

// A client's SYN becomes its server's SYN-ACK.
inline void turn_into_answer(Byte* frame) {
    turn_round(frame)[offsetof(TcpHeader, flags)] = kTcpSyn | kTcpAck;
}

// What settle_ingress has just let through as new flows is answered. The burst is used up.
template <Connections Table>
void answer_new_flows(Burst& burst, const BurstContext& context, Table& connections,
                      Counters& counters) {
    std::uint32_t answers = 0;
    for (std::uint32_t i = 0; i < burst.count; ++i) {
        if (burst.reasons[i] != Reason::new_flow) continue;
        turn_into_answer(burst.frames[i].data);
        burst.frames[answers++] = burst.frames[i];
    }
    burst.count = answers;
    if (answers != 0) settle_egress(burst, context, connections, counters);
}

}  // namespace nlb::perf
