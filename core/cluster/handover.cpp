// R8 and R11: buckets change hands in two steps. The old owner stops its cores, waits until none
// can still be answering, and then says so; the new owner waits until every member of the epoch has
// said that it does not answer.
#include "core/base/mutation.hpp"
#include "core/cluster/membership.hpp"

namespace nlb {
namespace {

bool any(const RuleMasks& masks) {
    BucketMask all = 0;
    for (const BucketMask mask : masks) all |= mask;
    return all != 0;
}

template <class Combine>
RuleMasks combine(const RuleMasks& a, const RuleMasks& b, Combine&& per_mask) {
    RuleMasks result;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) result[slot] = per_mask(a[slot], b[slot]);
    return result;
}
RuleMasks without(const RuleMasks& a, const RuleMasks& b) {
    return combine(a, b, [](BucketMask x, BucketMask y) { return x & ~y; });
}
RuleMasks common(const RuleMasks& a, const RuleMasks& b) {
    return combine(a, b, [](BucketMask x, BucketMask y) { return x & y; });
}
RuleMasks joined(const RuleMasks& a, const RuleMasks& b) {
    return combine(a, b, [](BucketMask x, BucketMask y) { return x | y; });
}
RuleMasks own_of(const Peer& peer) {
    RuleMasks own;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) own[slot] = peer.rules[slot].own;
    return own;
}

}  // namespace

RuleMasks Membership::targets_of_mine() const {
    return leaving_ ? RuleMasks{} : targets_of(params_.self);
}

bool Membership::all_state_my_epoch() const {
    for (const MemberEntry& member : map_.members) {
        if (member.id == params_.self) continue;
        const auto peer = peers_.find(member.id);
        if (peer == peers_.end() || peer->second.incarnation != member.incarnation ||
            is_gone(member.id, peer->second))
            return false;
        if (!peer->second.stated || peer->second.epoch != map_.epoch) return false;
        // R14: it has the epoch, but its cores may still serve by what an older one granted.
        if ((peer->second.flags & kFlagPrevious) != 0) return false;
    }
    return true;
}

void Membership::move_buckets() {
    if (installing_ || state_ != MembershipState::member) return;
    settled_ = settled_ || (!previous_guests_ && all_state_my_epoch());
    const RuleMasks targets = targets_of_mine();
    if (release(targets) || acquire(targets)) return;
    refresh_dirty();
}

bool Membership::release(const RuleMasks& targets) {
    if (!any(without(own_, targets))) return false;
    if (!leaving_ && !all_state_my_epoch() && !mutated(Mutation::one_phase)) return false;
    const RuleMasks kept = common(own_, targets);
    if (mutated(Mutation::advertise_early)) {
        own_ = kept;
        want_to_speak_ = true;
    }
    install(kept);
    return true;
}

bool Membership::acquire(const RuleMasks& targets) {
    RuleMasks taken = without(targets, own_);
    if (!any(taken)) return false;
    if (params_.majority && map_.members.size() < params_.configured_hosts / 2U + 1U) return false;
    const bool any_epoch = mutated(Mutation::stale_release) || mutated(Mutation::acquire_early);
    if (!any_epoch && !all_state_my_epoch()) return false;
    for (const auto& [id, peer] : peers_) {
        const bool member = is_member(id, peer.incarnation);
        if (member && mutated(Mutation::acquire_early)) continue;
        if (member && mutated(Mutation::stale_release) && is_gone(id, peer)) continue;
        if (!member && mutated(Mutation::outsider_blind)) continue;
        const bool outsider_counts = heard_within(peer, params_.timing.drop_after) &&
                                     (peer.flags & (kFlagGoodbye | kFlagDeaf)) == 0;
        if (member || outsider_counts) taken = without(taken, own_of(peer));
    }
    if (!any(taken)) return false;
    own_ = joined(own_, taken);  // stated as mine before any core may use it
    want_to_speak_ = true;
    install(own_);
    return true;
}

RuleMasks Membership::dirty_elsewhere() const {
    RuleMasks dirty{};
    for (const auto& [id, peer] : peers_) {
        // A buried member may still serve its descriptors under a lease that others keep alive; it
        // goes with its epoch.
        const bool member = is_member(id, peer.incarnation) && (peer.flags & kFlagGoodbye) == 0;
        if (!member && !is_live(id)) continue;
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot) dirty[slot] |= peer.rules[slot].dirty;
    }
    return dirty;
}

// Bits are taken away only when the whole epoch is agreed: whom it lacks has then lost its lease.
RuleMasks Membership::dirty_to_install(const RuleMasks& own) const {
    RuleMasks dirty = dirty_elsewhere();
    if (!all_state_my_epoch()) dirty = joined(dirty, installed_dirty_elsewhere_);
    return common(dirty, own);
}

void Membership::refresh_dirty() {
    // After a warm restart nothing is known of whoever has not spoken: what is installed knows
    // more.
    for (const auto& [id, peer] : peers_)
        if (is_member(id, peer.incarnation) && !is_gone(id, peer) && !peer.stated) return;
    if (dirty_to_install(own_) != installed_dirty_elsewhere_ || era_is_stale()) install(own_);
}

void Membership::install(const RuleMasks& own) {
    installing_ = true;
    installing_own_ = own;
    installed_dirty_elsewhere_ = dirty_to_install(own);
    // nobody's: what was granted ends with it
    installed_era_ = state_ == MembershipState::reset ? 0 : map_digest_;
    installed_settled_ = settled_;
    actions_.push_back(InstallTables{++install_token_, own, installed_dirty_elsewhere_,
                                     map_.targets, map_.epoch.counter, installed_era_, settled_});
}

// R11: give everything back first, for at most T*P; then leave, and say goodbye when nothing is
// owned any more.
void Membership::finish_leaving() {
    if (leave_by_ == Duration::zero()) return;
    const bool empty = !any(own_) && !installing_;
    if (!leaving_ && (empty || listened_ >= leave_by_ || state_ == MembershipState::join)) {
        leaving_ = true;
        goodbyes_left_ = 3;
        want_to_speak_ = true;
    }
    if (!leaving_ || !empty) return;
    // no descriptor is served once the goodbye makes others forget my dirty buckets
    if (valid_until_ != kLongAgo) {
        valid_until_ = kLongAgo;
        actions_.push_back(SetLease{kLongAgo});
    }
    if (goodbyes_left_ != 0) return;
    state_ = MembershipState::off;
    has_left_ = true;
    leave_by_ = {};
    report(Report::Kind::left, params_.self, "nothing is owned any more");
}

OwnerMap Membership::stated_owners() const {
    OwnerMap owners{};
    const auto paint = [&owners](const RuleMasks& own, HostId host) {
        for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
            for (std::size_t b = 0; b < kBuckets; ++b)
                if ((own[slot] >> b & 1U) != 0) owners[slot][b] = host;
    };
    for (const auto& [id, peer] : peers_)
        if (is_live(id)) paint(own_of(peer), id);
    paint(own_, params_.self);
    return owners;
}

bool Membership::converged() const {
    return state_ == MembershipState::member && unconverged_because().first.empty();
}

std::pair<std::string, HostId> Membership::unconverged_because() const {
    if (state_ == MembershipState::off) return {"stopped", params_.self};
    if (state_ == MembershipState::reset) return {"the map is being emptied", params_.self};
    if (yields_to_duplicate_) return {"another host uses this id", params_.self};
    if (state_ == MembershipState::join)
        return {deaf_ ? "no frame of any kind arrives" : "waiting to be admitted", params_.self};
    for (const MemberEntry& member : map_.members) {
        if (member.id == params_.self) continue;
        const auto peer = peers_.find(member.id);
        if (peer == peers_.end() || is_gone(member.id, peer->second))
            return {"a member is gone", member.id};
        if (!peer->second.stated || peer->second.epoch != map_.epoch)
            return {"a member does not state the epoch yet", member.id};
        if ((peer->second.flags & kFlagPrevious) != 0)
            return {"a member's cores still go by the former epoch", member.id};
        if (own_of(peer->second) != targets_of(member.id))
            return {"a member has not moved its buckets yet", member.id};
    }
    if (reload_is_under_way()) return {"the next configuration takes over", map_.epoch.coordinator};
    if (own_ != targets_of_mine()) return {"buckets are moving", params_.self};
    return {};
}

void Membership::note_convergence() {
    const bool now_converged = converged();
    if (now_converged && !was_converged_)
        report(Report::Kind::converged, map_.epoch.coordinator,
               std::to_string(map_.members.size()) + " members");
    was_converged_ = now_converged;
}

}  // namespace nlb
