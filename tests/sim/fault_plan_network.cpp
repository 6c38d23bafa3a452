// What befalls frames: loss, cuts, partitions, deafness.
#include <algorithm>

#include "tests/sim/fault_planner.hpp"

namespace nlb::sim {

void Planner::plan_network(Fault fault, HostId id, Duration begin, Duration length) {
    const Duration end = std::min(begin + length, settings_.faults_until);
    if (fault == Fault::burst) {
        add(begin, Verb::loss, {prng_.between(100'000, 400'000)});
        add(begin + between(period_, bury_), Verb::loss, {10'000});
    } else if (fault == Fault::oneway) {
        cut_one_way(id, begin, end);
    } else if (fault == Fault::part) {
        partition(begin, end);
    } else if (fault == Fault::turncoat) {
        turn_coat(id, begin, settings_.faults_until);
    } else if (fault == Fault::link) {
        const Duration down = prng_.chance(300'000) ? between(Duration{100'000}, period_) : length;
        add(begin, Verb::link, {id, 0});
        add(begin + down, Verb::link, {id, 1});
    } else if (fault == Fault::deaf) {
        silence(id, begin, end);
    } else if (fault == Fault::slow) {
        const Duration lateness = between(Duration{1'000'000}, period_);
        add(begin, Verb::late, {id, lateness.count()});
        add(begin + length, Verb::late, {id, 0});
    } else if (fault == Fault::deafboot || fault == Fault::deafjoin) {
        deafen(id, begin, length,
               fault == Fault::deafboot ? Duration{-1'000'000}
                                        : between(Duration{1'000'000}, 5 * period_));
    }
}

void Planner::cut(HostId from, HostId to, Duration begin, Duration end) {
    if (begin >= end) return;
    cuts_.push_back({from, to, begin, end});
    add(begin, Verb::cut, {from, to});
    add(end, Verb::mend, {from, to});
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
    add(turn, Verb::crash, {id});
    add(turn + between(Duration{1'000'000}, period_), Verb::boot, {id});
}

// Directed, and once per run: it restarts and hears nobody, from its start or a little later.
// Whoever is alone that way and then falls deaf to clients too cannot be told from a lone host on a
// quiet wire: docs/protocol.md says so, and runs do not try it.
void Planner::deafen(HostId id, Duration begin, Duration length, Duration after_boot) {
    if (deafened_ || silenced_ || !cuts_.empty()) return;
    deafened_ = true;
    add(begin, Verb::crash, {id});
    add(begin + length, Verb::boot, {id});
    for (HostId other = 1; other <= settings_.hosts; ++other)
        if (other != id)
            cut(other, id, begin + length + after_boot,
                std::min(begin + length + 4 * bury_, settings_.faults_until));
}

}  // namespace nlb::sim
