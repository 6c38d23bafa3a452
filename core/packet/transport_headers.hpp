// When a TCP or UDP header is sound. The parser (core/packet/parse_transport.cpp) and the fast path
// (core/fastpath) ask here; the AVX2 version, which cannot call it, is compared with it over all
// header lengths by tests/unit/core/fastpath/soundness_test.cpp. Ports, flags and checksums are not
// judged: any value of them is the server's business.
#pragma once

#include "core/base/endian.hpp"
#include "core/packet/headers.hpp"

namespace nlb {

// RFC 9293 3.1: at least twenty bytes, and the header ends within the packet. Requires: `bytes`
// readable bytes at `at`, which are what the IP header leaves for TCP.
[[nodiscard]] inline bool is_whole_tcp(const Byte* at, std::size_t bytes) {
    if (bytes < sizeof(TcpHeader)) return false;
    const std::size_t header = std::size_t{at[offsetof(TcpHeader, data_offset)]} / 16 * 4;
    return header >= sizeof(TcpHeader) && header <= bytes;
}

// RFC 768: the length counts its own header. A first fragment may hold less than the length says.
// Requires: as above.
[[nodiscard]] inline bool is_udp_header(const Byte* at, std::size_t bytes) {
    return bytes >= sizeof(UdpHeader) &&
           load_big_endian<std::uint16_t>(at + offsetof(UdpHeader, length)) >= sizeof(UdpHeader);
}
// The same of a datagram that is no fragment: all of it is there.
[[nodiscard]] inline bool is_whole_udp(const Byte* at, std::size_t bytes) {
    return is_udp_header(at, bytes) &&
           load_big_endian<std::uint16_t>(at + offsetof(UdpHeader, length)) <= bytes;
}

}  // namespace nlb
