// The Internet checksum (RFC 1071), whole and incremental (RFC 1624). It knows no packet formats
// but the pseudo headers. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/base/types.hpp"

namespace nlb {

// One's complement sum of 16-bit big-endian words, not folded; an odd last byte counts as a word's
// high half. Requires: `length` readable bytes, at most 65,535.
[[nodiscard]] std::uint64_t checksum_add(std::uint64_t sum, const Byte* data, std::size_t length);
// What belongs into the header: the folded sum's complement, in host order.
[[nodiscard]] std::uint16_t checksum_finish(std::uint64_t sum);

[[nodiscard]] inline std::uint16_t checksum_of(const Byte* data, std::size_t length) {
    return checksum_finish(checksum_add(0, data, length));
}

// The sum of the TCP, UDP or ICMPv6 pseudo header; IPv4's when both addresses are IPv4 ones.
[[nodiscard]] std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                              std::uint8_t protocol, std::size_t length);

// `checksum` after `length` bytes at an even offset changed from `before` to `after`. A wrong
// checksum stays wrong. Requires: even length.
[[nodiscard]] std::uint16_t checksum_adjust(std::uint16_t checksum, const Byte* before,
                                            const Byte* after, std::size_t length);

// An IPv4 header of `length` bytes, checksum included. Almost all have 20, which five additions
// prove. Requires: length is a multiple of 4.
[[nodiscard]] inline bool ipv4_checksum_holds(const Byte* header, std::size_t length) {
    if (length != 20) return checksum_of(header, length) == 0;
    std::array<std::uint32_t, 5> words;
    std::memcpy(words.data(), header, sizeof words);
    std::uint64_t sum = std::uint64_t{words[0]} + words[1] + words[2] + words[3] + words[4];
    sum = (sum & 0xffff'ffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

}  // namespace nlb
