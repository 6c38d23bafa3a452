#include "cli/windows/observed.hpp"

#include <algorithm>

namespace nlb::cli::windows {

FrameKind Observation::take(std::span<const Byte> frame, std::chrono::nanoseconds time) {
    WindowsHeartbeat heartbeat;
    ++frames_;
    latest_ = std::max(latest_, time);
    const FrameKind kind = decode_heartbeat(frame, heartbeat);
    if (kind == FrameKind::damaged) ++damaged_;
    if (kind != FrameKind::heartbeat) return kind;
    const HeartbeatHeader& header = heartbeat.header;
    if (clusters_.size() == kObservedClustersMax && clusters_.count(header.cluster) == 0) {
        ++unlisted_;
        return kind;
    }
    ObservedCluster& cluster = clusters_[header.cluster];
    cluster.address = header.cluster;
    cluster.destination = heartbeat.destination;
    ++cluster.heartbeats;
    if (header.host_id == 0 || header.host_id > kHostsMax) {
        ++cluster.bad_ids;
        return kind;
    }
    ObservedHost& host = cluster.hosts[header.host_id];
    host.address = header.host;
    host.source = heartbeat.source;
    host.version = header.version;
    host.heard = time;
    ++host.heartbeats;
    if (const auto* membership = std::get_if<MembershipBody>(&heartbeat.body))
        host.membership = *membership;
    if (const auto* identity = std::get_if<IdentityBody>(&heartbeat.body))
        if (!identity->name.empty()) host.name = identity->name;
    return kind;
}

LinkMode mode_of(const ObservedCluster& cluster) {
    const auto& to = cluster.destination.bytes;
    if (to[0] == 0x01 && to[1] == 0x00 && to[2] == 0x5e) return LinkMode::igmp;
    return to[0] == 0x03 ? LinkMode::multicast : LinkMode::unicast;
}

OwnersSeen owners_seen(const ObservedCluster& cluster, std::size_t slot) {
    OwnersSeen seen;
    for (const auto& [id, host] : cluster.hosts) {
        if (!host.membership) continue;
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
            if ((host.membership->current_map[slot] >> bucket & 1U) == 0) continue;
            if (seen.owners[bucket] != kNoHost)
                ++seen.claimed_twice;
            else
                seen.owners[bucket] = static_cast<HostId>(id);
        }
    }
    return seen;
}

std::size_t slots_used(const ObservedCluster& cluster) {
    std::size_t slots = 0;
    for (const auto& known : cluster.hosts)
        if (known.second.membership)
            slots = std::max<std::size_t>(slots, known.second.membership->port_rules + 1U);
    return std::min(slots, kRuleSlots);
}

}  // namespace nlb::cli::windows
