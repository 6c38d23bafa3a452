// The words by which NLB's texts tell flags, modes and shares, in English and as its German and
// French help has them, cut off or with a code page's idea of an accent; and the numbers of WMI and
// the registry.
#pragma once

#include <optional>
#include <string_view>

#include "config/schema.hpp"

namespace nlb::cli::windows {

[[nodiscard]] std::optional<bool> flag_of(std::string_view text);
[[nodiscard]] std::optional<LinkMode> link_mode_of(std::string_view text);
[[nodiscard]] std::optional<config::InitialState> host_state_of(std::string_view text);
[[nodiscard]] std::optional<config::Protocols> protocols_of(std::string_view text);
[[nodiscard]] std::optional<RuleMode> rule_mode_of(std::string_view text);
[[nodiscard]] std::optional<Affinity> affinity_of(std::string_view text);
// "Eql"
[[nodiscard]] bool means_equal(std::string_view text);
// "All", or one of the addresses that stand for it
[[nodiscard]] bool means_all(std::string_view text);

}  // namespace nlb::cli::windows
