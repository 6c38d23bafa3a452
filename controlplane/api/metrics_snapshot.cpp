// Copies, in the loop's thread, four times a second: no more than a scrape needs.
#include "controlplane/api/metrics_snapshot.hpp"

#include "core/base/durations.hpp"

namespace nlb::controlplane {
namespace {

std::vector<RuleNumbers> rules_of(const ClusterAgent& agent) {
    const config::Cluster& cluster = agent.settings().cluster;
    const Membership& membership = agent.membership();
    const OwnerMap owners = agent.active() ? membership.stated_owners() : OwnerMap{};
    std::vector<RuleNumbers> rules;
    for (const RuleId rule : rule_ids(cluster)) {
        RuleNumbers numbers;
        numbers.name = rule_name(cluster, rule);
        numbers.id = rule;
        if (const HealthState* const health = agent.healths().of(rule); health != nullptr) {
            numbers.check_seconds = agent.healths().durations(rule);
            if (health->word() != HealthWord::unknown)
                numbers.health_up = health->word() == HealthWord::up;
        }
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
            if (owners[rule][bucket] == agent.settings().host.id) ++numbers.owned;
            // A bucket that nobody is meant to own (a rule that is disabled everywhere) is no
            // orphan.
            if (owners[rule][bucket] == kNoHost &&
                membership.map().targets[rule][bucket] != kNoHost)
                ++numbers.orphaned;
        }
        rules.push_back(std::move(numbers));
    }
    return rules;
}

std::vector<PeerNumbers> peers_of(const ClusterAgent& agent) {
    const HeartbeatStatistics& watch = agent.heartbeats();
    std::vector<PeerNumbers> peers;
    for (const config::Host& host : agent.settings().cluster.hosts) {
        if (host.id == agent.settings().host.id) continue;
        PeerNumbers numbers{host.name, 0, {}, agent.mismatches().contains(host.id)};
        if (const auto heard = watch.hosts().find(host.id); heard != watch.hosts().end()) {
            numbers.received = heard->second.accepted;
            numbers.interval = heard->second.interval;
        }
        peers.push_back(std::move(numbers));
    }
    return peers;
}

}  // namespace

ClusterNumbers numbers_of(const ClusterAgent& agent, Instant now) {
    ClusterNumbers numbers;
    numbers.name = agent.settings().cluster.name;
    numbers.rules = rules_of(agent);
    numbers.peers = peers_of(agent);
    for (const config::Host& host : agent.settings().cluster.hosts)
        numbers.hosts.push_back({host.name, state_of_host(agent, host.id)});
    for (const HostNumbers& host : numbers.hosts)
        ++numbers.hosts_by_state[static_cast<std::size_t>(host.state)];
    numbers.traffic = agent.traffic();
    numbers.converging = agent.shown() == ShownState::converging ||
                         (agent.shown() == ShownState::draining && !agent.membership().converged());
    numbers.link_up = agent.link_up();
    numbers.deaf = agent.active() && agent.membership().is_deaf();
    numbers.connections_max = agent.settings().cluster.connections.max;
    numbers.convergences = agent.convergence().counts();
    numbers.convergence = agent.convergence().convergence();
    numbers.orphan_windows = agent.convergence().orphan_windows();
    numbers.epoch = agent.active() ? agent.membership().epoch().counter : 0;
    numbers.frame_version = agent.active() ? agent.membership().version() : 0;
    numbers.mixed_versions = agent.active() && !agent.membership().behind().empty();
    numbers.heartbeats_sent = agent.heartbeats_sent();
    numbers.other_frames_sent = agent.other_frames_sent();
    numbers.announcements = agent.announced();
    numbers.address_conflicts = agent.address_conflicts();
    numbers.grants = agent.membership().grants();
    numbers.frames_refused = agent.heartbeats().refused_by_reason();
    const Instant until = agent.membership().valid_until();
    numbers.fence_remaining_s = agent.active() && until > now ? in_seconds(until - now) : 0.0;
    numbers.fenced = agent.active() && until <= now;
    numbers.generation = agent.membership().generation();
    return numbers;
}

}  // namespace nlb::controlplane
