// I8: which hosts no fault befell, and what they may not do; which lives are believed, and which
// versions an epoch may have.
#include <algorithm>

#include "core/cluster/timing.hpp"
#include "tests/sim/invariants.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

// Of a control loop that nothing disturbs.
constexpr Duration kLateness = std::chrono::milliseconds{1};

}  // namespace

// What `serve` exempts, and a host that begins and hears nobody, may cost the others their map; so
// does the loss of a majority.
bool Invariants::may_judge(HostId id) const {
    const Settings& settings = world_.settings();
    if (befallen_.contains(id) || !was_member_.contains(id)) return false;
    // Where the crash of one host may fence the others by the timing alone (ii), or while frames of
    // its own are lost or late, nothing is promised.
    if (!check_timing(settings.timing, world_.network().conditions.delay_max, kLateness).empty() ||
        world_.network().was_disturbed(id))
        return false;
    if (world_.network().was_ever_exempt() || settings.deaf_beginner) return false;
    return !settings.majority || 2 * befallen_.size() < settings.hosts;
}

void Invariants::note_exempt(HostId a, HostId b) {
    ++findings_.exempt;
    other_keys_began_ |= world_.host(a).ring != world_.host(b).ring;
    world_.network().note_exempt();
}

// What a host with other keys begins while it hears nothing nobody can end before the operator does
// (docs/protocol.md, what holds under which fault): neither side can verify the other.
bool Invariants::are_parted_by_keys(HostId a, HostId b) const {
    return other_keys_began_ && world_.host(a).ring != world_.host(b).ring;
}

// R15: nothing is left with a host that hears no client when nothing else goes wrong. T*P of
// silence and of the others' streams, two of their heartbeats, and the moves.
void Invariants::check_starved(HostId id) {
    const Timing& timing = world_.settings().timing;
    HostModel& host = world_.host(id);
    HostSet only;
    only.insert(id);
    const bool long_enough =
        host.starved_since != Duration{} &&
        world_.scheduler().now() - host.starved_since > 2 * timing.bury_after + 3 * timing.period;
    // It was a member all the time, of a cluster that had been formed.
    const bool stayed = host.starved_since > 3 * timing.bury_after &&
                        host.interruptions == host.starved_after_interruptions;
    if (!long_enough || !stayed || befallen_ != only || was_member_.size() < 2) return;
    const RuleMasks accepts = host.dataplane.does_accept();
    if (std::any_of(accepts.begin(), accepts.end(), [](BucketMask mask) { return mask != 0; }))
        fail("R15", "host " + std::to_string(id) + " owns buckets and hears no client");
}

// Whose acknowledgements may count at `id`: it runs, `id`'s file names it, and it has that file, in
// force or held.
bool Invariants::counts_for(HostId other, HostId id) const {
    const HostModel& host = world_.host(other);
    if (other == id) return true;
    if (world_.host(id).file == kVariants - 1 && other == world_.settings().hosts) return false;
    if (host.control.agent() == nullptr || !host.dataplane.alive()) return false;
    const controlplane::ClusterAgent& mine = *world_.host(id).control.agent();
    const controlplane::ClusterAgent& theirs = *host.control.agent();
    return mine.has_staged() || theirs.has_staged() ||
           mine.membership().config_digest() == theirs.membership().config_digest();
}

// Without more than half of the hosts that count nobody serves for longer than a lease.
void Invariants::check_majority(HostId id) {
    const Settings& settings = world_.settings();
    if (!settings.majority || id > settings.hosts) return;
    const RuleMasks& accepts = world_.host(id).dataplane.does_accept();
    const bool serves =
        std::any_of(accepts.begin(), accepts.end(), [](BucketMask mask) { return mask != 0; });
    const auto configured =
        static_cast<std::size_t>(settings.hosts - (world_.host(id).file == kVariants - 1 ? 1 : 0));
    std::size_t count = 0;
    for (HostId other = 1; other <= settings.hosts; ++other) count += counts_for(other, id) ? 1 : 0;
    const Duration now = world_.scheduler().now();
    Duration& since = without_majority_since_[id];
    if (!serves || 2 * count > configured)
        since = Duration{};
    else if (since == Duration{})
        since = now;
    else if (now - since > settings.timing.bury_after + 2 * settings.timing.period)
        fail("I1", "host " + std::to_string(id) + " serves without a majority: " +
                       std::to_string(count) + " of " + std::to_string(configured));
}

// A machine that was frozen with its clocks cannot know before it hears a member: a heartbeat, a
// message, and the ways of the processes.
bool Invariants::was_frozen(HostId id) const {
    const Duration thawed = world_.host(id).thawed_at;
    return thawed != Duration{} &&
           world_.scheduler().now() - thawed < world_.settings().timing.period * 3 / 2;
}

void Invariants::on_event(HostId id, const controlplane::Event& event) {
    const bool resets = event.id == controlplane::EventId::reset;
    if (resets || event.id == controlplane::EventId::started)
        joining_since_[id] = world_.scheduler().now();
    if (resets) on_reset(id, event.fields.back().second);
    if (event.id == controlplane::EventId::stranger_serves)
        for (const auto& [name, value] : event.fields)
            if (std::string_view{name} == "because") on_stranger(id, value);
}

// What a member answers is no stranger's before its heartbeats had the time to arrive.
void Invariants::on_stranger(HostId id, const std::string& because) {
    const Duration listened = world_.scheduler().now() - joining_since_[id];
    if (because.find("answers for this cluster's addresses") != std::string::npos &&
        listened < world_.settings().timing.bury_after * 95 / 100)  // by a clock of its own
        fail("I8", "host " + std::to_string(id) + " tells that " + because + ", " +
                       in_seconds(listened) + " s after it began to listen");
}

void Invariants::on_reset(HostId id, const std::string& because) {
    if (may_judge(id))
        fail("I8", "host " + std::to_string(id) + ", which no fault befell, resets: " + because);
}

// Nobody believes an incarnation that ended long ago.
void Invariants::check_belief(HostId id, HostId peer) {
    if (world_.host(id).foreign != world_.host(peer).foreign) return;
    const auto& peers = world_.host(id).control.membership()->peers();
    const auto known = peers.find(world_.host(peer).acts_as);
    if (known == peers.end() || believed_boot_[id][peer] == known->second.incarnation.boot) return;
    believed_boot_[id][peer] = known->second.incarnation.boot;
    const Duration limit = 4 * world_.settings().timing.bury_after;
    for (const Life& life : lives_[peer])
        if (life.boot == known->second.incarnation.boot && life.ended &&
            world_.scheduler().now() - *life.ended > limit)
            fail("I7", "host " + std::to_string(id) + " believes a life of host " +
                           std::to_string(peer) + " that ended " +
                           in_seconds(world_.scheduler().now() - *life.ended) + " s ago");
}

// R16: what every one of them can speak.
std::uint8_t Invariants::newest_of_all() const {
    std::uint8_t newest = UINT8_MAX;
    for (HostId id = 1; id <= world_.settings().hosts; ++id)
        if (const auto* const agent = world_.host(id).control.agent();
            is_expected(id) && agent != nullptr)
            newest = std::min(newest, agent->params().versions.newest);
    return newest;
}

// Nobody is in an epoch whose rules it does not know.
void Invariants::check_version(HostId id) {
    const controlplane::ClusterAgent& agent = *world_.host(id).control.agent();
    const Membership& membership = agent.membership();
    if (membership.state() == MembershipState::member &&
        !agent.params().versions.include(membership.version()))
        fail("R16", "host " + std::to_string(id) + " is in an epoch of version " +
                        std::to_string(membership.version()));
}

}  // namespace nlb::sim
