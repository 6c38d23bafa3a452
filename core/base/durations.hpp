// Durations as the numbers that people and metrics read. Nothing here asks what time it is.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/base/types.hpp"

namespace nlb {

[[nodiscard]] constexpr double in_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}
// Whole ones, rounded towards zero.
[[nodiscard]] constexpr std::int64_t in_milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace nlb
