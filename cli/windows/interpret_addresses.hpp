// Addresses and names as Windows writes them, made ours: a mask becomes a length, what the
// configuration would refuse in a name becomes "-".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/windows/imported.hpp"

namespace nlb::cli::windows {

// `what` stands in a mistake. What is not said is assumed and noted.
[[nodiscard]] std::optional<config::Prefix> prefix_of(const AddressStatement& at,
                                                      const std::string& what, Findings& findings);
// Each once, without those that are unspecified or link-local.
void add_prefixes(const std::vector<AddressStatement>& from, const std::string& what,
                  std::vector<config::Prefix>& into, Findings& findings);
[[nodiscard]] bool holds(const std::vector<config::Prefix>& prefixes, const IpAddress& address);
// Empty: nothing of it can stand in a name.
[[nodiscard]] std::string usable_name(std::string_view text);

}  // namespace nlb::cli::windows
