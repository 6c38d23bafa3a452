// Draws a run's shape from its seed; see the header.
#include "tests/sim/settings.hpp"

#include <algorithm>
#include <array>

namespace nlb::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

std::vector<Fault> fitting_faults(bool majority) {
    std::vector<Fault> faults;
    for (const FaultInfo& info : kFaults)
        if (info.fault != Fault::health && info.fault != Fault::upgrade &&
            ((info.fault != Fault::part && info.fault != Fault::turncoat) || majority))
            faults.push_back(info.fault);
    return faults;
}

// A run tries a few kinds together: all at once would leave no cluster to observe.
std::vector<Fault> draw_faults(const std::vector<Fault>& among, Prng& prng) {
    std::vector<Fault> drawn;
    const std::uint64_t kinds = 1 + prng.below(5);
    for (std::uint64_t i = 0; i < kinds; ++i) drawn.push_back(among[prng.below(among.size())]);
    return drawn;
}

}  // namespace

Settings Settings::draw(const Choices& choices, Prng& prng) {
    Settings s;
    s.timing = Timing::from(milliseconds{choices.period_ms}, choices.tolerance);
    const std::uint64_t hosts_span = choices.hosts_max - choices.hosts_min + 1U;
    s.hosts = static_cast<std::uint8_t>(choices.hosts_min + prng.below(hosts_span));
    if (!choices.hosts_given && prng.chance(700'000))
        s.hosts = static_cast<std::uint8_t>(2 + prng.below(4));
    s.majority = choices.majority ? *choices.majority : prng.chance(250'000);
    s.slots = static_cast<std::uint8_t>(prng.chance(30'000) ? kRuleSlots : 2 + prng.below(3));
    if (prng.chance(300'000)) s.single_slots = 1;
    s.install_max = Duration{prng.between(100'000, 3'000'000)};
    s.no_fence = choices.mutation == Mutation::no_fence;
    s.faults =
        draw_faults(choices.faults.empty() ? fitting_faults(s.majority) : choices.faults, prng);
    s.deaf_beginner =
        s.tries(Fault::deafboot) || s.tries(Fault::deafjoin) || s.tries(Fault::turncoat);
    if (s.tries(Fault::twin)) s.extra = 1;
    if (s.tries(Fault::foreign)) s.extra = static_cast<std::uint8_t>(s.extra + 2);
    if (s.machines() > kHostsMax) s.extra = 0;
    s.ignored = choices.ignored;
    s.calm = prng.chance(450'000);
    s.fault_count = static_cast<std::uint32_t>(1 + prng.below(8));
    const Duration bury = s.timing.bury_after;
    s.faults_from = prng.chance(250'000) ? Duration{0} : 3 * bury + s.timing.period;
    Duration span = bury * prng.between(6, 12);
    if (choices.minutes != 0) {
        s.fault_count *=
            static_cast<std::uint32_t>(std::max<std::int64_t>(1, minutes{choices.minutes} / span));
        span = minutes{choices.minutes};
    }
    s.faults_until = s.faults_from + span;
    s.draw_sticky(choices, Prng{Prng{prng}.next() ^ 0x737469636b79ULL});
    s.draw_health(choices, Prng{Prng{prng}.next() ^ 0x6865616c7468ULL});
    s.set_end();
    return s;
}

bool Settings::tries(Fault fault) const {
    return std::find(faults.begin(), faults.end(), fault) != faults.end();
}

void Settings::set_end() {
    // a control plane looks for its dataplane every 100 ms, that one at its link every 50 ms
    healed_by =
        faults_until + 5 * timing.bury_after + 5 * timing.period + std::chrono::milliseconds{150};
    if (checked_ports != 0) healed_by += health_settles();
    end = healed_by + timing.bury_after;
}

Duration Settings::health_settles() const {
    return 8 * timing.period + slow_start;
}

// By a walk of its own too: a run without a check is what it was.
void Settings::draw_health(const Choices& choices, Prng prng) {
    const bool asked = tries(Fault::health);
    if (!asked && !(choices.faults.empty() && prng.chance(250'000))) return;
    if (!asked) faults.push_back(Fault::health);
    const std::uint64_t ports = (std::uint64_t{1} << (slots - 1U)) - 1;
    checked_ports = (prng.next() | 1U) & ports;
    drop_ports = prng.next() & checked_ports;
    cut_ports = prng.next() & checked_ports;
    slow_start = prng.chance(500'000) ? Duration{0} : timing.bury_after * 2;
}

// By a walk of its own: a run without such a rule is what it was before there were any.
void Settings::draw_sticky(const Choices& choices, Prng prng) {
    const bool is_multiple = (single_slots >> sticky_port() & 1U) == 0;
    if (!is_multiple || !(choices.sticky || prng.chance(400'000))) return;
    const std::int64_t bury_ms = timing.bury_after / milliseconds{1};
    sticky_ms = static_cast<std::uint32_t>(
        bury_ms * std::array<std::int64_t, 4>{1, 2, 4, 20}[prng.below(4)] / 2);
}

std::vector<RuleId> Settings::rules() const {
    std::vector<RuleId> rules;
    for (std::uint8_t slot = 0; slot + 1 < slots; ++slot) rules.push_back(slot);
    rules.push_back(kDefaultRule);
    return rules;
}

}  // namespace nlb::sim
