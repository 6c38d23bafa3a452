// What strangers, mistakes and clocks do: recordings, keys, unverifiable and tagged frames, clocks
// that stand or are slewed, cores that are behind.
#include <algorithm>

#include "tests/sim/fault_planner.hpp"

namespace nlb::sim {

// 10 to 1000 frames a second.
Duration Planner::replay_gap() {
    const std::int64_t gaps[] = {2'000'000, 20'000'000, 200'000'000};
    return Duration{gaps[prng_.below(3)]};
}

void Planner::plan_attack(Fault fault, HostId id, Duration begin, Duration length) {
    const Duration gap = period_ / 3;
    if (fault == Fault::replay) {
        add(begin, Verb::crash, {id});
        add(begin + length, Verb::boot, {id});
        Duration up = begin + length;
        if (prng_.chance(500'000)) {  // a life too short to be believed by anybody
            add(up + between(Duration{1'000'000}, Duration{6'000'000}), Verb::crash, {id});
            up += between(Duration{10'000'000}, period_);
            add(up, Verb::boot, {id});
        }
        add(up, Verb::replay, {200, gap.count()});
    } else if (fault == Fault::rolling) {
        Duration time = begin;
        for (HostId each = 1; each <= settings_.hosts; ++each, time += bury_ * 3 / 2) {
            if (time + bury_ >= settings_.faults_until) break;
            add(time, Verb::crash, {each});
            add(time + period_, Verb::boot, {each});
        }
        for (HostId each = 1; each <= settings_.hosts; ++each)
            if (each == id || prng_.chance(300'000))
                add(time, Verb::rerun, {each, 100'000, replay_gap().count()});
    } else if (fault == Fault::rerun) {
        const bool everybody = prng_.chance(500'000);
        for (HostId each = 1; each <= settings_.hosts; ++each) {
            if (!everybody && each != id) continue;
            add(begin, Verb::crash, {each});
            add(begin + length, Verb::boot, {each});
        }
        // One draw in each statement: compilers evaluate arguments in an order of their own.
        const Duration again = begin + between(Duration{0}, 2 * length);
        add(again, Verb::rerun, {id, 100'000, replay_gap().count()});
    } else if (fault == Fault::stale) {
        add(begin, Verb::stale,
            {prng_.between(5'000, 100'000), prng_.between(1, 6) * 1'000'000'000});
        add(begin + length, Verb::stale, {0, 1});
        if (prng_.chance(600'000)) {
            add(begin + length / 2, Verb::crash, {id});
            add(begin + length / 2 + 3 * bury_, Verb::boot, {id});
        }
    } else if (fault == Fault::strange) {
        add(begin, Verb::strange, {10'000, replay_gap().count()});
    } else if (fault == Fault::forge) {
        add(begin, Verb::forge, {100, gap.count()});
    }
}

// The host is started with these keys and gets the right ones back before the end.
void Planner::restart_with_keys(HostId id, KeyRing ring, Duration begin, Duration end) {
    add(begin, Verb::crash, {id});
    add(begin + period_, Verb::keys, {id, static_cast<std::int64_t>(ring)});
    add(begin + period_, Verb::boot, {id});
    add(end, Verb::crash, {id});
    add(end, Verb::keys, {id, static_cast<std::int64_t>(KeyRing::right)});
    add(end + period_, Verb::boot, {id});
}

void Planner::restart_with_file(HostId id, Variant variant, Duration begin, Duration end) {
    add(begin, Verb::crash, {id});
    add(begin + period_, Verb::file, {id, variant});
    add(begin + period_, Verb::boot, {id});
    add(end, Verb::crash, {id});
    add(end, Verb::file, {id, 0});
    add(end + period_, Verb::boot, {id});
}

// A second machine with an id in use; its holder may stall for about as long as the twin knocks.
void Planner::start_twin(HostId id, Duration begin, Duration end) {
    if (settings_.extra == 0 || twin_) return;
    twin_ = true;
    const auto machine = static_cast<HostId>(settings_.hosts + 1);
    add(Duration{0}, Verb::twin, {machine, id});
    add(begin, Verb::boot, {machine});
    if (prng_.chance(500'000)) {
        const Duration stalls = begin + between(Duration{0}, period_);
        add(stalls, Verb::stop, {id});
        add(stalls + between(period_ / 2, bury_), Verb::resume, {id});
    }
    add(end, Verb::crash, {machine});
}

// They stay to the end: nothing of them concerns this cluster.
void Planner::start_foreigners() {
    if (settings_.extra < 2 || foreigners_) return;
    foreigners_ = true;
    for (HostId id = 1; id <= 2; ++id) {
        const auto machine = static_cast<HostId>(settings_.machines() - 2 + id);
        add(Duration{0}, Verb::foreign, {machine, id});
        add(between(Duration{0}, 3 * period_), Verb::boot, {machine});
    }
}

// All hosts read a file with, or without, the last one, which comes or goes about then.
void Planner::resize(Duration begin, Duration length) {
    const HostId last = settings_.hosts;
    if (last < 3 || resized_ || absent_.contains(last)) return;
    resized_ = true;
    const bool grows = prng_.chance(500'000);
    const Variant after = grows ? Variant{0} : Variant{kVariants - 1};
    if (grows) {
        absent_.insert(last);
        add(Duration{0}, Verb::absent, {last});
        add(begin + between(Duration{0}, length), Verb::boot, {last});
    } else {
        const Verb how = prng_.chance(500'000) ? Verb::leave : Verb::crash;
        // What comes after the last fault is nobody's to mend.
        add(std::min(begin + between(Duration{0}, length), settings_.faults_until - Duration{1}),
            how, {last});
    }
    const Duration spread = prng_.chance(500'000) ? Duration{1'000'000} : bury_;
    for (HostId each = 1; each < last; ++each) {
        if (grows) add(Duration{0}, Verb::file, {each, kVariants - 1});
        add(begin + between(Duration{0}, spread), Verb::file, {each, after});
    }
}

void Planner::plan_mistake(Fault fault, HostId id, Duration begin, Duration length) {
    const Duration end = std::min(begin + 4 * bury_ + length, settings_.faults_until - 2 * period_);
    if (fault == Fault::wrongkey) {
        restart_with_keys(id, prng_.chance(500'000) ? KeyRing::wrong : KeyRing::unknown, begin,
                          end);
    } else if (fault == Fault::formerkey) {
        restart_with_keys(id, KeyRing::former, begin, end);
    } else if (fault == Fault::twin) {
        start_twin(id, begin, end);
    } else if (fault == Fault::foreign) {
        start_foreigners();
    } else if (fault == Fault::otherfile) {
        if (id == settings_.hosts) return;
        restart_with_file(id, kVariants - 1, begin, end);
    } else if (fault == Fault::resize) {
        resize(begin, length);
    } else if (fault == Fault::suspend) {
        add(begin, Verb::suspend, {id, 1});
        add(begin + length, Verb::suspend, {id, 0});
    } else if (fault == Fault::starve) {
        add(begin, Verb::starve, {id, 1});
        add(std::min(begin + 4 * bury_ + length, settings_.faults_until), Verb::starve, {id, 0});
    } else if (fault == Fault::slew) {
        const std::int64_t by = prng_.between(10'000, 83'000);
        const bool faster = prng_.chance(500'000);
        add(begin, Verb::slew, {id, faster ? by : 0, faster ? 0 : by});
        add(end, Verb::slew, {id, 0, 0});
    } else if (fault == Fault::lag) {
        add(begin, Verb::lag, {id, prng_.between(1'000'000, 20'000'000)});
        add(end, Verb::lag, {id, 0});
    } else if (fault == Fault::tagged) {
        add(begin, Verb::tag, {id, prng_.chance(500'000) ? 1 : prng_.between(2, 4095)});
        add(end, Verb::tag, {id, 0});
    }
}

}  // namespace nlb::sim
