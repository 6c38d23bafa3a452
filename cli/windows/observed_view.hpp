// What was observed, for people, for programs, for node_exporter's textfile collector, and as a
// configuration. Nothing is printed here.
#pragma once

#include <string>
#include <vector>

#include "cli/json.hpp"
#include "cli/windows/observed.hpp"
#include "config/schema.hpp"

namespace nlb::cli::windows {

// Lines without the last newline.
[[nodiscard]] std::string text_of(const Observation& seen, bool colour);
[[nodiscard]] Json json_of(const Observation& seen);
// Prometheus' text format (version 0.0.4).
[[nodiscard]] std::string metrics_of(const Observation& seen);
// What heartbeats tell of a configuration; rules are codes there, so they stay to be filled in.
[[nodiscard]] std::string yaml_of(const Observation& seen);
// What is wrong with the clusters, and each use of an address of `ours` (nullptr: none is known).
[[nodiscard]] std::vector<std::string> warnings_of(const Observation& seen,
                                                   const config::Config* ours);

}  // namespace nlb::cli::windows
