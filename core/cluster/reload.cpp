#include "core/cluster/reload.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/mutation.hpp"

namespace nlb {
namespace {

bool owns_anything(const Peer& peer) {
    return any(own_of(peer));
}

}  // namespace

bool Reload::stage(const std::optional<StagedConfig>& next) {
    const bool is_news = next && next->digest != params_->config_digest;
    const std::optional<StagedConfig> staged = is_news ? next : std::nullopt;
    if (staged_ == staged) return false;
    // What is held can be changed no more, but what this host will offer under it follows what
    // happens meanwhile: a rule that is disabled, a server that fails.
    if (is_settled()) {
        if (!staged_ || !staged || staged_->digest != staged->digest) return false;
        staged_->desired = staged->desired;
        return true;
    }
    staged_ = staged;
    return true;
}

StagedConfig Reload::take() {
    NLB_ASSERT(staged_);
    before_ = holding_before();
    StagedConfig next = *staged_;
    staged_.reset();
    joint_ = false;
    return next;
}

HostSet Reload::awaited() const {
    HostSet missing;
    if (!staged_) return missing;
    for (const MemberEntry& member : map_->map().members) {
        const Peer* const peer = peers_->find(member.id);
        if (member.id != self_->id && peer != nullptr && peer->staged.digest != staged_->digest)
            missing.insert(member.id);
    }
    return missing;
}

bool Reload::all_hold(const Incarnations& wanted) const {
    if (!staged_) return false;
    return std::all_of(wanted.begin(), wanted.end(), [this](const auto& entry) {
        if (entry.first == self_->id) return true;
        const Peer& peer = peers_->at(entry.first);
        return peer.staged.digest == staged_->digest || has_changed_over(peer);
    });
}

// What a peer said before the last change-over may be all that was heard of it: when a reload takes
// the last one back, that names the configuration that is held now.
bool Reload::has_changed_over(const Peer& peer) const {
    return peer.config_digest == staged_->digest &&
           (peer.generation > params_->generation || mutated(Mutation::former_word));
}

bool Reload::everything_is_released() const {
    if (mutated(Mutation::reload_early)) return true;
    if (!handover_->is_empty() || !peers_->all_state_epoch()) return false;
    return std::none_of(peers_->all().begin(), peers_->all().end(), [this](const auto& entry) {
        const auto& [id, peer] = entry;
        return peers_->heard_within(peer, params_->timing.drop_after) &&
               !peers_->is_gone(id, peer) && owns_anything(peer);
    });
}

bool Reload::can_use(const ClusterMap& map) const {
    if (map.config_digest == params_->config_digest) return true;
    return staged_ && map.config_digest == staged_->digest && handover_->is_empty();
}

OfferTable Reload::offers_of(const Incarnations& wanted) const {
    NLB_ASSERT(staged_);
    OfferTable offers;
    for (const auto& [id, incarnation] : wanted) {
        if (id == self_->id) {
            offers[id] = report().offers;
            continue;
        }
        const Peer& peer = peers_->at(id);
        offers[id] = peer.config_digest == staged_->digest ? effective_offers(peer.stated_rules)
                                                           : peer.staged.offers;
    }
    return offers;
}

OwnerMap Reload::holding_before() const {
    NLB_ASSERT(staged_);
    OwnerMap holding{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        if (staged_->previous[slot] != kNoPreviousRule)
            holding[slot] = before_[staged_->previous[slot]];
    return holding;
}

StagedReport Reload::report() const {
    StagedReport report;
    if (!staged_) return report;
    report.digest = staged_->digest;
    report.slots = staged_->slots;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
        const bool configured = slot + 1U < staged_->slots || slot == kDefaultRule;
        const DesiredRule& desired = staged_->desired[slot];
        if (configured && !handover_->offers_nothing())
            report.offers[slot] = effective_offer(desired.offer, desired.state);
    }
    return report;
}

// Whoever takes no part uses what it reads; a member whose fellow has changed over follows it, and
// so does a joiner; a joiner that has listened for long and hears no member of its own
// configuration uses what it holds.
std::optional<std::uint64_t> Reload::generation_to_follow() const {
    if (!staged_) return std::nullopt;
    if (self_->state == MembershipState::off) return params_->generation + 1;
    if ((!self_->is_joiner() && !is_under_way()) || !handover_->is_empty()) return std::nullopt;
    bool somebody_has_mine = false;
    std::optional<std::uint64_t> theirs;
    for (const auto& [id, peer] : peers_->all()) {
        if (!peer.stated || peer.state != MemberState::member || !peers_->is_live(id) ||
            peers_->is_of_another_lineage(id, peer))
            continue;
        // A joiner belongs to no generation.
        const bool leads =
            self_->is_joiner() ? peer.config_digest == staged_->digest : has_changed_over(peer);
        if (leads) theirs = peer.generation;
        somebody_has_mine = somebody_has_mine || peer.config_digest == params_->config_digest;
    }
    if (theirs) return theirs;
    const bool alone = self_->is_joiner() && !somebody_has_mine && listening_->has_listened();
    return alone ? std::optional{params_->generation + 1} : std::nullopt;
}

}  // namespace nlb
