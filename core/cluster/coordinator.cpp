// R6 and R7: who coordinates, whom it wants, and which maps are adopted.
#include <algorithm>

#include "core/base/mutation.hpp"
#include "core/cluster/bucket_assignment.hpp"
#include "core/cluster/membership.hpp"
#include "core/wire/frame_codec.hpp"
#include "core/wire/map_parts.hpp"

namespace nlb {
namespace {

constexpr std::uint8_t kOut = kFlagGoodbye | kFlagDeaf | kFlagLeaving;
constexpr std::uint8_t kNotNow = kOut | kFlagUnready;

}  // namespace

// Members of my epoch that are alive; nothing when somebody else coordinates. A joiner may begin
// alone.
std::optional<Membership::Incarnations> Membership::wanted_base() const {
    Incarnations base;
    base[params_.self] = incarnation_;
    if (state_ == MembershipState::join)
        return may_bootstrap() ? std::optional{base} : std::nullopt;
    for (const auto& [id, peer] : peers_) {
        if (!is_member(id, peer.incarnation) || is_gone(id, peer) || (peer.flags & kOut) != 0)
            continue;
        if (id < params_.self && peer.state == MemberState::member) return std::nullopt;
        base[id] = peer.incarnation;
    }
    return base;
}

bool Membership::may_bootstrap() const {
    const Timing& timing = params_.timing;
    if (!link_up_ || yields_to_duplicate_ || listened_ - joined_at_ < timing.bootstrap_after ||
        !could_hold_lease())
        return false;
    for (const auto& [id, peer] : peers_) {
        if (!heard_within(peer, timing.bury_after) || (peer.flags & kFlagDeaf) != 0) continue;
        if (peer.state == MemberState::member) return false;
        if (id < params_.self && (peer.flags & kOut) == 0) return false;
    }
    if (mutated(Mutation::boot_blind)) return true;
    // A host that is heard but cannot show that it hears me may own everything.
    for (const auto& [id, candidate] : candidates_)
        if (!candidate.deaf && listened_ - candidate.last_rx <= timing.bury_after) return false;
    return true;
}

bool Membership::may_join(HostId id, const Peer& peer) const {
    const bool same_lineage = peer.state == MemberState::member &&
                              state_ == MembershipState::member &&
                              peer.view.contains(params_.self) && !is_split_brain(id, peer);
    if (!peer.stated || (peer.state != MemberState::join && !same_lineage)) return false;
    if (!heard_within(peer, params_.timing.drop_after) || is_gone(id, peer) ||
        (peer.flags & kNotNow) != 0)
        return false;
    if (peer.config_digest != params_.config_digest) return false;  // R13
    const auto hears_me = peer.hears.find(params_.self);
    return hears_me != peer.hears.end() && hears_me->second.heard == incarnation_ &&
           peer.acknowledged != kLongAgo;
}

// Whoever hears, and is heard by, everybody already wanted; in the order of ids, so that the result
// is one.
Membership::Incarnations Membership::admit_joiners(Incarnations wanted) const {
    for (const auto& [id, peer] : peers_) {
        if (wanted.contains(id) || !may_join(id, peer)) continue;
        const bool two_way = std::all_of(
            wanted.begin(), wanted.end(), [&, id = id, &peer = peer](const auto& other) {
                if (other.first == params_.self) return true;
                const auto& hears = peers_.at(other.first).hears;
                const auto heard = hears.find(id);
                const auto back = peer.hears.find(other.first);
                return heard != hears.end() && heard->second.heard == peer.incarnation &&
                       (heard->second.flags & (kReportSilent | kReportCandidate | kReportBuried)) ==
                           0 &&
                       back != peer.hears.end() && back->second.heard == other.second;
            });
        if (two_way) wanted[id] = peer.incarnation;
    }
    return wanted;
}

bool Membership::a_peer_states_higher() const {
    return std::any_of(peers_.begin(), peers_.end(), [this](const auto& entry) {
        const auto& [id, peer] = entry;
        return peer.epoch > map_.epoch && peer.state == MemberState::member &&
               heard_within(peer, params_.timing.drop_after) && !is_split_brain(id, peer) &&
               !is_gone(id, peer);
    });
}

Membership::OfferList Membership::offers_of(HostId id) const {
    return effective_offers(id == params_.self ? compose_rules() : peers_.at(id).rules);
}

Membership::OfferTable Membership::offers_of(const Incarnations& wanted) const {
    OfferTable offers;
    for (const auto& [id, incarnation] : wanted) offers[id] = offers_of(id);
    return offers;
}

// Tells inputs apart for the host that made them and its successors; eight offers are one step.
Membership::InputsDigest::InputsDigest(std::uint64_t config_digest, std::uint64_t next_digest) {
    mix(config_digest);
    mix(next_digest);
}

void Membership::InputsDigest::add(HostId id, const OfferList& offers) {
    mix(id);
    for (std::size_t slot = 0; slot < offers.size(); slot += 8) {
        std::uint64_t word = 0;
        for (std::size_t i = slot; i < std::min(slot + 8, offers.size()); ++i)
            word = word << 8 | offers[i];
        mix(word);
    }
}

OwnerMap Membership::targets_for(const OfferTable& offers, const Numbering& numbering,
                                 const OwnerMap& holding) {
    OwnerMap targets{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
        const bool configured = slot + 1U < numbering.slots || slot == kDefaultRule;
        if (!configured) continue;
        Offers of_slot{};
        for (const auto& [id, by_slot] : offers) of_slot[id - 1U] = by_slot[slot];
        const bool single = slot == kDefaultRule || (numbering.single_slots >> slot & 1U) != 0;
        targets[slot] = single ? assign_single(of_slot) : assign_buckets(of_slot, holding[slot]);
    }
    return targets;
}

std::uint64_t Membership::digest_of(const OfferTable& offers, std::uint64_t config_digest,
                                    std::uint64_t next_digest) {
    InputsDigest inputs(config_digest, next_digest);
    for (const auto& [id, by_slot] : offers) inputs.add(id, by_slot);
    return inputs.value();
}

// All but the targets. While every member holds the next configuration, nothing will be anybody's:
// under two numberings one packet has two buckets.
ClusterMap Membership::next_map(const Incarnations& wanted, const OfferTable& offers) const {
    ClusterMap map;
    std::uint32_t highest = std::max(highest_counter_, map_.epoch.counter);
    for (const auto& [id, peer] : peers_) highest = std::max(highest, peer.epoch.counter);
    map.epoch = {highest + 1, params_.self, incarnation_.boot};
    for (const auto& [id, incarnation] : wanted) map.members.push_back({id, incarnation});
    map.config_digest = params_.config_digest;
    map.generation = params_.generation;
    map.next_digest = next_digest(wanted);
    map.inputs_digest = digest_of(offers, map.config_digest, map.next_digest);
    return map;
}

// It is called for every frame: what costs more than a look at the inputs is done only when they
// changed.
void Membership::coordinate() {
    if (leaving_) return;
    const auto base = wanted_base();
    if (!base) return;
    const Incarnations wanted = reload_is_under_way() ? *base : admit_joiners(*base);
    if (params_.majority && wanted.size() < params_.configured_hosts / 2U + 1U) return;
    // Whoever has not spoken yet has offered nothing that I know of; it speaks or is buried.
    for (const auto& [id, incarnation] : wanted)
        if (id != params_.self && !peers_.at(id).stated) return;
    const bool same_members = wanted == member_incarnations();
    if (reload_is_under_way() && same_members && all_hold(wanted) && everything_is_released())
        return publish_staged(wanted);
    InputsDigest inputs(params_.config_digest, next_digest(wanted));
    for (const auto& [id, incarnation] : wanted) inputs.add(id, offers_of(id));
    if (same_members && inputs.value() == map_.inputs_digest && !a_peer_states_higher()) return;
    const OfferTable offers = offers_of(wanted);
    ClusterMap map = next_map(wanted, offers);
    const OwnerMap& holding = map_.next_digest != 0 ? before_reload_ : map_.targets;
    if (map.next_digest == 0)
        map.targets = targets_for(offers, {params_.slots, params_.single_slots}, holding);
    adopt(map, true);
}

bool Membership::may_adopt(const ClusterMap& map, bool mine) const {
    if (map.epoch <= map_.epoch || (leaving_ && !mine) || !can_use(map)) return false;
    const auto in_map = [&map](HostId id, const Incarnation& incarnation) {
        return std::find(map.members.begin(), map.members.end(), MemberEntry{id, incarnation}) !=
               map.members.end();
    };
    if (!in_map(params_.self, incarnation_)) return false;
    if (mutated(Mutation::adopt_any)) return true;
    for (const MemberEntry& member : map_.members) {  // nobody whom I still hear may be left out
        if (member.id == params_.self || in_map(member.id, member.incarnation)) continue;
        const auto peer = peers_.find(member.id);
        if (peer != peers_.end() && peer->second.incarnation == member.incarnation &&
            !is_gone(member.id, peer->second))
            return false;
    }
    for (const MemberEntry& member : map.members)
        if (member.id != params_.self && is_buried(member.id, member.incarnation)) return false;
    return std::none_of(peers_.begin(), peers_.end(), [&](const auto& entry) {
        const auto& [id, peer] = entry;
        const bool listed = std::any_of(map.members.begin(), map.members.end(),
                                        [id = id](const MemberEntry& m) { return m.id == id; });
        return !listed && peer.state == MemberState::member &&
               heard_within(peer, params_.timing.drop_after) && !is_gone(id, peer);
    });
}

void Membership::set_map(const ClusterMap& map) {
    map_ = map;
    map_digest_ = map.epoch == Epoch{} ? 0 : nlb::digest_of(map, params_.slots);
    map_targets_.clear();
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t b = 0; b < kBuckets; ++b)
            if (map.targets[slot][b] != kNoHost)
                map_targets_[map.targets[slot][b]][slot] |= BucketMask{1} << b;
}

RuleMasks Membership::targets_of(HostId host) const {
    const auto found = map_targets_.find(host);
    return found == map_targets_.end() ? RuleMasks{} : found->second;
}

void Membership::adopt(const ClusterMap& map, bool mine) {
    if (!may_adopt(map, mine)) return;
    if (map.config_digest != params_.config_digest) use_staged(map.generation);
    params_.generation = map.generation;
    if (map.next_digest != 0 && map_.next_digest == 0) before_reload_ = map_.targets;
    set_map(map);
    note_new_era();
    highest_counter_ = std::max(highest_counter_, map.epoch.counter);
    for (const MemberEntry& member : map.members) {
        if (member.id == params_.self) continue;
        const auto known = peers_.find(member.id);
        if (known == peers_.end() || known->second.incarnation != member.incarnation) {
            Peer peer;
            peer.incarnation = member.incarnation;
            peer.last_rx = listened_;
            peer.first_seen = now_;
            peer.state = MemberState::member;
            peers_[member.id] = std::move(peer);
            candidates_.erase(member.id);
        }
        peers_[member.id].heard = true;
    }
    const bool first = state_ == MembershipState::join;
    state_ = MembershipState::member;
    if (first) {
        valid_until_ = kLongAgo;
        joined_instant_ = now_;
    }
    store();  // before it is stated
    report(mine    ? Report::Kind::proposed
           : first ? Report::Kind::joined
                   : Report::Kind::adopted,
           map.epoch.coordinator, std::to_string(map.members.size()) + " members");
    want_to_speak_ = true;
    if (first) renew_lease();
}

FrameFault Membership::accept_map_part(const MapPart& part) {
    const std::uint8_t slots = part.header.slots;
    const bool numbered_as_now =
        part.config_digest == params_.config_digest && slots == params_.slots;
    const bool numbered_as_staged =
        staged_ && part.config_digest == staged_->digest && slots == staged_->slots;
    if (!numbered_as_now && !numbered_as_staged) return FrameFault::config;
    if (part.header.id != part.header.epoch.coordinator || part.header.epoch <= map_.epoch)
        return FrameFault::none;
    if (partial_.epoch != part.header.epoch || partial_digest_ != part.map_digest) {
        partial_ = {part.header.epoch,
                    part.members,
                    part.inputs_digest,
                    part.config_digest,
                    part.generation,
                    part.next_digest,
                    {}};
        partial_digest_ = part.map_digest;
        partial_have_ = 0;
    }
    for (std::size_t i = 0; i < part.targets.size(); ++i) {
        const std::size_t slot = part.first_slot + i;
        partial_.targets[slot + 1U == slots ? kDefaultRule : slot] = part.targets[i];
    }
    partial_have_ |= std::uint32_t{1} << part.part;
    if (partial_have_ != (std::uint32_t{1} << part.parts) - 1U) return FrameFault::none;
    if (nlb::digest_of(partial_, slots) == partial_digest_) adopt(partial_, false);
    partial_have_ = 0;
    return FrameFault::none;
}

}  // namespace nlb
