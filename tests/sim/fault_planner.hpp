// Draws the faults of one run. Private to fault_plan.cpp (what
// befalls processes and what operators do), fault_plan_network.cpp (what befalls frames) and
// fault_plan_strangers.cpp (recordings, keys, clocks, backlog).
#pragma once

#include <utility>
#include <vector>

#include "core/base/host_map.hpp"
#include "core/base/prng.hpp"
#include "tests/sim/configurations.hpp"
#include "tests/sim/fault_plan.hpp"

namespace nlb::sim {

struct Cut {
    HostId from;
    HostId to;
    Duration begin;
    Duration end;
};

class Planner {
public:
    Planner(const Settings& settings, Prng& prng)
        : prng_(prng),
          settings_(settings),
          period_(settings_.timing.period),
          bury_(settings_.timing.bury_after) {}

    [[nodiscard]] FaultEvents plan();

private:
    [[nodiscard]] Duration between(Duration low, Duration high) {
        return Duration{prng_.between(low.count(), high.count())};
    }
    [[nodiscard]] Duration replay_gap();
    [[nodiscard]] HostId any_host() {
        return static_cast<HostId>(1 + prng_.below(settings_.hosts));
    }
    void add(Duration time, Verb verb, std::array<std::int64_t, kEventNumbers> numbers) {
        events_.push_back({time, verb, numbers});
    }
    void plan_boots();
    void plan_conditions();
    void plan_one(Fault fault);
    void plan_process_fault(Fault fault, HostId id, Duration begin, Duration length);
    void plan_operator(Fault fault, HostId id, Duration begin, Duration length);
    void plan_network(Fault fault, HostId id, Duration begin, Duration length);
    void plan_attack(Fault fault, HostId id, Duration begin, Duration length);
    void plan_mistake(Fault fault, HostId id, Duration begin, Duration length);
    void restart_with_keys(HostId id, KeyRing ring, Duration begin, Duration end);
    void restart_with_file(HostId id, Variant variant, Duration begin, Duration end);
    void start_twin(HostId id, Duration begin, Duration end);
    void start_foreigners();
    void resize(Duration begin, Duration length);
    void stop_between_messages(HostId id, Duration begin, Duration length);
    void cut_one_way(HostId id, Duration begin, Duration end);
    void cut(HostId from, HostId to, Duration begin, Duration end);
    void partition(Duration begin, Duration end);
    void turn_coat(HostId id, Duration begin, Duration end);
    void deafen(HostId id, Duration begin, Duration length, Duration after_boot);
    void silence(HostId id, Duration begin, Duration end);
    void plan_health(HostId id, Duration begin, Duration end);
    void change_rule(HostId id, Duration begin);
    void reload(Duration begin, Duration length);
    void upgrade(HostId id, Duration begin, Duration length);

    Prng& prng_;
    const Settings& settings_;
    Duration period_;
    Duration bury_;
    FaultEvents events_;
    std::vector<Cut> cuts_;
    HostSet absent_;
    HostSet deaf_for_good_;
    bool twin_ = false;
    bool foreigners_ = false;
    bool resized_ = false;
    bool deafened_ = false;
    bool silenced_ = false;
};

}  // namespace nlb::sim
