// What the hosts' histories say about the cluster: whether two hosts ever held one bucket, whether
// an epoch had two maps, and when nobody held a bucket that somebody was meant to. Two owners are
// named only where no error of the clocks explains them.
#pragma once

#include <optional>
#include <vector>

#include "controlplane/replay/clocks.hpp"
#include "controlplane/replay/history.hpp"

namespace nlb::controlplane {

struct TwoOwners {
    std::int64_t at_ns = 0;  // common time
    std::int64_t lasts_ns = 0;
    std::size_t one = 0;  // lives
    std::size_t other = 0;
    std::size_t slot = 0;
    int buckets = 0;
};

struct TwoMaps {
    std::int64_t at_ns = 0;  // when the second was taken
    std::size_t one = 0;
    std::size_t other = 0;
    Epoch epoch;
};

// For so long nobody certainly served the buckets of a rule that somebody was meant to serve.
struct OrphanWindow {
    std::string cluster;
    std::int64_t at_ns = 0;
    std::int64_t lasts_ns = 0;
    std::size_t slot = 0;
    int buckets = 0;       // at most, at a time
    std::size_t life = 0;  // whose rules name the slot
    bool is_open = false;  // it lasts to the end of the recordings
};

struct Findings {
    std::optional<TwoOwners> two_owners;  // the first
    std::uint64_t two_owners_count = 0;
    std::optional<TwoMaps> two_maps;
    std::vector<OrphanWindow> windows;  // while all hosts that were there are recorded
};

[[nodiscard]] Findings find_in(const History& history, const Clocks& clocks);

}  // namespace nlb::controlplane
