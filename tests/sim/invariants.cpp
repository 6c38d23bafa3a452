// The checks of each promise; see the header.
#include "tests/sim/invariants.hpp"

#include <algorithm>
#include <numeric>

#include "controlplane/agent/cause_words.hpp"
#include "core/wire/frame_codec.hpp"
#include "core/wire/map_parts.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

bool is_planned(Fault fault) {
    return fault == Fault::join || fault == Fault::drain || fault == Fault::weight ||
           fault == Fault::rule || fault == Fault::reload;
}

bool any(const RuleMasks& masks) {
    return std::any_of(masks.begin(), masks.end(), [](BucketMask mask) { return mask != 0; });
}

// Who is who, and what was agreed; without the clocks, and without what they let this host take,
// which go on whatever arrives.
std::uint64_t digest_of_state(const Membership& membership) {
    RunningDigest digest;
    digest.add(static_cast<std::uint64_t>(membership.state()));
    digest.add(membership.epoch().counter << 8 | membership.epoch().coordinator);
    digest.add(std::uint64_t{membership.incarnation().boot} << 32 | membership.incarnation().term);
    for (const auto& [id, peer] : membership.peers()) {
        digest.add(std::uint64_t{peer.incarnation.boot} << 32 | peer.incarnation.term);
        digest.add(peer.sequence << 16 | static_cast<std::uint64_t>(peer.state) << 8 | peer.flags);
        digest.add(peer.epoch.counter << 8 | id);
        digest.add(peer.view.bits());
        digest.add(static_cast<std::uint64_t>(peer.acknowledged.time_since_epoch().count()));
        for (const RuleReport& rule : peer.rules) digest.add(rule.own ^ rule.dirty << 4);
    }
    return digest.value();
}

}  // namespace

Invariants::Invariants(World& world)
    : world_(world),
      rules_(world.settings().rules()),
      planned_only_(
          world.settings().calm && !world.settings().faults.empty() &&
          std::all_of(world.settings().faults.begin(), world.settings().faults.end(), is_planned)) {
    // not counted before the first owner
    for (const RuleId rule : rules_) uncovered_[rule] = kAllBuckets;
}

void Invariants::fail(const std::string& invariant, const std::string& text) {
    const auto& ignored = world_.settings().ignored;
    if (std::find(ignored.begin(), ignored.end(), invariant) != ignored.end()) return;
    if (!failed()) findings_.failure = Failure{world_.scheduler().now(), invariant, text};
}

void Invariants::check_owners(HostId changed) {
    const RuleMasks& mine = world_.host(changed).dataplane.may_accept();
    for (HostId other = 1; other <= world_.settings().machines(); ++other) {
        if (other == changed || world_.host(other).foreign != world_.host(changed).foreign)
            continue;
        const RuleMasks& theirs = world_.host(other).dataplane.may_accept();
        if (any(mine) && any(theirs) &&
            world_.host(changed).dataplane.variant() != world_.host(other).dataplane.variant()) {
            if (!is_exempt(changed, other))
                return fail("I1", "hosts " + std::to_string(changed) + "," + std::to_string(other) +
                                      " own by two configurations");
        }
        for (const RuleId rule : rules_) {
            const BucketMask both = mine[rule] & theirs[rule];
            if (both == 0) continue;
            if (was_frozen(changed) || was_frozen(other)) continue;
            if (is_exempt(changed, other)) {
                note_exempt(changed, other);
                continue;
            }
            return fail("I1", "rule " + std::to_string(rule) + " bucket " +
                                  std::to_string(__builtin_ctzll(both)) + " hosts " +
                                  std::to_string(std::min(changed, other)) + "," +
                                  std::to_string(std::max(changed, other)));
        }
    }
    if (planned_only_) watch_orphans();
}

// What `serve` does not promise to prevent: both directions lost, and a host that begins and hears
// clients but no heartbeat.
bool Invariants::is_exempt(HostId a, HostId b) const {
    if (was_frozen(a) || was_frozen(b)) return true;
    if (world_.settings().majority) return false;
    if (world_.network().is_exempt(a, b) || are_parted_by_keys(a, b)) return true;
    // Between the two, or one of them and a third that has met the other since.
    for (HostId third = 1; third <= world_.settings().hosts; ++third)
        if (began_deaf_to(third, a) || began_deaf_to(third, b) || began_deaf_to(a, third) ||
            began_deaf_to(b, third))
            return true;
    return false;
}

bool Invariants::began_deaf_to(HostId host, HostId other) const {
    if (host == other || met_[host].second.contains(other)) return false;
    // One that gives up serves until its dataplane has been told.
    if (last_state_[host] != MembershipState::member && last_state_[host] != MembershipState::reset)
        return false;
    // What has just joined others whom this host does not hear is one of them.
    if (world_.network().was_deaf_to(other, host)) return true;
    const auto& members = last_map_[other].members;
    return std::any_of(members.begin(), members.end(), [&](const MemberEntry& member) {
        return member.id != host && world_.network().was_deaf_to(member.id, host);
    });
}

// Its server of that rule, by port.
bool Invariants::passes(HostId id, RuleId port) const {
    return !world_.settings().is_checked(port) || world_.host(id).servers[port] == Server::well;
}

bool Invariants::is_expected(HostId id) const {
    return !world_.host(id).deaf_for_good;
}

std::size_t Invariants::expected_hosts() const {
    std::size_t count = 0;
    for (HostId id = 1; id <= world_.settings().hosts; ++id) count += is_expected(id) ? 1U : 0U;
    return count;
}

std::string Invariants::why_not_converged() const {
    // nobody may serve
    if (world_.settings().majority && 2 * expected_hosts() <= world_.settings().hosts) return {};
    for (HostId id = 1; id <= world_.settings().hosts; ++id)
        // docs/protocol.md: what holds under which fault
        if (world_.host(id).deaf_for_good && world_.host(id).deaf_alone) return {};
    for (HostId id = 1; id <= world_.settings().hosts; ++id) {
        if (!is_expected(id)) continue;
        const Membership* membership = world_.host(id).control.membership();
        if (membership == nullptr) return "host " + std::to_string(id) + " is not running";
        if (membership->config_digest() != world_.configurations().digest_of(world_.host(1).file))
            return "host " + std::to_string(id) + " uses the former configuration";
        if (!membership->converged()) {
            const auto [cause, host] = membership->unconverged_because();
            return "host " + std::to_string(id) + ": " +
                   std::string{controlplane::words_of(cause)} + " (host " + std::to_string(host) +
                   ")";
        }
        if (membership->members().size() != expected_hosts())
            return "host " + std::to_string(id) + " has a smaller cluster";
        if (membership->version() != newest_of_all())
            return "host " + std::to_string(id) + " goes by version " +
                   std::to_string(membership->version());
    }
    for (const RuleId rule : rules_) {
        BucketMask covered = 0;
        for (HostId id = 1; id <= world_.settings().hosts; ++id)
            covered |= world_.host(id).dataplane.does_accept()[rule];
        const BucketMask expected = is_offered(rule) ? kAllBuckets : 0;
        if (covered != expected)
            return "rule " + std::to_string(rule) + ": " +
                   std::to_string(__builtin_popcountll(covered)) + " buckets are owned";
        const std::string shares = why_shares_differ(rule);
        if (!shares.empty()) return shares;
    }
    return {};
}

// Each share is its exact proportion, rounded down or up; a single rule's is all or nothing. An own
// computation, not core's.
std::string Invariants::why_shares_differ(RuleId rule) const {
    std::array<std::uint64_t, kHostsMax + 1> offers{};
    std::uint64_t sum = 0;
    std::uint64_t best = 0;
    bool somebody_passes = false;
    for (HostId id = 1; id <= world_.settings().hosts; ++id) {
        const HostModel& host = world_.host(id);
        if (is_expected(id) && !host.draining && host.states[rule] == RuleState::enabled)
            offers[id] = host.offers[rule];
        somebody_passes |= offers[id] != 0 && passes(id, rule);
    }
    const bool all_count = !somebody_passes && (world_.settings().drop_ports >> rule & 1U) == 0;
    for (HostId id = 1; id <= world_.settings().hosts; ++id) {
        if (!passes(id, rule) && !all_count) offers[id] = 0;
        sum += offers[id];
        best = std::max(best, offers[id]);
    }
    if (sum == 0) return {};
    const bool single = rule == kDefaultRule || (world_.settings().single_slots >> rule & 1U) != 0;
    for (HostId id = 1; id <= world_.settings().hosts; ++id) {
        const auto held = static_cast<std::uint64_t>(
            __builtin_popcountll(world_.host(id).dataplane.does_accept()[rule]));
        const std::uint64_t low =
            single ? (offers[id] == best ? kBuckets : 0) : kBuckets * offers[id] / sum;
        const std::uint64_t high = single ? low : (kBuckets * offers[id] + sum - 1) / sum;
        if (held < low || held > high)
            return "rule " + std::to_string(rule) + ": host " + std::to_string(id) + " holds " +
                   std::to_string(held) + " buckets, not " + std::to_string(low);
    }
    return {};
}

void Invariants::check_coverage() {
    const Duration now = world_.scheduler().now();
    const bool must = now >= world_.settings().healed_by;
    const std::string reason = why_not_converged();
    if (reason.empty()) {
        if (!was_covered_) findings_.healed_after = now - world_.settings().faults_until;
        was_covered_ = true;
        return;
    }
    was_covered_ = false;
    if (must) fail("I2", reason);
}

void Invariants::after_call(HostId id) {
    check_starved(id);
    check_majority(id);
    const Membership& membership = *world_.host(id).control.membership();
    if (membership.state() != last_state_[id]) {
        if (membership.state() == MembershipState::reset) ++findings_.resets;
        last_state_[id] = membership.state();
    }
    if (met_[id].first != membership.incarnation()) met_[id] = {membership.incarnation(), {}};
    for (const MemberEntry& member : membership.map().members) met_[id].second.insert(member.id);
    const std::uint32_t boot = membership.incarnation().boot;
    if (membership.state() == MembershipState::member) was_member_.insert(id);
    check_version(id);
    if (lives_[id].empty() || lives_[id].back().boot != boot) {
        end_life(id);
        was_member_.erase(id);
        lives_[id].push_back({boot, {}});
    }
}

void Invariants::on_stored(HostId id, const std::optional<Checkpoint>& checkpoint) {
    if (!checkpoint) return fail("shell", "a block that cannot be read is stored");
    const ClusterMap& map = checkpoint->map;
    check_one_map(id, map);
    if (map.epoch == last_map_[id].epoch) return;
    const ClusterMap before = std::exchange(last_map_[id], map);
    if (map.epoch == Epoch{}) return;
    note_newest(map);
    ++findings_.epochs;
    check_least_movement(id, before, map);
}

void Invariants::check_one_map(HostId id, const ClusterMap& map) {
    if (map.epoch == Epoch{}) return;
    const std::uint64_t digest = digest_of(map, world_.settings().slots);
    const auto [known, is_new] =
        digest_of_epoch_.insert({{world_.host(id).foreign, map.epoch}, digest});
    if (!is_new && known->second != digest)
        fail("I5", "epoch " + std::to_string(map.epoch.counter) + "/" +
                       std::to_string(map.epoch.coordinator) + " has two maps, host " +
                       std::to_string(id));
}

// Whoever publishes an epoch knows the former one: surplus and the buckets of those who left move,
// and nothing else.
void Invariants::check_least_movement(HostId id, const ClusterMap& before,
                                      const ClusterMap& after) {
    if (after.epoch.coordinator != world_.host(id).acts_as ||
        after.config_digest != before.config_digest)
        return;
    // a reload takes everything and gives it back
    if (after.next_digest != 0 || before.next_digest != 0) return;
    for (const RuleId rule : rules_) {
        if (rule == kDefaultRule || (world_.settings().single_slots >> rule & 1U) != 0) continue;
        std::array<std::size_t, kHostsMax + 1> held{};
        std::array<std::size_t, kHostsMax + 1> wanted{};
        std::size_t moved = 0;
        for (std::size_t b = 0; b < kBuckets; ++b) {
            ++held[before.targets[rule][b]];
            ++wanted[after.targets[rule][b]];
            if (before.targets[rule][b] != after.targets[rule][b]) ++moved;
        }
        std::size_t least = 0;
        for (std::size_t host = 0; host <= kHostsMax; ++host)
            least += held[host] > wanted[host] ? held[host] - wanted[host] : 0;
        if (moved != least)
            fail("I3", "rule " + std::to_string(rule) + ": " + std::to_string(moved) +
                           " buckets move, " + std::to_string(least) + " would do, host " +
                           std::to_string(id));
    }
}

namespace {

std::uint64_t frames_refused(const controlplane::ClusterAgent& agent) {
    const auto& by_reason = agent.heartbeats().refused_by_reason();
    return std::accumulate(by_reason.begin(), by_reason.end(), std::uint64_t{0});
}

}  // namespace

void Invariants::before_frame(HostId id, const WireFrame& frame) {
    if (frame.origin == Origin::host) return;
    const controlplane::ClusterAgent& agent = *world_.host(id).control.agent();
    before_digest_ = digest_of_state(agent.membership());
    before_refused_ = frames_refused(agent);
    before_incarnation_ = agent.membership().incarnation();
    before_epoch_ = agent.membership().epoch();
    before_state_ = agent.membership().state();
}

// A lapse that was due, a timer or an own decision may come with any event; what peers are known as
// may not change.
void Invariants::after_frame(HostId id, const WireFrame& frame) {
    if (frame.sender != kNoHost) check_belief(id, frame.sender);
    if (frame.origin == Origin::host) return;
    const controlplane::ClusterAgent& agent = *world_.host(id).control.agent();
    const Membership& membership = agent.membership();
    const bool refused = frames_refused(agent) != before_refused_;
    if (refused) ++findings_.rejected;
    if (frame.origin == Origin::forged && agent.active() && !refused)
        return fail("I7", "a forged frame was decoded on host " + std::to_string(id));
    if (refused && membership.state() == before_state_ && membership.epoch() == before_epoch_ &&
        membership.incarnation() == before_incarnation_ &&
        digest_of_state(membership) != before_digest_)
        fail("I7", "a refused frame of host " + std::to_string(frame.sender) + " changed host " +
                       std::to_string(id));
}

void Invariants::on_crash(HostId id) {
    end_life(id);
}

void Invariants::end_life(HostId id) {
    if (!lives_[id].empty() && !lives_[id].back().ended)
        lives_[id].back().ended = world_.scheduler().now();
}

}  // namespace nlb::sim
