// Which versions of the frames, and of the rules that go with them, a host can speak, and what two
// hosts have in common. It does not decide which one a cluster goes by: core/cluster/coordinator
// does, and core/cluster/heard_versions who else is spoken to.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>

namespace nlb {

// What this tree speaks. docs/protocol.md, "Versions", says what each one changed. The header of a
// frame (64 bytes, tag and seal) is the same in all versions from 3 on.
inline constexpr std::uint8_t kFrameVersion = 3;

// Both ends belong to it. Zeros: not known.
struct FrameVersions {
    std::uint8_t least = 0;
    std::uint8_t newest = 0;
    [[nodiscard]] constexpr bool include(std::uint8_t version) const {
        return version != 0 && least <= version && version <= newest;
    }
    auto operator<=>(const FrameVersions&) const = default;
};

// Nothing: there is no version that both can speak, or one of them is not known.
[[nodiscard]] constexpr std::optional<FrameVersions> common(const FrameVersions& one,
                                                            const FrameVersions& other) {
    const FrameVersions both{std::max(one.least, other.least), std::min(one.newest, other.newest)};
    return both.newest != 0 && both.least <= both.newest ? std::optional{both} : std::nullopt;
}

// Of this build: a test's may speak one more (NLB_NEXT_VERSION in frame_codec.cpp).
[[nodiscard]] FrameVersions frame_versions();

}  // namespace nlb
