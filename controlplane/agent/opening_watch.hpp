// Whether servers here begin connections from a virtual address whose answers another host gets: at
// most one event a minute. It takes what the dataplane counts; time comes in as an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/types.hpp"

namespace nlb::controlplane {

class OpeningWatch {
public:
    static constexpr Duration kTellEvery = std::chrono::minutes{1};

    // The next report's count, since the dataplane started. How many to tell of now; 0: nothing.
    // The first report only tells where to count from.
    [[nodiscard]] std::uint64_t take(Instant now, std::uint64_t count) {
        if (!told_) told_ = count;
        const std::uint64_t fresh = count - *told_;
        if (fresh == 0 || (told_at_ != kLongAgo && now - told_at_ < kTellEvery)) return 0;
        told_ = count;
        told_at_ = now;
        return fresh;
    }
    // Another dataplane counts from zero.
    void forget() { told_.reset(); }

    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.told_, self.told_at_);
    }

private:
    std::optional<std::uint64_t> told_;  // what was counted when it was told last
    Instant told_at_ = kLongAgo;
};

}  // namespace nlb::controlplane
