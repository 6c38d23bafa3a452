// Bounds that several rooms share and that must be one number. A bound of one room stands there.
#pragma once

#include <cstddef>

namespace nlb {

// Clusters of a configuration, and so of a host, of a connection between its two programs, and of a
// tables file.
inline constexpr std::size_t kClustersMax = 16;

// A cluster's name with the zero behind it, where it travels in a struct.
inline constexpr std::size_t kClusterNameBytes = 64;

}  // namespace nlb
