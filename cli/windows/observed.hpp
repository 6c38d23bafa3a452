// The Windows clusters that heartbeats tell of: what each host said last. Time comes in with the
// frames; memory is bounded whatever is heard, and what finds no room is counted.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/windows/heartbeat_frame.hpp"
#include "core/tables/tables.hpp"

namespace nlb::cli::windows {

inline constexpr std::size_t kObservedClustersMax = 64;

struct ObservedHost {
    IpAddress address;  // dedicated
    MacAddress source;
    std::uint32_t version = 0;
    std::uint64_t heartbeats = 0;
    std::chrono::nanoseconds heard{0};  // the last one, on the clock of the frames
    std::optional<MembershipBody> membership;
    std::string name;  // from the identity heartbeat; empty: not heard
};

struct ObservedCluster {
    IpAddress address;
    MacAddress destination;  // where its heartbeats go: broadcast, or the cluster's group address
    std::map<std::uint32_t, ObservedHost> hosts;  // by id, 1..32
    std::uint64_t heartbeats = 0;
    std::uint64_t bad_ids = 0;  // heartbeats with an id that no host can have
};

class Observation {
public:
    // What the frame is, for who wants to count.
    FrameKind take(std::span<const Byte> frame, std::chrono::nanoseconds time);

    [[nodiscard]] const std::map<IpAddress, ObservedCluster>& clusters() const { return clusters_; }
    [[nodiscard]] std::uint64_t frames() const { return frames_; }
    [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
    // Heartbeats of clusters beyond kObservedClustersMax.
    [[nodiscard]] std::uint64_t unlisted() const { return unlisted_; }
    [[nodiscard]] std::chrono::nanoseconds latest() const { return latest_; }

private:
    std::map<IpAddress, ObservedCluster> clusters_;
    std::uint64_t frames_ = 0;
    std::uint64_t damaged_ = 0;
    std::uint64_t unlisted_ = 0;
    std::chrono::nanoseconds latest_{0};
};

// How heartbeats travel tells the mode: to the broadcast address, or to 03:bf or 01:00:5e.
[[nodiscard]] LinkMode mode_of(const ObservedCluster& cluster);
// Whose bucket is whose in that slot, by the current maps of all hosts; a bucket that two claim
// belongs to the lower id and is counted.
struct OwnersSeen {
    BucketOwners owners{};
    std::size_t claimed_twice = 0;
};
[[nodiscard]] OwnersSeen owners_seen(const ObservedCluster& cluster, std::size_t slot);
// How many rule slots the hosts use, the default rule's with them; at most kRuleSlots.
[[nodiscard]] std::size_t slots_used(const ObservedCluster& cluster);

}  // namespace nlb::cli::windows
