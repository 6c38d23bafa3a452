// Which map `explain` and `plan` speak of: the one in force when the control plane of this machine
// tells one, else an ideal one that follows from the configuration alone. Either is named in words,
// so that nobody takes the one for the other.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/console.hpp"
#include "cli/live_map.hpp"
#include "cli/options.hpp"
#include "config/schema.hpp"

namespace nlb::cli {

struct MapInUse {
    std::unique_ptr<const config::Config> config;
    const config::Cluster* cluster = nullptr;  // in `config`
    std::optional<HashKey> hash_key;           // nothing when the key was not asked for
    std::optional<LiveMap> live;               // nothing: an ideal map
    std::string headline;                      // for people: which map, and why this one

    [[nodiscard]] const char* word() const { return live ? "live" : "ideal"; }
};

// `--members` asks for an ideal map. So does a control plane that does not answer, that knows no
// map, or that runs another configuration than the one that is named; then a warning says so.
// `needs_key`: packets are to be hashed. An exit code: it failed, and that was said.
[[nodiscard]] std::optional<ExitCode> choose_map(const Options& options, Console& console,
                                                 bool needs_key, MapInUse& into);

}  // namespace nlb::cli
