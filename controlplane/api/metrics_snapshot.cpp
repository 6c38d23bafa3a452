#include "controlplane/api/metrics_snapshot.hpp"

#include "controlplane/api/views.hpp"
#include "controlplane/loop/clock.hpp"

namespace nlb::controlplane {
namespace {

std::vector<RuleNumbers> rules_of(const Controller& controller) {
    const config::Cluster& cluster = controller.settings().cluster;
    const Membership& membership = controller.membership();
    const OwnerMap owners = controller.active() ? membership.stated_owners() : OwnerMap{};
    std::vector<RuleNumbers> rules;
    for (const RuleId rule : rule_ids(cluster)) {
        RuleNumbers numbers{std::string{rule_name(cluster, rule)}, rule, 0, 0};
        for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
            if (owners[rule][bucket] == controller.settings().host.id) ++numbers.owned;
            // A bucket that nobody is meant to own (a rule that is disabled everywhere) is no orphan.
            if (owners[rule][bucket] == kNoHost && membership.map().targets[rule][bucket] != kNoHost) ++numbers.orphaned;
        }
        rules.push_back(std::move(numbers));
    }
    return rules;
}

std::vector<PeerNumbers> peers_of(const Controller& controller) {
    const HeartbeatWatch& watch = controller.heartbeats();
    std::vector<PeerNumbers> peers;
    for (const config::Host& host : controller.settings().cluster.hosts) {
        if (host.id == controller.settings().host.id) continue;
        PeerNumbers numbers{host.name, 0, {}, controller.mismatches().contains(host.id)};
        if (const auto heard = watch.hosts().find(host.id); heard != watch.hosts().end()) {
            numbers.received = heard->second.accepted;
            numbers.interval = heard->second.interval;
        }
        peers.push_back(std::move(numbers));
    }
    return peers;
}

}  // namespace

ClusterNumbers numbers_of(const Controller& controller, Instant now) {
    ClusterNumbers numbers;
    numbers.name = controller.settings().cluster.name;
    numbers.rules = rules_of(controller);
    numbers.peers = peers_of(controller);
    for (const char* state : {"stopped", "joining", "converging", "converged", "draining", "suspended", "silent", "absent"})
        numbers.hosts_by_state[state] = 0;
    for (const config::Host& host : controller.settings().cluster.hosts)
        ++numbers.hosts_by_state[std::string{state_of_host(controller, host.id)}];
    numbers.traffic = controller.traffic();
    numbers.converging = controller.active() && !controller.membership().converged();
    numbers.convergences = controller.convergence().causes();
    numbers.convergence = controller.convergence().convergence();
    numbers.orphan_windows = controller.convergence().orphan_windows();
    numbers.epoch = controller.active() ? controller.membership().epoch().counter : 0;
    numbers.frames_sent = controller.frames_sent();
    numbers.grants = controller.membership().grants();
    numbers.frames_refused = controller.heartbeats().refused_by_reason();
    const Instant until = controller.membership().valid_until();
    numbers.fence_remaining_s = controller.active() && until > now ? in_seconds(until - now) : 0.0;
    numbers.generation = controller.membership().generation();
    return numbers;
}

}  // namespace nlb::controlplane
