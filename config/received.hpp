// Two configurations of one host: the operator's own, and one that came from another machine. Which
// of them is the newer, and whether the one that came may take the other's place: it steers the
// cluster, and it neither opens devices nor runs programs that the operator's own does not name.
#pragma once

#include <string>

#include "config/schema.hpp"
#include "core/base/result.hpp"

namespace nlb::config {

// The generation of a cluster of `one` is higher in `other`, and that of none is lower.
[[nodiscard]] bool is_newer(const Config& other, const Config& one);

// An error names what `came` would change and only the operator's own file may. Requires: `own`
// names the host.
[[nodiscard]] Status may_take_place_of(const Config& own, const Config& came,
                                       const std::string& host);

// Relative key files that are missing beside the operator's own file, and that came, are used from
// `keys`, a directory. `exists` says whether a path names something.
void use_received_keys(Config& config, const std::string& own_file, const std::string& keys,
                       bool (*exists)(const std::string& path));

}  // namespace nlb::config
