// What happened during the last hour, for whoever looks afterwards: epochs and the buckets that
// they moved, windows in which buckets had no owner, and what people were told. It is made of the
// events that are kept on the disk and of nothing else, so that a new control plane shows what the
// one before it did. It keeps nothing, and reads no clock.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::controlplane {

// Milliseconds since 1970, UTC.
using WallTime = std::int64_t;
// By cluster and id; epochs bear the id of whoever made them.
using HostNames = std::map<std::pair<std::string, HostId>, std::string>;

inline constexpr WallTime kTimelineSpan = 3600 * 1000;
inline constexpr std::size_t kTimelineEntriesMax = 500;

// `lines`: events as `nlb events --json` prints them, oldest first; what is none is passed over.
// Entries are oldest first, and the newest ones where there are too many. Thread: any.
[[nodiscard]] nlohmann::json timeline_view(const std::vector<std::string>& lines, WallTime now,
                                           const HostNames& names);

}  // namespace nlb::controlplane
