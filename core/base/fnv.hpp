// FNV-1a, 64 bits: digests that notice accidents (another layout, a damaged file). It is no
// protection against people, and no hash for tables: whoever chooses the input chooses the digest.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/types.hpp"

namespace nlb {

class Fnv1a {
public:
    // A byte, or a word taken as one symbol.
    constexpr void add(std::uint64_t symbol) { digest_ = (digest_ ^ symbol) * kPrime; }
    constexpr void add(std::span<const Byte> bytes) {
        for (const Byte byte : bytes) add(byte);
    }
    [[nodiscard]] constexpr std::uint64_t digest() const { return digest_; }

private:
    static constexpr std::uint64_t kPrime = 0x100000001b3ULL;
    std::uint64_t digest_ = 0xcbf29ce484222325ULL;
};

}  // namespace nlb
