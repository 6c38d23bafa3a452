// What survives a restart of this program as a file: `state` in the state directory, JSON. It is
// written whole or not at all. A file that does not read counts as none: then `initial_state: last`
// means started. What it means is agent/stored_state.hpp's.
#pragma once

#include <optional>
#include <string>

#include "controlplane/agent/stored_state.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

// What is longer is not read to its end, and so counts as none.
inline constexpr std::size_t kStateBytesMax = 1U << 18;

[[nodiscard]] std::string encode_state(const StoredState& state);
// Nothing when it is no state; words that are not known are left out.
[[nodiscard]] std::optional<StoredState> decode_state(const std::string& text);

// Empty when there is none. An error when there is one that cannot be used.
[[nodiscard]] Result<StoredState> read_state(const std::string& path);
// It returns when the disk has it, which may take long. Requires: `path` is in a run directory
// whose lock is held, and nobody else writes it.
[[nodiscard]] Status write_state(const std::string& path, const StoredState& state);

}  // namespace nlb::controlplane
