// Windows are counted where they are measured (agent/convergence_statistics): the difference of two
// looks tells how many there were meanwhile, however short.
#include "controlplane/api/map_watch.hpp"

#include <cmath>

#include "controlplane/api/view_parts.hpp"

namespace nlb::controlplane {
namespace {

// Of buckets that had an owner.
std::size_t moves_between(const OwnerMap& before, const OwnerMap& after) {
    std::size_t moves = 0;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
            if (before[slot][bucket] != kNoHost && before[slot][bucket] != after[slot][bucket])
                ++moves;
    return moves;
}

Event event_of(EventId id, const ClusterMoment& moment, Fields fields) {
    Fields all{{"cluster", moment.cluster}, {"host", moment.host}};
    if (moment.epoch != Epoch{})
        all.emplace_back("epoch", std::to_string(moment.epoch.counter) + "." +
                                      std::to_string(moment.epoch.coordinator));
    for (auto& field : fields) all.push_back(std::move(field));
    return {id, std::move(all)};
}

}  // namespace

ClusterMoment moment_of(const ClusterAgent& agent) {
    const config::Cluster& cluster = agent.settings().cluster;
    const Membership& membership = agent.membership();
    const Epoch epoch = agent.active() ? membership.epoch() : Epoch{};
    const Histogram& windows = agent.convergence().orphan_windows();
    return {cluster.name,
            agent.settings().host.name,
            epoch,
            name_of_host(cluster, epoch.coordinator),
            epoch == Epoch{} ? nullptr : &membership.map().targets,
            windows.count(),
            windows.sum};
}

std::vector<Event> MapWatch::observe(const ClusterMoment& moment) {
    std::vector<Event> events;
    Known& known = clusters_[moment.cluster];
    const bool is_news = known.seen && known.epoch != Epoch{} && moment.epoch != Epoch{} &&
                         moment.epoch != known.epoch && moment.targets != nullptr;
    if (is_news)
        if (const std::size_t moved = moves_between(known.targets, *moment.targets); moved > 0)
            events.push_back(
                event_of(EventId::buckets_moved, moment,
                         {{"moved", std::to_string(moved)}, {"coordinator", moment.coordinator}}));
    if (known.seen && moment.windows > known.windows) {
        const std::uint64_t buckets = moment.windows - known.windows;
        const double each_ms =
            (moment.windows_s - known.windows_s) * 1000.0 / static_cast<double>(buckets);
        events.push_back(event_of(EventId::buckets_without_owner, moment,
                                  {{"buckets", std::to_string(buckets)},
                                   {"lasted_ms", std::to_string(std::llround(each_ms))}}));
    }
    known.seen = true;
    known.epoch = moment.epoch;
    if (moment.targets != nullptr) known.targets = *moment.targets;
    known.windows = moment.windows;
    known.windows_s = moment.windows_s;
    return events;
}

}  // namespace nlb::controlplane
