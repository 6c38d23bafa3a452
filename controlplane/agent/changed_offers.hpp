// Which host's word made a new map, when the same hosts take part: one that drains, a rule that was
// enabled, disabled or drained, a server that failed or came back, or another weight. It compares
// what was heard at the last map with what is heard now, and decides nothing.
#pragma once

#include <map>
#include <optional>

#include "controlplane/agent/convergence_statistics.hpp"
#include "core/cluster/peers.hpp"

namespace nlb::controlplane {

struct HostOffers {
    bool draining = false;
    std::array<std::uint8_t, kRuleSlots> offers{};
    std::array<RuleState, kRuleSlots> states{};
    bool operator==(const HostOffers&) const = default;
};
using OffersByHost = std::map<HostId, HostOffers>;

// What living hosts have stated; by the lowest id first.
[[nodiscard]] OffersByHost offers_of(const std::map<HostId, Peer>& peers);

struct ChangedOffers {
    ConvergenceCause cause;
    HostId by;
};
// Of the host with the lowest id whose offers differ; nothing: of none that was known before.
[[nodiscard]] std::optional<ChangedOffers> first_changed(const OffersByHost& before,
                                                         const OffersByHost& now);

}  // namespace nlb::controlplane
