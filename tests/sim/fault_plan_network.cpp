// What befalls frames: loss, cuts, partitions, deafness, and an attacker.
#include <algorithm>

#include "tests/sim/fault_planner.hpp"

namespace nlb::sim {

void Planner::plan_network(Fault fault, HostId id, Duration begin, Duration length) {
    World* w = &world_;
    const Duration end = std::min(begin + length, settings_.faults_until);
    if (fault == Fault::burst) {
        const auto loss = static_cast<std::uint64_t>(prng_.between(100'000, 400'000));
        at(begin, [w, loss] { w->network().conditions.loss = loss; });
        at(begin + between(period_, bury_), [w] { w->network().conditions.loss = 10'000; });
    } else if (fault == Fault::oneway) {
        cut_one_way(id, begin, end);
    } else if (fault == Fault::part) {
        partition(begin, end);
    } else if (fault == Fault::turncoat) {
        turn_coat(id, begin, settings_.faults_until);
    } else if (fault == Fault::link) {
        const Duration down = prng_.chance(300'000) ? between(Duration{100'000}, period_) : length;
        at(begin, [w, id] { w->host(id).dataplane.set_link(false); });
        at(begin + down, [w, id] { w->host(id).dataplane.set_link(true); });
    } else if (fault == Fault::deaf) {
        silence(id, begin, end);
    } else if (fault == Fault::slow) {
        const Duration lateness = between(Duration{1'000'000}, period_);
        at(begin, [w, id, lateness] { w->host(id).control.set_lateness(lateness); });
        at(begin + length, [w, id] { w->host(id).control.set_lateness(Duration{0}); });
    } else if (fault == Fault::deafboot || fault == Fault::deafjoin) {
        deafen(id, begin, length,
               fault == Fault::deafboot ? Duration{-1'000'000}
                                        : between(Duration{1'000'000}, 5 * period_));
    }
}

void Planner::cut(HostId from, HostId to, Duration begin, Duration end) {
    if (begin >= end) return;
    World* w = &world_;
    cuts_.push_back({from, to, begin, end});
    at(begin, [w, from, to] {
        w->network().cut(from, to);
        w->note(to, [from] { return "does not hear host " + std::to_string(from); });
    });
    at(end, [w, from, to] {
        w->network().mend(from, to);
        w->note(to, [from] { return "could hear host " + std::to_string(from) + " again"; });
    });
}

// To or from some hosts; never together with the other direction, which `serve` exempts.
void Planner::cut_one_way(HostId id, Duration begin, Duration end) {
    const bool inward = prng_.chance(500'000);
    const std::uint64_t share = 1 + prng_.below(4);
    for (HostId other = 1; other <= settings_.hosts; ++other) {
        if (other == id || prng_.below(4) >= share) continue;
        const HostId from = inward ? other : id;
        const HostId to = inward ? id : other;
        const bool reverse = std::any_of(cuts_.begin(), cuts_.end(), [&](const Cut& c) {
            return c.from == to && c.to == from && begin < c.end + period_ &&
                   c.begin < end + period_;
        });
        if (!reverse) cut(from, to, begin, end);
    }
}

void Planner::partition(Duration begin, Duration end) {
    std::uint64_t side = 1 + prng_.below((std::uint64_t{1} << settings_.hosts) - 2);
    for (HostId a = 1; a <= settings_.hosts; ++a)
        for (HostId b = 1; b <= settings_.hosts; ++b)
            if ((side >> (a - 1) & 1U) != (side >> (b - 1) & 1U)) cut(a, b, begin, end);
}

// Directed: a majority of either half needs the host that both hear. It restarts, forgets whom it
// heard, and helps the other half.
void Planner::turn_coat(HostId id, Duration begin, Duration end) {
    if (settings_.hosts % 2 == 0 || !cuts_.empty()) return;
    World* w = &world_;
    std::vector<HostId> others;
    for (HostId other = 1; other <= settings_.hosts; ++other)
        if (other != id)
            others.insert(
                others.begin() + static_cast<std::ptrdiff_t>(prng_.below(others.size() + 1)),
                other);
    const std::size_t half = others.size() / 2;
    const Duration turn = begin + bury_ + between(Duration{0}, bury_);
    for (std::size_t a = 0; a < half; ++a) {
        for (std::size_t b = half; b < others.size(); ++b) {
            cut(others[a], others[b], begin, end);
            cut(others[b], others[a], begin, end);
        }
        cut(others[a], id, turn, end);
        cut(id, others[a], turn, end);
    }
    at(turn, [w, id] { w->crash_host(id); });
    at(turn + between(Duration{1'000'000}, period_), [w, id] { w->boot_host(id); });
}

// Directed, and once per run: it restarts and hears nobody, from its start or a little later.
// Whoever is alone that way and then falls deaf to clients too cannot be told from a lone host on a
// quiet wire: docs/protocol.md says so, and runs do not try it.
void Planner::deafen(HostId id, Duration begin, Duration length, Duration after_boot) {
    if (deafened_ || silenced_ || !cuts_.empty()) return;
    deafened_ = true;
    World* w = &world_;
    at(begin, [w, id] { w->crash_host(id); });
    at(begin + length, [w, id] { w->boot_host(id); });
    for (HostId other = 1; other <= settings_.hosts; ++other)
        if (other != id)
            cut(other, id, begin + length + after_boot,
                std::min(begin + length + 4 * bury_, settings_.faults_until));
}

void Planner::plan_attack(Fault fault, HostId id, Duration begin, Duration length) {
    World* w = &world_;
    const Duration gap = period_ / 3;
    if (fault == Fault::replay) {
        at(begin, [w, id] { w->crash_host(id); });
        at(begin + length, [w, id] { w->boot_host(id); });
        Duration up = begin + length;
        if (prng_.chance(500'000)) {  // a life too short to be believed by anybody
            at(up + between(Duration{1'000'000}, Duration{6'000'000}),
               [w, id] { w->crash_host(id); });
            up += between(Duration{10'000'000}, period_);
            at(up, [w, id] { w->boot_host(id); });
        }
        at(up, [w, gap] { w->attacker().replay(200, gap); });
    } else if (fault == Fault::forge) {
        at(begin, [w, gap] { w->attacker().forge(100, gap); });
    }
}

}  // namespace nlb::sim
