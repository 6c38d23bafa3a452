// What a running host says of its cluster, judged: the answers of the control plane come in, as
// untrusted as everywhere in `nlb`; findings go out. It asks nobody.
#pragma once

#include <chrono>

#include "cli/json.hpp"
#include "config/finding_table.hpp"
#include "config/schema.hpp"

namespace nlb::cli {

// An event counts while it is as young as that; those that go on are told again each minute.
inline constexpr std::chrono::minutes kEventsCount{10};

// `now`, `before`: an element of `clusters` in two answers to `query`, a second or so apart; what
// comes and goes has to be so in both. `ours`: the cluster as the file has it.
[[nodiscard]] config::Findings judge_cluster(const Json& now, const Json& before,
                                             const config::Cluster& ours);
// `events`: of the answer to `events`; `time`: of the day, as those are.
[[nodiscard]] config::Findings judge_events(const Json& events,
                                            std::chrono::system_clock::time_point time);

}  // namespace nlb::cli
