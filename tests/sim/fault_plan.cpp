// Draws the faults of a run; see the header.
#include "tests/sim/fault_plan.hpp"

#include <algorithm>

#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

struct Cut {
    HostId from;
    HostId to;
    Duration begin;
    Duration end;
};

class Planner {
public:
    explicit Planner(World& world)
        : world_(world),
          prng_(world.prng()),
          settings_(world.settings()),
          period_(settings_.timing.period),
          bury_(settings_.timing.bury_after) {}

    void plan();

private:
    [[nodiscard]] Duration between(Duration low, Duration high) { return Duration{prng_.between(low.count(), high.count())}; }
    [[nodiscard]] HostId any_host() { return static_cast<HostId>(1 + prng_.below(settings_.hosts)); }
    void at(Duration time, Scheduler::Event event) { world_.scheduler().at(time, std::move(event)); }
    void plan_boots();
    void plan_conditions();
    void plan_one(Fault fault);
    void plan_process_fault(Fault fault, HostId id, Duration begin, Duration length);
    void plan_operator(Fault fault, HostId id, Duration begin, Duration length);
    void plan_network(Fault fault, HostId id, Duration begin, Duration length);
    void plan_attack(Fault fault, HostId id, Duration begin, Duration length);
    void stop_between_actions(HostId id, Duration begin, Duration length);
    void cut_one_way(HostId id, Duration begin, Duration end);
    void cut(HostId from, HostId to, Duration begin, Duration end);
    void partition(Duration begin, Duration end);
    void turn_coat(HostId id, Duration begin, Duration end);
    void deafen(HostId id, Duration begin, Duration length, Duration after_boot);
    void silence(HostId id, Duration begin, Duration end);
    void change_rule(HostId id, Duration begin);
    void reload(Duration begin, Duration length);
    void repair();

    World& world_;
    Prng& prng_;
    const Settings& settings_;
    Duration period_;
    Duration bury_;
    std::vector<Cut> cuts_;
    bool deafened_ = false;
    bool silenced_ = false;
};

void Planner::plan() {
    if (std::find(settings_.faults.begin(), settings_.faults.end(), Fault::replay) != settings_.faults.end() ||
        std::find(settings_.faults.begin(), settings_.faults.end(), Fault::forge) != settings_.faults.end())
        world_.attacker().record();
    plan_conditions();
    for (std::uint32_t i = 0; i < settings_.fault_count; ++i) plan_one(settings_.faults[prng_.below(settings_.faults.size())]);
    plan_boots();
    at(settings_.faults_until, [this_world = &world_, bury = bury_] {
        World& world = *this_world;
        const Variant last = world.host(1).file;
        world.network().mend_all();
        world.network().conditions.loss = world.network().conditions.repeat = world.network().conditions.slow = 0;
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
            world.scheduler().after(bury + bury / 2, [this_world, id] { this_world->host(id).control.post(StartAgainItem{}); });
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
    const Duration length = prng_.chance(500'000) ? between(period_ / 2, 2 * bury_) : between(bury_ / 2, bury_ * 8 / 5);
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
        const Duration until = fault == Fault::pause ? end : begin + between(bury_ * 7 / 10, bury_ * 95 / 100);
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
        const Duration down = prng_.chance(500'000) ? between(Duration{1'000'000}, bury_ / 2) : between(Duration{1'000'000}, bury_ * 3 / 2);
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

// Every host's file gets the other configuration, one after the other; some hosts may read it late, and then changes back may cross.
void Planner::reload(Duration begin, Duration length) {
    World* w = &world_;
    const auto variant = static_cast<Variant>(prng_.below(2));
    const HostId late = prng_.chance(300'000) ? any_host() : kNoHost;
    const Duration spread = prng_.chance(500'000) ? Duration{1'000'000} : bury_;
    for (HostId each = 1; each <= settings_.hosts; ++each) {
        const Duration time = begin + between(Duration{0}, spread) + (each == late ? length : Duration{0});
        at(std::min(time, settings_.faults_until - Duration{1}), [w, each, variant] { w->read_file(each, variant); });
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

// A weight on one host; a rule's state on one host or on all, one after the other. Default and single rules keep their offers.
void Planner::change_rule(HostId id, Duration begin) {
    World* w = &world_;
    const auto slot = static_cast<RuleId>(prng_.below(settings_.slots - 1U));
    if (id != kNoHost) {
        const bool single = (settings_.single_slots >> slot & 1U) != 0;
        const std::uint8_t weights[] = {0, 5, 10, 40, 100};
        const std::uint8_t weight = single ? static_cast<std::uint8_t>(33 - id) : weights[prng_.below(5)];
        at(begin, [w, id, slot, weight] {
            w->host(id).wishes[slot].offer = weight;
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
            w->host(each).wishes[slot].state = state;
            w->host(each).control.post(WishesItem{});
            w->note(each, [state] { return "RULE STATE " + std::to_string(static_cast<int>(state)); });
        });
    }
}

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
        deafen(id, begin, length, fault == Fault::deafboot ? Duration{-1'000'000} : between(Duration{1'000'000}, 5 * period_));
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
            return c.from == to && c.to == from && begin < c.end + period_ && c.begin < end + period_;
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

// Directed: a majority of either half needs the host that both hear. It restarts, forgets whom it heard, and helps the other half.
void Planner::turn_coat(HostId id, Duration begin, Duration end) {
    if (settings_.hosts % 2 == 0 || !cuts_.empty()) return;
    World* w = &world_;
    std::vector<HostId> others;
    for (HostId other = 1; other <= settings_.hosts; ++other)
        if (other != id) others.insert(others.begin() + static_cast<std::ptrdiff_t>(prng_.below(others.size() + 1)), other);
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

// Directed, and once per run: it restarts and hears nobody, from its start or a little later. Whoever is alone that way and then falls
// deaf to clients too cannot be told from a lone host on a quiet wire: docs/protocol.md says so, and runs do not try it.
void Planner::deafen(HostId id, Duration begin, Duration length, Duration after_boot) {
    if (deafened_ || silenced_ || !cuts_.empty()) return;
    deafened_ = true;
    World* w = &world_;
    at(begin, [w, id] { w->crash_host(id); });
    at(begin + length, [w, id] { w->boot_host(id); });
    for (HostId other = 1; other <= settings_.hosts; ++other)
        if (other != id) cut(other, id, begin + length + after_boot, std::min(begin + length + 4 * bury_, settings_.faults_until));
}

void Planner::plan_attack(Fault fault, HostId id, Duration begin, Duration length) {
    World* w = &world_;
    const Duration gap = period_ / 3;
    if (fault == Fault::replay) {
        at(begin, [w, id] { w->crash_host(id); });
        at(begin + length, [w, id] { w->boot_host(id); });
        Duration up = begin + length;
        if (prng_.chance(500'000)) {  // a life too short to be believed by anybody
            at(up + between(Duration{1'000'000}, Duration{6'000'000}), [w, id] { w->crash_host(id); });
            up += between(Duration{10'000'000}, period_);
            at(up, [w, id] { w->boot_host(id); });
        }
        at(up, [w, gap] { w->attacker().replay(200, gap); });
    } else if (fault == Fault::forge) {
        at(begin, [w, gap] { w->attacker().forge(100, gap); });
    }
}

}  // namespace

void plan_faults(World& world) {
    Planner{world}.plan();
}

}  // namespace nlb::sim
