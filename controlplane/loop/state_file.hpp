// What survives a restart of this program: the last state of the host and its rules, per cluster,
// in RUN_DIR/state (JSON). It is written whole or not at all. A file that does not read counts as
// none: then `initial_state: last` means started.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controlplane/agent/host_state.hpp"
#include "core/base/result.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb::controlplane {

struct StoredCluster {
    std::optional<Wanted> wanted;
    std::map<std::string, RuleState> rules;  // those that are not enabled, by name
    bool operator==(const StoredCluster&) const = default;
};
using StoredState = std::map<std::string, StoredCluster>;  // by cluster

inline constexpr std::size_t kStateBytesMax = 1U << 18;

[[nodiscard]] std::string encode_state(const StoredState& state);
[[nodiscard]] std::optional<StoredState> decode_state(const std::string& text);

[[nodiscard]] StoredState read_state(const std::string& path);
[[nodiscard]] Status write_state(const std::string& path, const StoredState& state);

}  // namespace nlb::controlplane
