// What heartbeat.period and heartbeat.tolerance come to: every derived duration with what it means
// to an operator.
#pragma once

#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/cluster/timing.hpp"

namespace nlb::cli {

// `nlb check` assumes that the network delays a frame by no more than 1 ms and the control loop is
// late by no more than P/5.
inline constexpr Duration kAssumedDelay = std::chrono::milliseconds{1};
[[nodiscard]] Duration assumed_lateness(Duration period);

struct TimingFigure {
    std::string name;
    Duration value;
    std::string meaning;
};
[[nodiscard]] std::vector<TimingFigure> timing_figures(const config::Heartbeat& heartbeat);
[[nodiscard]] std::vector<TimingFinding> timing_findings(const config::Heartbeat& heartbeat);

}  // namespace nlb::cli
