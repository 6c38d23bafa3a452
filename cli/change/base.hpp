// What a change starts from: the configuration in force, as the control plane here tells it, or the
// first one that answers from outside.
#pragma once

#include <optional>
#include <string>

#include "cli/console.hpp"
#include "cli/live_map.hpp"
#include "cli/options.hpp"
#include "config/load.hpp"

namespace nlb::cli {

struct Base {
    LiveMap told;  // by whom, and how it fares; with the text
    config::Config config;
    std::string cluster;

    [[nodiscard]] const config::Cluster& in_force() const;
    // What an edit of it is counted by.
    [[nodiscard]] std::uint64_t next_generation() const;
};

// An exit code: it failed, and that was said.
[[nodiscard]] std::optional<ExitCode> read_base(const Options& options, Console& console,
                                                Base& into);

// Of a configuration that has the cluster.
[[nodiscard]] const config::Cluster& cluster_named(const config::Config& config,
                                                   const std::string& name);

}  // namespace nlb::cli
