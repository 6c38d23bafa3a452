// The ports of a cluster as the dataplane last told of them, as JSON (docs/control-socket.md). It
// only reads.
#pragma once

#include <nlohmann/json.hpp>

#include "controlplane/agent/traffic.hpp"

namespace nlb::controlplane {

// The members `ports`, `workers` and `buffers` of a cluster; each null before the first report.
[[nodiscard]] nlohmann::json ports_view(const Traffic& traffic);
[[nodiscard]] nlohmann::json workers_view(const Traffic& traffic);
[[nodiscard]] nlohmann::json buffers_view(const Traffic& traffic);

}  // namespace nlb::controlplane
