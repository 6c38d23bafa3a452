// I8: for how long a bucket may be nobody's while only operators act.
#include "tests/sim/invariants.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {

void Invariants::watch_orphans() {
    RuleMasks uncovered{};
    for (const RuleId rule : rules_) {
        BucketMask covered = 0;
        for (HostId id = 1; id <= world_.settings().hosts; ++id)
            covered |= world_.host(id).dataplane.does_accept()[rule];
        uncovered[rule] = kAllBuckets & ~covered;
    }
    const Duration now = world_.scheduler().now();
    for (const RuleId rule : rules_) {
        BucketMask changed = uncovered[rule] ^ uncovered_[rule];
        // nobody is meant to own it
        if (uncovered[rule] != 0 && !is_offered(rule)) uncovered_since_[rule].fill(Duration{0});
        for (; changed != 0; changed &= changed - 1) {
            const auto bucket = static_cast<std::size_t>(__builtin_ctzll(changed));
            Duration& since = uncovered_since_[rule][bucket];
            if ((uncovered[rule] >> bucket & 1U) != 0) {
                since = is_offered(rule) ? now : Duration{0};
            } else if (since != Duration{0}) {
                findings_.planned_windows.push_back(now - since);
                check_window(rule, bucket, since);
            }
        }
    }
    uncovered_ = uncovered;
}

void Invariants::note_newest(const ClusterMap& map) {
    if (map.epoch <= newest_map_.epoch) return;
    newest_epoch_at_ = world_.scheduler().now();
    for (const RuleId rule : rules_)
        for (std::size_t b = 0; b < kBuckets; ++b)
            if (map.targets[rule][b] != newest_map_.targets[rule][b])
                sent_on_at_[rule][b] = newest_epoch_at_;
    newest_map_ = map;
}

// In planned moves: two messages and the installs of the former and the next owner, as each core of
// the one has stopped before the first of the other begins; one more where the next owner has to be
// told of guests first. Whoever was to take a bucket when a newer epoch came waits until all state
// that one: the time counts from it. When it sends the bucket to another host the first one may
// have taken it, and has to say that it let go: one more message. A reload takes everything back,
// which is several moves.
void Invariants::check_window(RuleId rule, std::size_t bucket, Duration since) {
    const Settings& settings = world_.settings();
    if (settings.tries(Fault::reload)) return;
    const Duration now = world_.scheduler().now();
    const Duration install = settings.install_max * (settings.sticky_ms == 0 ? 2 : 3);
    const Duration loops = std::chrono::milliseconds{1};  // wake-ups and sockets
    const int messages = sent_on_at_[rule][bucket] > since ? 3 : 2;
    const Duration bound = messages * world_.network().conditions.delay_max + install + loops;
    if (now - std::max(since, newest_epoch_at_) > bound)
        fail("I8", "rule " + std::to_string(rule) + ": bucket " + std::to_string(bucket) +
                       " had no owner for " + in_seconds(now - since) + " s in a planned move");
}

bool Invariants::is_offered(RuleId rule) const {
    for (HostId id = 1; id <= world_.settings().hosts; ++id) {
        const HostModel& host = world_.host(id);
        const Membership* membership = host.control.membership();
        if (!is_expected(id) || membership == nullptr ||
            membership->state() != MembershipState::member || !host.wanted || host.draining)
            continue;
        if (host.offers[rule] != 0 && host.states[rule] == RuleState::enabled &&
            (passes(id, rule) || (world_.settings().drop_ports >> rule & 1U) == 0))
            return true;
    }
    return false;
}

}  // namespace nlb::sim
