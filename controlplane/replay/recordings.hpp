// Finds recordings: in a bundle, or in a folder of the machine (a state directory, what the
// simulator wrote), and replays all of them. It reads files and decides nothing.
#pragma once

#include <string>
#include <vector>

#include "controlplane/replay/history.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

inline constexpr const char* kRecordingSuffix = ".flight";

// An error is one sentence: `path` cannot be read or is none, holds no recording, or one of them is
// damaged or of another version.
[[nodiscard]] Result<History> replay_path(const std::string& path);

}  // namespace nlb::controlplane
