// Which port rules a command means, and the state of each rule on this host. It knows no buckets
// and no owners.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "controlplane/agent/return_value.hpp"
#include "controlplane/agent/rule_healths.hpp"
#include "core/base/result.hpp"
#include "core/cluster/membership.hpp"

namespace nlb::controlplane {

// by RuleId; the default rule is always enabled
using RuleStates = std::array<RuleState, kRuleSlots>;

// `text` is a rule's name, `all`, PORT, VIP:PORT or VIP:all ([VIP]:PORT for IPv6). A port alone
// means every rule that covers it; with a VIP the rule that traffic to it meets: one for this VIP
// before one for all. An address that is no virtual one of the cluster is an error. Never empty.
[[nodiscard]] Result<std::vector<RuleId>> select_rules(const config::Cluster& cluster,
                                                       std::string_view text);

// Sets the rules' state and names those that changed.
// Requires: `rules` are of the cluster.
[[nodiscard]] CommandResult change_rules(const config::Cluster& cluster, RuleStates& states,
                                         const std::vector<RuleId>& rules, RuleState wanted);

// Bit r: rule r is disabled; see Tables::ended_rules.
[[nodiscard]] std::uint64_t disabled_rules(const RuleStates& states);

// What the host puts in, from its configuration, the rules' states and the health of its servers.
// The operator's word is stronger: of a rule that is disabled or draining no failure is told.
[[nodiscard]] DesiredRules desired_rules_of(const config::Cluster& cluster,
                                            const config::Host& host, const RuleStates& states,
                                            const ToldHealths& healths);

[[nodiscard]] std::string_view name_of(RuleState state);
// Nothing when it is no such word.
[[nodiscard]] std::optional<RuleState> rule_state_from(std::string_view name);
// The configured name, or "default".
[[nodiscard]] std::string_view rule_name(const config::Cluster& cluster, RuleId rule);
// Every configured rule, then the default one.
[[nodiscard]] std::vector<RuleId> rule_ids(const config::Cluster& cluster);

}  // namespace nlb::controlplane
