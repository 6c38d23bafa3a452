#include "core/cluster/handover.hpp"

#include "core/base/assert.hpp"
#include "core/base/mutation.hpp"
#include "core/cluster/quorum.hpp"

namespace nlb {

RuleMasks own_of(const Peer& peer) {
    RuleMasks own;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) own[slot] = peer.rules[slot].own;
    return own;
}

void Handover::start() {
    leaving_ = has_left_ = installing_ = emptying_ = false;
    leave_by_ = {};
}

void Handover::resume(const RuleMasks& own, const RuleMasks& dirty) {
    own_ = own;
    dirty_ = dirty;
}

void Handover::forget() {
    own_ = dirty_ = {};
    installing_ = emptying_ = false;
}

RuleMasks Handover::targets() const {
    return leaving_ ? RuleMasks{} : map_->targets_of(self_->id);
}

void Handover::move_buckets() {
    NLB_ASSERT(self_->is_member());
    if (installing_) return;
    grants_->settle();
    const RuleMasks wanted = targets();
    if (release(wanted) || acquire(wanted)) return;
    refresh_dirty();
}

bool Handover::release(const RuleMasks& targets) {
    if (!any(without(own_, targets))) return false;
    if (!leaving_ && !peers_->all_state_epoch() && !mutated(Mutation::one_phase)) return false;
    const RuleMasks kept = common(own_, targets);
    if (mutated(Mutation::advertise_early)) {
        own_ = kept;
        outbox_->speak_soon();
    }
    install(kept);
    return true;
}

bool Handover::acquire(const RuleMasks& targets) {
    RuleMasks taken = without(targets, own_);
    if (!any(taken)) return false;
    if (!quorum_->has(map_->members())) return false;
    const bool any_epoch = mutated(Mutation::stale_release) || mutated(Mutation::acquire_early);
    if (!any_epoch && !peers_->all_state_epoch()) return false;
    for (const auto& [id, peer] : peers_->all()) {
        const bool member = map_->has(id, peer.incarnation);
        if (member && mutated(Mutation::acquire_early)) continue;
        if (member && mutated(Mutation::stale_release) && peers_->is_gone(id, peer)) continue;
        if (!member && mutated(Mutation::outsider_blind)) continue;
        const bool outsider_counts =
            peers_->heard_within(peer, params_->timing.drop_after) && !has_withdrawn(peer.flags);
        if (member || outsider_counts) taken = without(taken, own_of(peer));
    }
    if (!any(taken)) return false;
    own_ = joined(own_, taken);  // stated as mine before any core may use it
    outbox_->speak_soon();
    install(own_);
    return true;
}

RuleMasks Handover::dirty_elsewhere() const {
    RuleMasks dirty{};
    for (const auto& [id, peer] : peers_->all()) {
        // A buried member may still serve its descriptors under a lease that others keep alive; it
        // goes with its epoch.
        const bool member = map_->has(id, peer.incarnation) && !says_goodbye(peer.flags);
        if (!member && !peers_->is_live(id)) continue;
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot) dirty[slot] |= peer.rules[slot].dirty;
    }
    return dirty;
}

// Bits are taken away only when the whole epoch is agreed: whom it lacks has then lost its lease.
RuleMasks Handover::dirty_to_install(const RuleMasks& own) const {
    RuleMasks dirty = dirty_elsewhere();
    if (!peers_->all_state_epoch()) dirty = joined(dirty, installed_dirty_elsewhere_);
    return common(dirty, own);
}

void Handover::refresh_dirty() {
    // After a warm restart nothing is known of whoever has not spoken: what is installed knows
    // more.
    for (const auto& [id, peer] : peers_->all())
        if (map_->has(id, peer.incarnation) && !peers_->is_gone(id, peer) && !peer.stated) return;
    // Whose the others' buckets are concerns reasons and counters alone, so it waits until nothing
    // moves any more.
    const bool others_moved =
        peers_->all_state_epoch() && installed_targets_ != map_->map().targets;
    if (dirty_to_install(own_) != installed_dirty_elsewhere_ || grants_->install_is_stale() ||
        others_moved)
        install(own_);
}

void Handover::install(const RuleMasks& own) {
    NLB_ASSERT(!installing_);
    installing_ = true;
    installing_own_ = own;
    installed_dirty_elsewhere_ = dirty_to_install(own);
    installed_targets_ = map_->map().targets;
    // Nobody's while this host resets: what was granted ends with it.
    const std::uint64_t era = self_->state == MembershipState::reset ? 0 : map_->digest();
    grants_->note_install(era);
    outbox_->push(InstallTables{++install_token_, own, installed_dirty_elsewhere_,
                                map_->map().targets, map_->epoch().counter, era,
                                grants_->settled()});
}

void Handover::empty() {
    if (installing_) return;  // its end calls here again
    emptying_ = true;
    install({});
}

Handover::Installed Handover::on_installed(std::uint64_t token, const RuleMasks& dirty) {
    if (!installing_ || token != install_token_) return Installed::not_awaited;
    installing_ = false;
    if (grants_->note_installed() || dirty_ != dirty) outbox_->speak_soon();
    dirty_ = dirty;
    dirty_is_previous_ = false;
    if (self_->state != MembershipState::reset) {
        if (own_ != installing_own_) outbox_->speak_soon();
        own_ = installing_own_;
        return Installed::done;
    }
    if (!emptying_) {
        empty();
        return Installed::done;
    }
    emptying_ = false;
    own_ = {};
    return Installed::emptied;
}

void Handover::on_dirty(const RuleMasks& dirty) {
    NLB_ASSERT(counts_dirty());
    // The owners must know before they answer for me.
    if (any(without(dirty, dirty_))) outbox_->speak_soon();
    dirty_ = dirty;
}

void Handover::ask_to_leave() {
    leave_by_ = listening_->time() + params_->timing.bury_after;
    outbox_->speak_soon();
}

void Handover::say_goodbye_when_empty() {
    if (leaving_) return;
    if (!is_empty() && listening_->time() < leave_by_ && !self_->is_joiner()) return;
    leaving_ = true;
    goodbyes_left_ = 3;
    outbox_->speak_soon();
}

void Handover::finish_leaving() {
    has_left_ = true;
    leave_by_ = {};
}

void Handover::renumber() {
    NLB_ASSERT(!any(own_));
    const BucketMask everywhere = any(dirty_) ? kAllBuckets : 0;
    dirty_ = {};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        if (slot + 1U < params_->slots || slot == kDefaultRule) dirty_[slot] = everywhere;
    dirty_is_previous_ = true;
    installed_dirty_elsewhere_ = {};
}

std::array<RuleReport, kRuleSlots> Handover::reports() const {
    std::array<RuleReport, kRuleSlots> rules{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
        if (slot + 1U >= params_->slots && slot != kDefaultRule) continue;
        const DesiredRule& desired = self_->desired[slot];
        rules[slot] = {own_[slot], dirty_[slot], offers_nothing() ? std::uint8_t{0} : desired.offer,
                       desired.state};
    }
    return rules;
}

}  // namespace nlb
