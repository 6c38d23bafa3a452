// Draws the faults of a run; see the header.
#include "tests/sim/fault_plan.hpp"

#include <algorithm>

#include "tests/sim/fault_planner.hpp"

namespace nlb::sim {
void Planner::plan() {
    if (std::find(settings_.faults.begin(), settings_.faults.end(), Fault::replay) !=
            settings_.faults.end() ||
        std::find(settings_.faults.begin(), settings_.faults.end(), Fault::forge) !=
            settings_.faults.end())
        world_.attacker().record();
    plan_conditions();
    for (std::uint32_t i = 0; i < settings_.fault_count; ++i)
        plan_one(settings_.faults[prng_.below(settings_.faults.size())]);
    plan_boots();
    at(settings_.faults_until, [this_world = &world_, bury = bury_] {
        World& world = *this_world;
        const Variant last = world.host(1).file;
        world.network().mend_all();
        world.network().conditions.loss = world.network().conditions.repeat =
            world.network().conditions.slow = 0;
        for (HostId id = 1; id <= world.settings().hosts; ++id) {
            HostModel& host = world.host(id);
            host.absent = false;
            host.wanted = true;
            host.dataplane.set_link(true);
            host.dataplane.set_deaf(host.deaf_for_good);
            host.dataplane.resume();
            host.control.set_lateness(Duration{0});
            host.control.disarm();
            host.control.resume();
            world.boot_host(id);
            world.read_file(id, last);
            host.control.post(StartAgainItem{});
            world.scheduler().after(bury + bury / 2, [this_world, id] {
                this_world->host(id).control.post(StartAgainItem{});
            });
        }
        world.note(1, [] { return "ALL REPAIRED"; });
    });
}

void Planner::plan_conditions() {
    Conditions& conditions = world_.network().conditions;
    const std::uint64_t losses[] = {0, 10'000, 50'000};
    const std::uint64_t repeats[] = {0, 20'000};
    const std::uint64_t slows[] = {0, 20'000, 100'000};
    const bool calm = settings_.calm;
    conditions.loss = calm ? 0 : losses[prng_.below(3)];
    conditions.repeat = calm ? 0 : repeats[prng_.below(2)];
    conditions.slow = calm ? 0 : slows[prng_.below(3)];
}

void Planner::plan_boots() {
    for (HostId id = 1; id <= settings_.hosts; ++id) {
        if (world_.host(id).absent) continue;
        at(between(Duration{0}, period_ * 3), [w = &world_, id] { w->boot_host(id); });
    }
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
}

void Planner::plan_process_fault(Fault fault, HostId id, Duration begin, Duration length) {
    World* w = &world_;
    const Duration end = begin + length;
    if (fault == Fault::crash) {
        at(begin, [w, id] { w->crash_host(id); });
        at(end, [w, id] { w->boot_host(id); });
    } else if (fault == Fault::pause || fault == Fault::pausewin) {
        const Duration until =
            fault == Fault::pause ? end : begin + between(bury_ * 7 / 10, bury_ * 95 / 100);
        at(begin, [w, id] { w->host(id).control.stop(); });
        at(until, [w, id] { w->host(id).control.resume(); });
    } else if (fault == Fault::pausedp) {
        at(begin, [w, id] { w->host(id).dataplane.stop(); });
        at(end, [w, id] { w->host(id).dataplane.resume(); });
    } else if (fault == Fault::pauseboth) {
        at(begin, [w, id] { w->host(id).control.stop(), w->host(id).dataplane.stop(); });
        const Duration lag = between(Duration{0}, period_ / 10);
        const bool control_first = prng_.chance(500'000);
        at(end + (control_first ? Duration{0} : lag), [w, id] { w->host(id).control.resume(); });
        at(end + (control_first ? lag : Duration{0}), [w, id] { w->host(id).dataplane.resume(); });
    } else if (fault == Fault::mid) {
        stop_between_actions(id, begin, length);
    } else if (fault == Fault::warm) {
        const Duration down = prng_.chance(500'000) ? between(Duration{1'000'000}, bury_ / 2)
                                                    : between(Duration{1'000'000}, bury_ * 3 / 2);
        at(begin, [w, id] { w->host(id).control.kill(); });
        at(begin + down, [w, id] { w->host(id).control.start(); });
    } else if (fault == Fault::dprestart) {
        at(begin, [w, id] { w->host(id).dataplane.die(); });
        at(end, [w, id] { w->host(id).dataplane.boot(); });
    }
}

// The list of actions of some call is cut in two: the rest comes later, or never.
void Planner::stop_between_actions(HostId id, Duration begin, Duration length) {
    World* w = &world_;
    const auto steps = static_cast<std::uint32_t>(prng_.below(prng_.chance(500'000) ? 8 : 60));
    const std::uint64_t kind = prng_.below(5);
    const Duration pause = prng_.chance(500'000) ? between(Duration{1'000'000}, period_) : length;
    at(begin, [w, id, steps, kind, pause] {
        w->host(id).control.arm(steps, [w, id, kind, pause] {
            HostModel& host = w->host(id);
            if (kind <= 1) host.control.stop();
            if (kind == 1) host.dataplane.stop();
            if (kind == 2) host.control.kill();
            if (kind == 3) w->crash_host(id);
            if (kind == 4) host.dataplane.die();
            w->scheduler().after(pause, [w, id] {
                w->host(id).dataplane.resume();
                w->host(id).control.resume();
                w->boot_host(id);
            });
        });
    });
}

void Planner::plan_operator(Fault fault, HostId id, Duration begin, Duration length) {
    World* w = &world_;
    const Duration end = std::min(begin + length, settings_.faults_until - Duration{1});
    if (fault == Fault::join) {
        if (id == 1 && settings_.hosts == 2) return;
        world_.host(id).absent = true;
        at(begin, [w, id] { w->boot_host(id); });
    } else if (fault == Fault::leave) {
        const bool crashes = prng_.chance(300'000);
        at(begin, [w, id] {
            w->host(id).wanted = false;
            w->host(id).control.post(LeaveItem{});
            w->note(id, [] { return "LEAVE"; });
        });
        if (crashes) at(end, [w, id] { w->crash_host(id); });
        at(begin + length + bury_ + between(Duration{1'000'000}, period_), [w, id, crashes] {
            w->host(id).wanted = true;
            if (crashes) w->boot_host(id);
            w->host(id).control.post(StartAgainItem{});
        });
    } else if (fault == Fault::drain) {
        const auto set = [w, id](bool draining) {
            w->host(id).draining = draining;
            w->host(id).control.post(WishesItem{});
            w->note(id, [draining] { return draining ? "DRAIN" : "DRAIN ENDS"; });
        };
        at(begin, [set] { set(true); });
        if (prng_.chance(700'000)) at(end, [set] { set(false); });
    } else if (fault == Fault::weight || fault == Fault::rule) {
        change_rule(fault == Fault::weight ? id : kNoHost, begin);
    } else if (fault == Fault::reload) {
        reload(begin, length);
    }
}

// Every host's file gets the other configuration, one after the other; some hosts may read it late,
// and then changes back may cross.
void Planner::reload(Duration begin, Duration length) {
    World* w = &world_;
    const auto variant = static_cast<Variant>(prng_.below(2));
    const HostId late = prng_.chance(300'000) ? any_host() : kNoHost;
    const Duration spread = prng_.chance(500'000) ? Duration{1'000'000} : bury_;
    for (HostId each = 1; each <= settings_.hosts; ++each) {
        const Duration time =
            begin + between(Duration{0}, spread) + (each == late ? length : Duration{0});
        at(std::min(time, settings_.faults_until - Duration{1}),
           [w, each, variant] { w->read_file(each, variant); });
    }
}

// Nothing at all comes in, as behind a receive queue that hangs. Now and then it is never repaired.
void Planner::silence(HostId id, Duration begin, Duration end) {
    World* w = &world_;
    const bool for_good = !silenced_ && !deafened_ && prng_.chance(300'000);
    silenced_ = true;
    if (for_good) w->host(id).deaf_for_good = true;
    at(begin, [w, id] { w->host(id).dataplane.set_deaf(true); });
    at(begin + settings_.timing.drop_after + period_, [w, id] { w->note_deaf_alone(id); });
    if (!w->host(id).deaf_for_good) at(end, [w, id] { w->host(id).dataplane.set_deaf(false); });
}

// A weight on one host; a rule's state on one host or on all, one after the other. Default and
// single rules keep their offers.
void Planner::change_rule(HostId id, Duration begin) {
    World* w = &world_;
    const auto slot = static_cast<RuleId>(prng_.below(settings_.slots - 1U));
    if (id != kNoHost) {
        const bool single = (settings_.single_slots >> slot & 1U) != 0;
        const std::uint8_t weights[] = {0, 5, 10, 40, 100};
        const std::uint8_t weight =
            single ? static_cast<std::uint8_t>(33 - id) : weights[prng_.below(5)];
        at(begin, [w, id, slot, weight] {
            w->host(id).desired[slot].offer = weight;
            w->host(id).control.post(WishesItem{});
            w->note(id, [weight] { return "WEIGHT " + std::to_string(weight); });
        });
        return;
    }
    const auto state = static_cast<RuleState>(prng_.below(3));
    const HostId only = prng_.chance(500'000) ? any_host() : kNoHost;
    for (HostId each = 1; each <= settings_.hosts; ++each) {
        if (only != kNoHost && each != only) continue;
        at(begin + between(Duration{0}, Duration{2'000'000}), [w, each, slot, state] {
            w->host(each).desired[slot].state = state;
            w->host(each).control.post(WishesItem{});
            w->note(each,
                    [state] { return "RULE STATE " + std::to_string(static_cast<int>(state)); });
        });
    }
}

void plan_faults(World& world) {
    Planner{world}.plan();
}

}  // namespace nlb::sim
