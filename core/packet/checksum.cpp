// Sums are taken over 32-bit words in memory order and swapped once at the end: one's complement
// addition does not care about byte order (RFC 1071 2.B).
#include "core/packet/checksum.hpp"

#include <cstring>

#include "core/base/endian.hpp"

namespace nlb {

std::uint64_t checksum_add(std::uint64_t sum, const Byte* data, std::size_t length) {
    std::uint64_t raw = 0;
    for (; length >= 4; data += 4, length -= 4) {
        std::uint32_t word;
        std::memcpy(&word, data, sizeof word);
        raw += word;
    }
    if (length > 0) {
        std::uint32_t word = 0;
        std::memcpy(&word, data, length);
        raw += word;
    }
    raw = (raw & 0xffff'ffff) + (raw >> 32);
    raw = (raw & 0xffff) + (raw >> 16 & 0xffff) + (raw >> 32);
    raw = (raw & 0xffff) + (raw >> 16);
    raw = (raw & 0xffff) + (raw >> 16);
    return sum + be16{static_cast<std::uint16_t>(raw)}.raw;
}

std::uint16_t checksum_finish(std::uint64_t sum) {
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

std::uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                std::uint8_t protocol, std::size_t length) {
    const std::size_t skip = source.is_v4() && destination.is_v4() ? 12 : 0;
    std::uint64_t sum = protocol + (length >> 16) + (length & 0xffff);
    sum = checksum_add(sum, source.bytes.data() + skip, source.bytes.size() - skip);
    return checksum_add(sum, destination.bytes.data() + skip, destination.bytes.size() - skip);
}

std::uint16_t checksum_adjust(std::uint16_t checksum, const Byte* before, const Byte* after,
                              std::size_t length) {
    std::uint64_t sum = static_cast<std::uint16_t>(~checksum);
    for (std::size_t i = 0; i < length; i += 2) {
        sum += static_cast<std::uint16_t>(~load_big_endian<std::uint16_t>(before + i));
        sum += load_big_endian<std::uint16_t>(after + i);
    }
    return checksum_finish(sum);
}

}  // namespace nlb
