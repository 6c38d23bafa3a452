// Draws the faults of a run; see the header.
#include "tests/sim/fault_plan.hpp"

#include <algorithm>

#include "tests/sim/fault_planner.hpp"

namespace nlb::sim {

FaultEvents Planner::plan() {
    if (settings_.tries(Fault::replay) || settings_.tries(Fault::forge) ||
        settings_.tries(Fault::rolling) || settings_.tries(Fault::rerun) ||
        settings_.tries(Fault::strange))
        add(Duration{0}, Verb::record, {});
    plan_conditions();
    if (settings_.tries(Fault::upgrade))
        for (HostId id = 1; id <= settings_.hosts; ++id)
            add(Duration{0}, Verb::build, {id, prng_.chance(400'000) ? 1 : 0});
    for (std::uint32_t i = 0; i < settings_.fault_count; ++i)
        plan_one(settings_.faults[prng_.below(settings_.faults.size())]);
    plan_boots();
    return std::move(events_);
}

void Planner::plan_conditions() {
    const std::int64_t losses[] = {0, 10'000, 50'000};
    const std::int64_t repeats[] = {0, 20'000};
    const std::int64_t slows[] = {0, 20'000, 100'000};
    if (settings_.calm) return add(Duration{0}, Verb::conditions, {0, 0, 0});
    const std::int64_t loss = losses[prng_.below(3)];
    const std::int64_t repeat = repeats[prng_.below(2)];
    add(Duration{0}, Verb::conditions, {loss, repeat, slows[prng_.below(3)]});
}

void Planner::plan_boots() {
    for (HostId id = 1; id <= settings_.hosts; ++id)
        if (!absent_.contains(id)) add(between(Duration{0}, period_ * 3), Verb::boot, {id});
}

void Planner::plan_one(Fault fault) {
    const HostId id = any_host();
    const Duration begin = between(settings_.faults_from, settings_.faults_until - bury_);
    const Duration length =
        prng_.chance(500'000) ? between(period_ / 2, 2 * bury_) : between(bury_ / 2, bury_ * 8 / 5);
    plan_process_fault(fault, id, begin, length);
    plan_operator(fault, id, begin, length);
    plan_network(fault, id, begin, length);
    plan_attack(fault, id, begin, length);
    plan_mistake(fault, id, begin, length);
}

void Planner::plan_process_fault(Fault fault, HostId id, Duration begin, Duration length) {
    const Duration end = begin + length;
    if (fault == Fault::crash) {
        add(begin, Verb::crash, {id});
        add(end, Verb::boot, {id});
    } else if (fault == Fault::pause || fault == Fault::pausewin) {
        const Duration until =
            fault == Fault::pause ? end : begin + between(bury_ * 7 / 10, bury_ * 95 / 100);
        add(begin, Verb::stop, {id});
        add(until, Verb::resume, {id});
    } else if (fault == Fault::pausedp) {
        add(begin, Verb::stopdp, {id});
        add(end, Verb::resumedp, {id});
    } else if (fault == Fault::pauseboth) {
        add(begin, Verb::stop, {id});
        add(begin, Verb::stopdp, {id});
        const Duration lag = between(Duration{0}, period_ / 10);
        const bool control_first = prng_.chance(500'000);
        add(end + (control_first ? Duration{0} : lag), Verb::resume, {id});
        add(end + (control_first ? lag : Duration{0}), Verb::resumedp, {id});
    } else if (fault == Fault::mid) {
        stop_between_messages(id, begin, length);
    } else if (fault == Fault::warm) {
        const Duration down = prng_.chance(500'000) ? between(Duration{1'000'000}, bury_ / 2)
                                                    : between(Duration{1'000'000}, bury_ * 3 / 2);
        add(begin, Verb::kill, {id});
        add(begin + down, Verb::start, {id});
    } else if (fault == Fault::dprestart) {
        add(begin, Verb::killdp, {id});
        add(end, Verb::startdp, {id});
    }
}

// The messages of some call are cut in two: the rest comes later, or never.
void Planner::stop_between_messages(HostId id, Duration begin, Duration length) {
    const auto steps = static_cast<std::int64_t>(prng_.below(prng_.chance(500'000) ? 8 : 60));
    const auto kind = static_cast<std::int64_t>(prng_.below(5));
    const Duration pause = prng_.chance(500'000) ? between(Duration{1'000'000}, period_) : length;
    add(begin, Verb::cutcall, {id, steps, kind, pause.count()});
}

void Planner::plan_operator(Fault fault, HostId id, Duration begin, Duration length) {
    const Duration end = std::min(begin + length, settings_.faults_until - Duration{1});
    if (fault == Fault::join) {
        if (id == 1 && settings_.hosts == 2) return;
        absent_.insert(id);
        add(Duration{0}, Verb::absent, {id});
        add(begin, Verb::boot, {id});
    } else if (fault == Fault::leave) {
        const bool crashes = prng_.chance(300'000);
        add(begin, Verb::leave, {id});
        if (crashes) add(end, Verb::crash, {id});
        const Duration back = begin + length + bury_ + between(Duration{1'000'000}, period_);
        add(back, Verb::rejoin, {id});
        if (crashes) add(back, Verb::boot, {id});
    } else if (fault == Fault::drain) {
        add(begin, Verb::drain, {id, 1});
        if (prng_.chance(700'000)) add(end, Verb::drain, {id, 0});
    } else if (fault == Fault::weight || fault == Fault::rule) {
        change_rule(fault == Fault::weight ? id : kNoHost, begin);
    } else if (fault == Fault::reload) {
        reload(begin, length);
    } else if (fault == Fault::health) {
        plan_health(id, begin, end);
    } else if (fault == Fault::upgrade) {
        upgrade(id, begin, length);
    }
}

// In order as docs/operations.md has it, by a crash, or the control plane alone beside its
// dataplane; now and then all hosts one after the other.
void Planner::upgrade(HostId id, Duration begin, Duration length) {
    const auto next = static_cast<std::int64_t>(prng_.chance(600'000) ? 1 : 0);
    const std::uint64_t way = prng_.below(4);
    const bool everybody = prng_.chance(300'000);
    Duration time = begin;
    for (HostId each = 1; each <= settings_.hosts; ++each) {
        if (!everybody && each != id) continue;
        if (time + length + bury_ >= settings_.faults_until) break;
        const bool alone = way == 3;
        if (way <= 1) add(time, Verb::leave, {each});
        const Duration down = way <= 1 ? time + between(period_ / 10, length) : time;
        add(down, alone ? Verb::kill : Verb::crash, {each});
        add(down, Verb::build, {each, next});
        const Duration up = down + between(Duration{1'000'000}, alone ? bury_ / 2 : period_);
        add(up, alone ? Verb::start : Verb::boot, {each});
        if (way <= 1) add(up, Verb::rejoin, {each});
        time = up + between(period_, bury_);
    }
}

// A server fails or hangs on one host, or a little apart on all; it comes back, stays away, or
// flaps meanwhile.
void Planner::plan_health(HostId id, Duration begin, Duration end) {
    auto port = static_cast<RuleId>(prng_.below(settings_.slots - 1U));
    while (!settings_.is_checked(port))
        port = static_cast<RuleId>((port + 1U) % (settings_.slots - 1U));
    const bool everywhere = prng_.chance(300'000);
    const auto set = [&](HostId host, Duration time, std::int64_t how) {
        add(std::min(time, settings_.faults_until - Duration{1}), Verb::health, {host, port, how});
    };
    for (HostId each = 1; each <= settings_.hosts; ++each) {
        if (!everywhere && each != id) continue;
        Duration time = begin + (everywhere ? between(Duration{0}, 2 * period_) : Duration{0});
        const std::int64_t how = prng_.chance(300'000) ? 2 : 0;
        for (std::uint64_t flaps = prng_.chance(400'000) ? prng_.below(6) : 0; flaps > 0; --flaps) {
            set(each, time, how);
            time += between(period_ / 4, 6 * period_);
            set(each, time, 1);
            time += between(period_ / 4, 6 * period_);
        }
        set(each, time, how);
        if (prng_.chance(600'000)) set(each, std::max(time, end), 1);
    }
}

// Every host's file gets the other configuration, one after the other; some hosts may read it late,
// and then changes back may cross.
void Planner::reload(Duration begin, Duration length) {
    const auto variant = static_cast<std::int64_t>(prng_.below(2));
    const HostId late = prng_.chance(300'000) ? any_host() : kNoHost;
    const Duration spread = prng_.chance(500'000) ? Duration{1'000'000} : bury_;
    for (HostId each = 1; each <= settings_.hosts; ++each) {
        const Duration time =
            begin + between(Duration{0}, spread) + (each == late ? length : Duration{0});
        add(std::min(time, settings_.faults_until - Duration{1}), Verb::file, {each, variant});
    }
}

// Nothing at all comes in, as behind a receive queue that hangs. Now and then it is never repaired.
void Planner::silence(HostId id, Duration begin, Duration end) {
    const bool for_good = !silenced_ && !deafened_ && prng_.chance(300'000);
    silenced_ = true;
    if (for_good) {
        deaf_for_good_.insert(id);
        add(Duration{0}, Verb::deaf_for_good, {id});
    }
    add(begin, Verb::deaf, {id, 1});
    add(begin + settings_.timing.drop_after + period_, Verb::notealone, {id});
    if (!deaf_for_good_.contains(id)) add(end, Verb::deaf, {id, 0});
}

// A weight on one host; a rule's state on one host or on all, one after the other. Default and
// single rules keep their offers.
void Planner::change_rule(HostId id, Duration begin) {
    const auto slot = static_cast<RuleId>(prng_.below(settings_.slots - 1U));
    if (id != kNoHost) {
        const bool single = (settings_.single_slots >> slot & 1U) != 0;
        const std::int64_t weights[] = {0, 5, 10, 40, 100};
        const std::int64_t weight = single ? 33 - id : weights[prng_.below(5)];
        return add(begin, Verb::weight, {id, slot, weight});
    }
    const auto state = static_cast<std::int64_t>(prng_.below(3));
    const HostId only = prng_.chance(500'000) ? any_host() : kNoHost;
    for (HostId each = 1; each <= settings_.hosts; ++each) {
        if (only != kNoHost && each != only) continue;
        add(begin + between(Duration{0}, Duration{2'000'000}), Verb::rule, {each, slot, state});
    }
}

FaultEvents plan_faults(const Settings& settings, Prng& prng) {
    return Planner{settings, prng}.plan();
}

}  // namespace nlb::sim
