// Big-endian integers as they lie on the wire. They convert only when asked by name, so that a
// forgotten swap does not compile.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "core/base/types.hpp"

namespace nlb {

template <class Integer>
[[nodiscard]] constexpr Integer byte_swap(Integer value) {
    if constexpr (sizeof(Integer) == 2) return __builtin_bswap16(value);
    if constexpr (sizeof(Integer) == 4) return __builtin_bswap32(value);
    if constexpr (sizeof(Integer) == 8) return __builtin_bswap64(value);
}

template <class Integer>
struct [[gnu::packed]] BigEndian {
    Integer raw;
    BigEndian() = default;
    constexpr explicit BigEndian(Integer host)
        : raw(std::endian::native == std::endian::little ? byte_swap(host) : host) {}
    [[nodiscard]] constexpr Integer host() const {
        return std::endian::native == std::endian::little ? byte_swap(raw) : raw;
    }
    constexpr bool operator==(const BigEndian& other) const { return raw == other.raw; }
};
using be16 = BigEndian<std::uint16_t>;
using be32 = BigEndian<std::uint32_t>;
using be64 = BigEndian<std::uint64_t>;
static_assert(sizeof(be16) == 2 && sizeof(be32) == 4 && sizeof(be64) == 8);

// Requires: sizeof(Integer) readable (writable) bytes at `at`; no alignment.
template <class Integer>
[[nodiscard]] inline Integer load_big_endian(const Byte* at) {
    Integer raw;
    std::memcpy(&raw, at, sizeof raw);
    return std::endian::native == std::endian::little ? byte_swap(raw) : raw;
}
template <class Integer>
inline void store_big_endian(Byte* at, Integer host) {
    const Integer raw = std::endian::native == std::endian::little ? byte_swap(host) : host;
    std::memcpy(at, &raw, sizeof raw);
}

}  // namespace nlb
