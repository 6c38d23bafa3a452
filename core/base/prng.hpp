// A small seeded generator (splitmix64, Steele et al. 2014) for simulators and tests; never for
// keys.
#pragma once

#include <cstdint>

#include "core/base/types.hpp"

namespace nlb {

class Prng {
public:
    explicit constexpr Prng(std::uint64_t seed) : state_(seed) {}

    constexpr std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    // Uniform in [0, bound). Requires: bound > 0.
    constexpr std::uint64_t below(std::uint64_t bound) {
        return static_cast<std::uint64_t>((static_cast<Uint128>(next()) * bound) >> 64);
    }
    // Uniform in [low, high].
    constexpr std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
    }
    // True with the given chance in a million.
    constexpr bool chance(std::uint64_t per_million) { return below(1'000'000) < per_million; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.state_);
    }

private:
    std::uint64_t state_;
};

}  // namespace nlb
