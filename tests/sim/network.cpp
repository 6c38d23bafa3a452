// The simulated switch; see the header.
#include "tests/sim/network.hpp"

#include <algorithm>

namespace nlb::sim {

Network::Network(Scheduler& scheduler, Prng& prng, const Timing& timing, std::uint8_t hosts,
                 Deliver deliver)
    : scheduler_(scheduler),
      prng_(prng),
      timing_(timing),
      hosts_(hosts),
      deliver_(std::move(deliver)) {}

namespace {

// VLAN id 0.
constexpr std::uint16_t kPriorityTag = 1;

// 802.1Q: behind the two addresses.
SharedBytes tagged(const Bytes& bytes, std::uint16_t tag) {
    Bytes with = bytes;
    const std::uint16_t id = static_cast<std::uint16_t>(tag - 1U);
    const Byte header[] = {0x81, 0x00, static_cast<Byte>(id >> 8), static_cast<Byte>(id)};
    with.insert(with.begin() + 12, std::begin(header), std::end(header));
    return std::make_shared<const Bytes>(std::move(with));
}

}  // namespace

void Network::broadcast(const WireFrame& sent) {
    WireFrame frame = sent;
    if (tags_[frame.sender] != 0) frame.bytes = tagged(*sent.bytes, tags_[frame.sender]);
    // In another VLAN it arrives, but nobody there is meant.
    const bool is_heard = tags_[frame.sender] <= kPriorityTag;
    for (HostId to = 1; to <= hosts_; ++to) {
        if (to == frame.sender || filtered_[to] || filtered_[frame.sender]) continue;
        if (deaf_[to] || cuts_[frame.sender][to] != 0 || prng_.chance(conditions.loss)) {
            note_loss(frame.sender, to);
            continue;
        }
        if (prng_.chance(conditions.stale))
            scheduler_.after(Duration{prng_.between(0, conditions.stale_max.count())},
                             [this, to, frame] {
                                 ++frames_;
                                 deliver_(to, frame);
                             });
        if (!is_heard) note_loss(frame.sender, to);
        const int copies = prng_.chance(conditions.repeat) ? 2 : 1;
        for (int copy = 0; copy < copies; ++copy) {
            const bool slow = prng_.chance(conditions.slow);
            if (slow) note_disturbance(frame.sender, to);
            const Duration delay =
                delays_[frame.sender] +
                Duration{prng_.between(
                    50'000, (slow ? conditions.slow_max : conditions.delay_max).count())};
            scheduler_.after(delay, [this, to, frame, is_heard] {
                if (is_heard) runs_[frame.sender][to].count = 0;
                ++frames_;
                deliver_(to, frame);
            });
        }
    }
}

void Network::pass(const WireFrame& frame) {
    for (HostId to = 1; to <= hosts_; ++to) {
        if (to == frame.sender || deaf_[to] || cuts_[frame.sender][to] != 0) continue;
        scheduler_.after(Duration{prng_.between(50'000, conditions.delay_max.count())},
                         [this, to, frame] {
                             ++frames_;
                             deliver_(to, frame);
                         });
    }
}

void Network::inject(HostId to, const WireFrame& frame) {
    ++frames_;
    deliver_(to, frame);
}

void Network::mend(HostId from, HostId to) {
    if (cuts_[from][to] != 0) --cuts_[from][to];
}

void Network::mend_all() {
    for (auto& row : cuts_) row.fill(0);
}

// As long as an acknowledgement may be missing that it would have brought, and a lease runs by it.
void Network::note_disturbance(HostId a, HostId b) {
    disturbed_until_[a] = disturbed_until_[b] =
        scheduler_.now() + conditions.slow_max + 2 * timing_.bury_after;
}

// One direction silent for about T*P, the other for about the drop time at its end. A run of losses
// begins up to a period after the last frame that came through, and is noticed at its next loss.
void Network::note_loss(HostId from, HostId to) {
    note_disturbance(from, to);
    LossRun& run = runs_[from][to];
    if (run.count++ == 0) run.since = scheduler_.now();
    const LossRun& back = runs_[to][from];
    const Duration one = scheduler_.now() - run.since + timing_.period;
    if (one >= timing_.bury_after)
        deaf_until_[from][to] = scheduler_.now() + 2 * timing_.bury_after;
    if (back.count == 0) return;
    const Duration other = scheduler_.now() - back.since + timing_.period;
    const Duration slack = timing_.period / 2;
    const bool cut_off = std::max(one, other) + timing_.period + slack >= timing_.bury_after &&
                         std::min(one, other) + slack >= timing_.drop_after;
    if (!cut_off) return;
    ever_exempt_ = true;
    exempt_until_[from][to] = exempt_until_[to][from] = scheduler_.now() + 2 * timing_.bury_after;
}

// The last frame that arrived left up to a period, by a slow clock and a late loop, before the
// first that did not.
bool Network::was_deaf_to(HostId from, HostId to) const {
    const LossRun& run = runs_[from][to];
    const Duration since = scheduler_.now() - run.since + timing_.period * 5 / 4;
    if (run.count != 0 && since >= timing_.bury_after) return true;
    return deaf_until_[from][to] != Duration::zero() && scheduler_.now() <= deaf_until_[from][to];
}

bool Network::was_cut_off(HostId a, HostId b) const {
    return exempt_until_[a][b] != Duration::zero() && scheduler_.now() <= exempt_until_[a][b];
}

bool Network::is_exempt(HostId a, HostId b) const {
    for (HostId third = 1; third <= hosts_; ++third)
        if ((third != a && was_cut_off(a, third)) || (third != b && was_cut_off(b, third)))
            return true;
    return false;
}

}  // namespace nlb::sim
