#include "controlplane/agent/changed_offers.hpp"

namespace nlb::controlplane {
namespace {

ConvergenceCause cause_of(const HostOffers& before, const HostOffers& now) {
    if (now.draining && !before.draining) return ConvergenceCause::drain;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
        if (now.states[slot] == before.states[slot]) continue;
        const bool check =
            now.states[slot] == RuleState::failed || before.states[slot] == RuleState::failed;
        return check ? ConvergenceCause::health : ConvergenceCause::rule;
    }
    return ConvergenceCause::weight;
}

}  // namespace

OffersByHost offers_of(const std::map<HostId, Peer>& peers) {
    OffersByHost all;
    for (const auto& [id, peer] : peers) {
        if (!peer.stated) continue;
        HostOffers& host = all[id];
        host.draining = (peer.flags & kFlagDraining) != 0;
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
            host.offers[slot] = peer.rules[slot].offer;
            host.states[slot] = peer.rules[slot].state;
        }
    }
    return all;
}

std::optional<ChangedOffers> first_changed(const OffersByHost& before, const OffersByHost& now) {
    for (const auto& [id, offers] : now) {
        const auto former = before.find(id);
        if (former == before.end() || former->second == offers) continue;
        return ChangedOffers{cause_of(former->second, offers), id};
    }
    return std::nullopt;
}

}  // namespace nlb::controlplane
