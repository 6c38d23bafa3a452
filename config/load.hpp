// From a YAML file to a checked Config, or to every mistake in it, each on one line:
// `FILE:LINE:COLUMN: path: expected ..., got ...`. yaml-cpp's exceptions stop in load.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "core/base/result.hpp"

namespace nlb::config {

inline constexpr std::size_t kFileBytesMax = 1U << 20;

struct Loaded {
    Config config;
    std::string text;                   // as it was read
    std::vector<std::string> warnings;  // the same shape as mistakes; the configuration is usable
};

// Every mistake found, one per line, in the order of the file; the last line has no newline.
Result<Loaded> load_file(const std::string& path);
// `name` stands for FILE in messages. Relative key files are looked for beside `beside`, a file;
// empty: beside `name`.
Result<Loaded> load_text(std::string_view yaml, const std::string& name,
                         const std::string& beside = "");

// The one host and the clusters it is a member of. An error names the hosts that exist.
// Requires: `config` came from load_*.
struct Member {
    const Cluster* cluster;
    const Host* host;
};
Result<std::vector<Member>> memberships_of(const Config& config, const std::string& host_name);
// Where the host's programs tell their metrics: its own `metrics`, else the file's.
[[nodiscard]] const Metrics& metrics_of(const Config& config, const std::string& host_name);

}  // namespace nlb::config
