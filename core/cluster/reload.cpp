// Two-phase reload. First every live host holds the next configuration; then an epoch takes
// everything back, because under two numberings of rules one packet has two buckets; when nothing
// is anybody's, the next epoch is the first of the new configuration.
#include <algorithm>

#include "core/base/mutation.hpp"
#include "core/cluster/membership.hpp"
#include "core/wire/map_parts.hpp"

namespace nlb {
namespace {

bool any(const RuleMasks& masks) {
    return std::any_of(masks.begin(), masks.end(), [](BucketMask mask) { return mask != 0; });
}

bool owns_anything(const Peer& peer) {
    return std::any_of(peer.rules.begin(), peer.rules.end(),
                       [](const RuleReport& rule) { return rule.own != 0; });
}

}  // namespace

Actions Membership::on_staged(Instant now, const std::optional<StagedConfig>& next) {
    advance(now);
    const bool is_news = next && next->digest != params_.config_digest;
    const std::optional<StagedConfig> held = is_news ? next : std::nullopt;
    if (!reload_is_under_way() && staged_ != held) {
        staged_ = held;
        want_to_speak_ = true;
    }
    step();
    return take_actions();
}

Actions Membership::on_config_asked(Instant now, std::uint64_t digest, std::string_view lines) {
    advance(now);
    if ((state_ == MembershipState::join || state_ == MembershipState::member) && link_up_ &&
        await_first_.empty()) {
        std::vector<ClusterFrame> frames;
        for (ConfigPart& part : split_config(digest, lines, compose_header()))
            frames.emplace_back(std::move(part));
        send(std::move(frames));
    }
    step();
    return take_actions();
}

HostSet Membership::awaited() const {
    HostSet missing;
    if (!staged_) return missing;
    for (const MemberEntry& member : map_.members) {
        const auto peer = peers_.find(member.id);
        if (member.id != params_.self && peer != peers_.end() &&
            peer->second.staged.digest != staged_->digest)
            missing.insert(member.id);
    }
    return missing;
}

bool Membership::all_hold(const Incarnations& wanted) const {
    if (!staged_) return false;
    return std::all_of(wanted.begin(), wanted.end(), [this](const auto& entry) {
        if (entry.first == params_.self) return true;
        const Peer& peer = peers_.at(entry.first);
        return peer.staged.digest == staged_->digest || peer.config_digest == staged_->digest;
    });
}

// Nobody who is heard, member or not, and not this host either, owns a bucket.
bool Membership::everything_is_released() const {
    if (mutated(Mutation::reload_early)) return true;
    if (any(own_) || installing_ || !all_state_my_epoch()) return false;
    return std::none_of(peers_.begin(), peers_.end(), [this](const auto& entry) {
        const auto& [id, peer] = entry;
        return heard_within(peer, params_.timing.drop_after) && !is_gone(id, peer) &&
               owns_anything(peer);
    });
}

Membership::OfferTable Membership::staged_offers_of(const Incarnations& wanted) const {
    OfferTable offers;
    for (const auto& [id, incarnation] : wanted) {
        if (id == params_.self) {
            offers[id] = compose_staged().offers;
            continue;
        }
        const Peer& peer = peers_.at(id);
        offers[id] = peer.config_digest == staged_->digest ? effective_offers(peer.stated_rules)
                                                           : peer.staged.offers;
    }
    return offers;
}

// Who held the buckets of each rule, by its new number: rules that both configurations have move as
// little as they can.
OwnerMap Membership::holding_before_reload() const {
    OwnerMap holding{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        if (staged_->former[slot] != kNoPreviousRule)
            holding[slot] = before_reload_[staged_->former[slot]];
    return holding;
}

void Membership::publish_staged(const Incarnations& wanted) {
    const OfferTable offers = staged_offers_of(wanted);
    ClusterMap map = next_map(wanted, offers);
    map.config_digest = staged_->digest;
    map.generation = params_.generation + 1;
    map.next_digest = 0;
    map.inputs_digest = digest_of(offers, map.config_digest, 0);
    map.targets =
        targets_for(offers, {staged_->slots, staged_->single_slots}, holding_before_reload());
    adopt(map, true);
}

bool Membership::can_use(const ClusterMap& map) const {
    if (map.config_digest == params_.config_digest) return true;
    return staged_ && map.config_digest == staged_->digest && !any(own_) && !installing_;
}

// Requires: nothing is owned. What descriptors are in which bucket is unknown until the dataplane
// has filed them anew.
void Membership::use_staged(std::uint64_t generation) {
    before_reload_ = holding_before_reload();
    const StagedConfig next = *staged_;
    staged_.reset();
    params_.config_digest = next.digest;
    params_.slots = next.slots;
    params_.single_slots = next.single_slots;
    params_.configured_hosts = next.configured_hosts;
    ever_sticky_ = ever_sticky_ || params_.sticky;
    params_.sticky = next.sticky;
    params_.generation = generation;
    desired_ = next.desired;
    const BucketMask everywhere = any(dirty_) ? kAllBuckets : 0;
    dirty_ = {};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        if (slot + 1U < params_.slots || slot == kDefaultRule) dirty_[slot] = everywhere;
    dirty_is_previous_ = true;
    installed_dirty_elsewhere_ = {};
    for (auto& [id, peer] : peers_) peer.rules = rules_as_numbered_here(peer);
    actions_.push_back(UseConfig{next.digest, generation});
}

// Whoever owns nothing need not wait for a map: whoever takes no part uses what it reads; a member
// whose fellow has changed over follows it, and so does a joiner; a joiner that has listened for
// long and hears no member of its own configuration uses what it holds. Joiners do it under a new
// term, so that no map made for the former configuration waits for them.
void Membership::follow_the_members() {
    if (state_ == MembershipState::off && staged_) return use_staged(params_.generation + 1);
    const bool joiner = state_ == MembershipState::join;
    if ((!joiner && !reload_is_under_way()) || !staged_ || any(own_) || installing_) return;
    bool somebody_has_mine = false;
    std::optional<std::uint64_t> theirs;
    for (const auto& [id, peer] : peers_) {
        if (!peer.stated || peer.state != MemberState::member || !is_live(id) ||
            is_split_brain(id, peer))
            continue;
        if (peer.config_digest == staged_->digest) theirs = peer.generation;
        somebody_has_mine = somebody_has_mine || peer.config_digest == params_.config_digest;
    }
    const bool alone =
        joiner && !somebody_has_mine && listened_ - joined_at_ > params_.timing.bury_after;
    if (!theirs && !alone) return;
    use_staged(theirs ? *theirs : params_.generation + 1);
    if (joiner) become_fresh();
}

StagedReport Membership::compose_staged() const {
    StagedReport report;
    if (!staged_) return report;
    report.digest = staged_->digest;
    report.slots = staged_->slots;
    const bool offers_nothing = draining_ || leave_by_ != Duration::zero();
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
        const bool configured = slot + 1U < staged_->slots || slot == kDefaultRule;
        const DesiredRule& desired = staged_->desired[slot];
        if (configured && !offers_nothing && desired.state == RuleState::enabled)
            report.offers[slot] = desired.offer;
    }
    return report;
}

// Buckets of another configuration are no buckets of mine: R13 keeps its host out, R9 ends the
// meeting of two that serve. A member that has not changed over yet owns nothing, and what it will
// offer it has said.
std::array<RuleReport, kRuleSlots> Membership::rules_as_numbered_here(const Peer& peer) const {
    if (peer.config_digest == params_.config_digest) return peer.stated_rules;
    std::array<RuleReport, kRuleSlots> rules{};
    if (peer.staged.digest != params_.config_digest) return rules;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        rules[slot].offer = peer.staged.offers[slot];
    return rules;
}

}  // namespace nlb
