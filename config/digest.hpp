// Whether two hosts hold the same configuration, as far as they must (cluster.md R13), and where they first differ.
// What concerns one host alone is left out: devices, lcores, initial state, key files, time-outs; weights and priorities travel in
// heartbeats; the generation is compared on its own.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/schema.hpp"

namespace nlb::config {

// (path, value) in a fixed order: equal on two hosts exactly when they agree. Neither holds "=" nor a line break before its end.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> canonical_lines(const Cluster& cluster);

// The first 8 bytes, read little-endian, of BLAKE2b-256 over the lines "PATH=VALUE\n".
[[nodiscard]] std::uint64_t digest_of(const Cluster& cluster);

}  // namespace nlb::config
