// The words that people read for the causes of core/cluster/causes.hpp: one clause each, without a
// full stop.
#pragma once

#include <string>
#include <string_view>

#include "core/cluster/actions.hpp"
#include "core/cluster/causes.hpp"
#include "core/cluster/sign.hpp"
#include "core/ipc/messages.hpp"
#include "core/wire/frame_versions.hpp"

namespace nlb::controlplane {

[[nodiscard]] std::string_view words_of(ResetCause cause);
// Empty when nothing is waited for.
[[nodiscard]] std::string_view words_of(Unconverged cause);
[[nodiscard]] std::string_view name_of(Report::Kind kind);
// With what to do about it.
// `versions`: that the host which is told can speak.
[[nodiscard]] std::string words_of(const Sign& sign, const FrameVersions& versions);
// What is wrong inside, also where the host serves all the same; empty: nothing.
[[nodiscard]] std::string words_of(const ipc::Inside& inside);
// What a report says besides its kind and its host.
[[nodiscard]] std::string words_of(const Report& report);

}  // namespace nlb::controlplane
