// What does not fit one frame, cut into parts: a map of many rules, and the lines of a
// configuration. It puts nothing together; the coordinator of core/cluster and the configuration
// exchange do.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/wire/cluster_frames.hpp"

namespace nlb {

// A map's digest covers epoch, version, members and targets of `slots` slots; equal on every host
// and compiler.
[[nodiscard]] std::uint64_t digest_of(const ClusterMap& map, std::uint8_t slots);
// Requires: header.version is the map's.
[[nodiscard]] std::vector<MapPart> split_map(const ClusterMap& map, const FrameHeader& header);
// Text beyond kConfigPartsMax parts is cut off: it is for people, who want the first difference.
[[nodiscard]] std::vector<ConfigPart> split_config(std::uint64_t digest, std::string_view text,
                                                   const FrameHeader& header);

}  // namespace nlb
