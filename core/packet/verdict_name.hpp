// What a verdict is called wherever one is shown: by explain, trace and the page. Thread: any.
#pragma once

#include <array>
#include <string_view>

#include "core/packet/reasons.hpp"

namespace nlb {

[[nodiscard]] constexpr std::string_view name_of(Verdict verdict) {
    constexpr std::array<std::string_view, 7> kNames{"live", "wait",    "accept", "reject",
                                                     "drop", "consume", "send"};
    return kNames[static_cast<std::size_t>(verdict)];
}
static_assert(name_of(Verdict::live) == "live" && name_of(Verdict::send) == "send");

}  // namespace nlb
