// Counts what arrives on the heartbeat's ethertype: accepted per host with the time between two,
// refused per reason. It decides nothing.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "controlplane/agent/histogram.hpp"
#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

class HeartbeatStatistics {
public:
    struct FromHost {
        std::uint64_t accepted = 0;  // heartbeats, since the start
        std::optional<Instant> last;
        Histogram interval;  // seconds between two
    };

    // `received` is when the dataplane took the frame from the wire.
    void accepted(HostId from, Instant received) {
        FromHost& host = hosts_[from];
        ++host.accepted;
        if (host.last && received > *host.last)
            host.interval.observe(std::chrono::duration<double>(received - *host.last).count());
        host.last = received;
    }
    // Whether a line should be written about it: the first of its reason, then at most one a
    // minute.
    [[nodiscard]] bool refused(FrameFault fault, Instant now) {
        const auto at = static_cast<std::size_t>(fault);
        ++refused_[at];
        const auto told = told_.find(fault);
        if (told != told_.end() && now - told->second < kTellEvery) return false;
        told_[fault] = now;
        return true;
    }

    [[nodiscard]] const std::map<HostId, FromHost>& hosts() const { return hosts_; }
    [[nodiscard]] const std::array<std::uint64_t, kFrameFaults>& refused_by_reason() const {
        return refused_;
    }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.hosts_, self.refused_, self.told_);
    }

private:
    // A flood of one kind is one line a minute.
    static constexpr std::chrono::minutes kTellEvery{1};
    std::map<HostId, FromHost> hosts_;  // at most kHostsMax: only what was signed rightly counts
    std::array<std::uint64_t, kFrameFaults> refused_{};
    std::map<FrameFault, Instant> told_;
};

}  // namespace nlb::controlplane
