// The protocol's durations and what must hold between them; see timing.hpp. It knows no clock.
#include "core/cluster/timing.hpp"

namespace nlb {
namespace {

// d: monotonic clocks of two hosts may run at speeds that differ by this much from true.
constexpr std::int64_t kDriftPercent = 1;
constexpr std::int64_t kPatiencePeriods = 600;

std::string in_ms(Duration duration) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    std::string text = std::to_string(us / 1000);
    if (us % 1000 != 0) text += "." + std::to_string(1000 + us % 1000).substr(1);
    return text + " ms";
}

}  // namespace

Timing Timing::from(Duration period, std::uint8_t tolerance) {
    Timing t;
    t.period = period;
    t.tolerance = tolerance;
    t.bury_after = period * tolerance;
    const bool tolerant = tolerance >= 5;
    t.lease = t.bury_after * (tolerant ? 90 : 93) / 100;
    t.drop_after = tolerant ? period * 5 / 2 : period * 3 / 2;
    t.tick = period / 5;
    t.quiet_wait = tolerant ? period / 10 : Duration{};
    t.rate_limit = std::chrono::milliseconds{1};
    t.repeat_after = period / 10;
    t.answer_after = period * 13 / 10;
    t.knock_for = period / 2;
    t.witness_wait = period / 2;
    t.patience = period * kPatiencePeriods;
    t.bootstrap_after = t.bury_after * 2;
    t.cap_losses = tolerant ? 2 : 1;
    return t;
}

std::vector<TimingFinding> check_timing(const Timing& t, Duration delay_max,
                                        Duration lateness_max) {
    std::vector<TimingFinding> findings;
    const auto require = [&](bool holds, bool fatal, const std::string& sentence) {
        if (!holds) findings.push_back({fatal, sentence});
    };
    require(t.lease * (100 + kDriftPercent) < t.bury_after * (100 - kDriftPercent), true,
            "(i) the lease of " + in_ms(t.lease) +
                " does not end before a silent host is buried after " + in_ms(t.bury_after));
    // On its way to the peer, and the acknowledgement on its way back.
    const Duration delay = delay_max + t.quiet_wait;
    require(t.drop_after + t.period + 2 * delay + lateness_max <= t.lease, false,
            "(ii) the crash of one host would fence the others: drop time " + in_ms(t.drop_after) +
                " + period + 2 delays of " + in_ms(delay) + " + lateness " + in_ms(lateness_max) +
                " exceed the lease of " + in_ms(t.lease));
    require(t.drop_after + t.witness_wait + t.tick + delay_max + lateness_max <= t.lease, false,
            "(vi) a host that hears nothing would say so only after " +
                in_ms(t.drop_after + t.witness_wait + t.tick) +
                ", when the lease of the others is over");
    require(t.drop_after > t.period + delay + lateness_max, false,
            "(iii) a heartbeat that is only late would count as lost: drop time " +
                in_ms(t.drop_after) + " is not above period + delay + lateness");
    require(t.bootstrap_after >= t.bury_after + t.lease, true,
            "(iv) a host that starts alone would not outwait the lease of one it cannot hear");
    require((t.cap_losses + 1) * t.period + lateness_max < t.lease, false,
            "(v) a quiet period would shorten the lease below zero: raise heartbeat.tolerance");
    return findings;
}

}  // namespace nlb
