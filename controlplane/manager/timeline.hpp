// What happened during the last hour, for whoever looks afterwards: epochs and the buckets that
// they moved, windows in which buckets had no owner, and what people were told. It bounds what it
// keeps, and reads no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "controlplane/agent/events.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

// Milliseconds since 1970, UTC.
using WallTime = std::int64_t;

// What is looked at of a cluster, some times a second.
struct ClusterMoment {
    std::string cluster;
    std::uint64_t epoch = 0;  // 0: this host knows no map
    std::string coordinator;
    const OwnerMap* targets = nullptr;
    std::uint64_t windows = 0;  // that have ended, ever
    double windows_s = 0;       // and how long they were together
};

// Thread: the loop's.
class Timeline {
public:
    void note_event(WallTime now, const Event& event);
    void observe(WallTime now, const ClusterMoment& moment);
    // Oldest first; nothing that is older than kSpan.
    [[nodiscard]] nlohmann::json view(WallTime now) const;
    // Grows with each entry.
    [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

    static constexpr WallTime kSpan = 3600 * 1000;
    static constexpr std::size_t kEntriesMax = 500;

private:
    struct Entry {
        WallTime at;
        nlohmann::json view;
    };
    struct Known {
        std::uint64_t epoch = 0;
        OwnerMap targets{};
        std::uint64_t windows = 0;
        double windows_s = 0;
        bool seen = false;
    };
    void add(WallTime now, nlohmann::json view);

    std::deque<Entry> entries_;
    std::map<std::string, Known> clusters_;
    std::uint64_t sequence_ = 0;
};

}  // namespace nlb::controlplane
