// How long frames were under way, in buckets that widen by a sixteenth: any percentile within 7 %,
// in constant space. It keeps no order.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace nlb::perf {

class Latency {
public:
    void add(std::uint32_t ns) {
        ++buckets_[place_of(ns)];
        ++count_;
        sum_ += ns;
        late_ += ns > kLate;
        max_ = std::max(max_, ns);
    }
    // The smallest time that `share` of all do not exceed; 0 when there are none.
    [[nodiscard]] std::uint32_t at(double share) const {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::uint32_t slot = 0; slot < buckets_.size(); ++slot) {
            seen += buckets_[slot];
            if (seen > wanted) return std::min(top_of(slot), max_);
        }
        return max_;
    }
    [[nodiscard]] std::uint32_t max() const { return max_; }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t sum() const { return sum_; }
    // What a report shows: percentiles in nanoseconds, how many took longer than 50 microseconds,
    // and [up to, how many] of each bucket.
    [[nodiscard]] nlohmann::ordered_json figures() const {
        nlohmann::ordered_json told{{"count", count_},   {"p50", at(0.5)}, {"p99", at(0.99)},
                                    {"p999", at(0.999)}, {"max", max_},    {"over_50us", late_}};
        for (std::uint32_t slot = 0; slot < buckets_.size(); ++slot)
            if (buckets_[slot] != 0) told["histogram"].push_back({top_of(slot), buckets_[slot]});
        return told;
    }

private:
    static constexpr std::uint32_t kLate = 50'000;
    static constexpr std::uint32_t kSteps = 16;  // per power of two
    [[nodiscard]] static std::uint32_t place_of(std::uint32_t ns) {
        if (ns < kSteps) return ns;
        const auto shift = static_cast<std::uint32_t>(std::bit_width(ns)) - 5;
        return shift * kSteps + (ns >> shift);
    }
    [[nodiscard]] static std::uint32_t top_of(std::uint32_t slot) {
        if (slot < 2 * kSteps) return slot;
        const std::uint32_t shift = slot / kSteps - 1;
        const std::uint64_t bottom = std::uint64_t{slot % kSteps + kSteps} << shift;
        return static_cast<std::uint32_t>(
            std::min<std::uint64_t>(bottom + (std::uint64_t{1} << shift) - 1, UINT32_MAX));
    }
    std::array<std::uint64_t, 29 * kSteps> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t late_ = 0;
    std::uint32_t max_ = 0;
};

}  // namespace nlb::perf
