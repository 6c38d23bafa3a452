// A histogram as plain numbers: the loop counts into it, the thread that answers scrapes gets a
// copy. No locks, no names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nlb::controlplane {

inline constexpr std::size_t kHistogramBounds = 14;
// Seconds. Fine where failover is decided: from the rate limit of heartbeats to the slowest
// profile's detection.
inline constexpr std::array<double, kHistogramBounds> kBounds = {
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0};

struct Histogram {
    // not cumulative; the last one: above every bound
    std::array<std::uint64_t, kHistogramBounds + 1> counts{};
    double sum = 0;  // of all values

    // Seconds.
    void observe(double value) {
        std::size_t at = 0;
        while (at < kHistogramBounds && value > kBounds[at]) ++at;
        ++counts[at];
        sum += value;
    }
    [[nodiscard]] std::uint64_t count() const {
        std::uint64_t all = 0;
        for (const std::uint64_t one : counts) all += one;
        return all;
    }
};

}  // namespace nlb::controlplane
