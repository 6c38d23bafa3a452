// What values must be in relation to each other. It reads a parsed Config and asks the diagnostics
// where things stand in the file; what is already broken there is left alone, so that one slip is
// told once.
#pragma once

#include <string>

#include "config/diagnostics.hpp"
#include "config/schema.hpp"

namespace nlb::config {

void validate(const Config& config, Diagnostics& diagnostics);

// The parts, in files of their own. `path` is the cluster's: "clusters[0]".
void validate_addresses(const Config& config, Diagnostics& diagnostics);
void validate_rules(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics);
// `path` is the rule's.
void validate_health(const PortRule& rule, const std::string& path, Diagnostics& diagnostics);
void validate_hosts(const Cluster& cluster, const std::string& path, Diagnostics& diagnostics);
void validate_devices(const Config& config, Diagnostics& diagnostics);

[[nodiscard]] inline std::string path_of(const std::string& list, std::size_t index) {
    return list + "[" + std::to_string(index) + "]";
}

}  // namespace nlb::config
