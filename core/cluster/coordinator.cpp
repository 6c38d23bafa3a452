#include "core/cluster/coordinator.hpp"

#include <algorithm>

#include "core/base/mutation.hpp"
#include "core/cluster/bucket_assignment.hpp"

namespace nlb {
namespace {

// Of everything that targets follow from. It tells inputs apart for the host that made them and its
// successors; hosts are added in the order of their ids, and eight offers are one step.
class InputsDigest {
public:
    InputsDigest(std::uint64_t config_digest, std::uint64_t next_digest, std::uint8_t version) {
        mix(config_digest);
        mix(next_digest);
        mix(version);
    }
    void add(HostId id, const OfferList& offers) {
        mix(id);
        for (std::size_t slot = 0; slot < offers.size(); slot += 8) {
            std::uint64_t word = 0;
            for (std::size_t i = slot; i < std::min(slot + 8, offers.size()); ++i)
                word = word << 8 | offers[i];
            mix(word);
        }
    }
    [[nodiscard]] std::uint64_t value() const { return digest_; }

private:
    void mix(std::uint64_t word) { digest_ = (digest_ ^ word) * 0x100000001b3ULL; }
    std::uint64_t digest_ = 0xcbf29ce484222325ULL;
};

OwnerMap targets_for(const OfferTable& offers, const Numbering& numbering,
                     const OwnerMap& holding) {
    OwnerMap targets{};
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot) {
        const bool configured = slot + 1U < numbering.slots || slot == kDefaultRule;
        if (!configured) continue;
        Offers of_slot{};
        for (const auto& [id, by_slot] : offers) of_slot[id - 1U] = by_slot[slot];
        count_failed(of_slot, (numbering.keep_slots >> slot & 1U) != 0);
        const bool single = slot == kDefaultRule || (numbering.single_slots >> slot & 1U) != 0;
        targets[slot] = single ? assign_single(of_slot) : assign_buckets(of_slot, holding[slot]);
    }
    return targets;
}

HostSet hosts_of(const Incarnations& wanted) {
    HostSet hosts;
    for (const auto& [id, incarnation] : wanted) hosts.insert(id);
    return hosts;
}

bool lists(const ClusterMap& map, HostId id, const Incarnation& incarnation) {
    return std::find(map.members.begin(), map.members.end(), MemberEntry{id, incarnation}) !=
           map.members.end();
}

bool lists(const ClusterMap& map, HostId id) {
    return std::any_of(map.members.begin(), map.members.end(),
                       [id](const MemberEntry& member) { return member.id == id; });
}

}  // namespace

void Coordinator::note_counter(std::uint32_t counter) {
    highest_counter_ = std::max(highest_counter_, counter);
}

// Members of my epoch that are alive; nothing when somebody else coordinates. A joiner may begin
// alone.
std::optional<Incarnations> Coordinator::wanted_base() const {
    Incarnations base;
    base[self_->id] = self_->incarnation;
    if (self_->is_joiner()) return may_bootstrap() ? std::optional{base} : std::nullopt;
    for (const auto& [id, peer] : peers_->all()) {
        if (!map_->has(id, peer.incarnation) || peers_->is_gone(id, peer) ||
            takes_no_bucket(peer.flags))
            continue;
        // A map may overtake the heartbeat in which its coordinator says that it is a member.
        const bool made_my_map =
            id == map_->epoch().coordinator && peer.incarnation.boot == map_->epoch().boot;
        if (id < self_->id && (peer.state == MemberState::member || made_my_map))
            return std::nullopt;
        base[id] = peer.incarnation;
    }
    return base;
}

bool Coordinator::may_bootstrap() const {
    const Timing& timing = params_->timing;
    if (!listening_->link_up() || duplicate_->yields() ||
        listening_->listened_for() < timing.bootstrap_after || !lease_->could_be_held())
        return false;
    for (const auto& [id, peer] : peers_->all()) {
        if (!peers_->heard_within(peer, timing.bury_after) || says_deaf(peer.flags)) continue;
        if (peer.state == MemberState::member) return false;
        if (id < self_->id && !takes_no_bucket(peer.flags)) return false;
    }
    return !evidence_->against_beginning();
}

bool Coordinator::may_join(HostId id, const Peer& peer) const {
    const bool same_lineage = peer.state == MemberState::member && self_->is_member() &&
                              peer.view.contains(self_->id) &&
                              !peers_->is_of_another_lineage(id, peer);
    if (!peer.stated || (peer.state != MemberState::join && !same_lineage)) return false;
    if (!peers_->heard_within(peer, params_->timing.drop_after) || peers_->is_gone(id, peer))
        return false;
    if (takes_no_bucket(peer.flags) || (peer.flags & kFlagUnready) != 0) return false;
    if (peer.config_digest != params_->config_digest) return false;  // R13
    const auto hears_me = peer.hears.find(self_->id);
    return hears_me != peer.hears.end() && hears_me->second.heard == self_->incarnation &&
           (hears_me->second.flags & (kReportSilent | kReportBuried)) == 0 &&
           peer.acknowledged != kLongAgo;
}

// R16: members in force come first, so that no newcomer leaves them without a common version.
FrameVersions Coordinator::spoken_by(const Incarnations& wanted) const {
    FrameVersions all = params_->versions;
    for (const auto& [id, incarnation] : wanted)
        if (id != self_->id) all = common(all, peers_->at(id).spoken).value_or(all);
    return all;
}

// Whoever hears, and is heard by, everybody already wanted, and speaks a version with them; in the
// order of ids, so that the result is one.
Incarnations Coordinator::admit_joiners(Incarnations wanted) const {
    for (const auto& [id, peer] : peers_->all()) {
        if (wanted.contains(id) || !may_join(id, peer)) continue;
        if (!common(spoken_by(wanted), peer.spoken)) continue;
        const auto hear_one_another = [&, id = id, &peer = peer](const auto& other) {
            if (other.first == self_->id) return true;
            const auto& hears = peers_->at(other.first).hears;
            const auto heard = hears.find(id);
            const auto back = peer.hears.find(other.first);
            return heard != hears.end() && heard->second.heard == peer.incarnation &&
                   (heard->second.flags & (kReportSilent | kReportCandidate | kReportBuried)) ==
                       0 &&
                   back != peer.hears.end() && back->second.heard == other.second &&
                   (back->second.flags & (kReportSilent | kReportBuried)) == 0;
        };
        if (std::all_of(wanted.begin(), wanted.end(), hear_one_another))
            wanted[id] = peer.incarnation;
    }
    return wanted;
}

bool Coordinator::a_peer_states_higher() const {
    return std::any_of(peers_->all().begin(), peers_->all().end(), [this](const auto& entry) {
        const auto& [id, peer] = entry;
        return peer.epoch > map_->epoch() && peer.state == MemberState::member &&
               peers_->heard_within(peer, params_->timing.drop_after) &&
               !peers_->is_of_another_lineage(id, peer) && !peers_->is_gone(id, peer);
    });
}

OfferList Coordinator::offers_of(HostId id) const {
    return effective_offers(id == self_->id ? handover_->reports() : peers_->at(id).rules);
}

std::uint64_t Coordinator::inputs_of(const Incarnations& wanted) const {
    InputsDigest inputs(params_->config_digest, reload_->next_digest(wanted),
                        spoken_by(wanted).newest);
    for (const auto& [id, incarnation] : wanted) inputs.add(id, offers_of(id));
    return inputs.value();
}

// All but what depends on the numbering of rules.
ClusterMap Coordinator::draft(const Incarnations& wanted) const {
    ClusterMap map;
    std::uint32_t highest = std::max(highest_counter_, map_->epoch().counter);
    for (const auto& [id, peer] : peers_->all()) highest = std::max(highest, peer.epoch.counter);
    map.epoch = {highest + 1, self_->id, self_->incarnation.boot};
    map.version = spoken_by(wanted).newest;
    for (const auto& [id, incarnation] : wanted) map.members.push_back({id, incarnation});
    return map;
}

// While every member holds the next configuration, nothing will be anybody's: under two numberings
// one packet has two buckets.
ClusterMap Coordinator::map_for(const Incarnations& wanted) const {
    ClusterMap map = draft(wanted);
    map.config_digest = params_->config_digest;
    map.generation = params_->generation;
    map.next_digest = reload_->next_digest(wanted);
    map.inputs_digest = inputs_of(wanted);
    if (map.next_digest != 0) return map;
    OfferTable offers;
    for (const auto& [id, incarnation] : wanted) offers[id] = offers_of(id);
    const OwnerMap& holding =
        map_->makes_way_for_reload() ? reload_->targets_before() : map_->map().targets;
    map.targets =
        targets_for(offers, {params_->slots, params_->single_slots, params_->keep_slots}, holding);
    return map;
}

ClusterMap Coordinator::first_map_of_staged(const Incarnations& wanted) const {
    const StagedConfig& staged = *reload_->staged();
    const OfferTable offers = reload_->offers_of(wanted);
    ClusterMap map = draft(wanted);
    map.config_digest = staged.digest;
    map.generation = params_->generation + 1;
    InputsDigest inputs(staged.digest, 0, map.version);
    for (const auto& [id, by_slot] : offers) inputs.add(id, by_slot);
    map.inputs_digest = inputs.value();
    map.targets = targets_for(offers, {staged.slots, staged.single_slots, staged.keep_slots},
                              reload_->holding_before());
    return map;
}

bool Coordinator::reload_is_stuck() const {
    if (!reload_->is_under_way() || handover_->leaving()) return false;
    const auto base = wanted_base();
    return base && !quorum_->has(hosts_of(*base));
}

std::optional<ClusterMap> Coordinator::next_map() const {
    if (handover_->leaving()) return std::nullopt;
    const auto base = wanted_base();
    if (!base) return std::nullopt;
    const Incarnations wanted = reload_->is_under_way() ? *base : admit_joiners(*base);
    if (!quorum_->has(hosts_of(wanted))) return std::nullopt;
    // Whoever has not spoken yet has offered nothing that I know of; it speaks or is buried.
    for (const auto& [id, incarnation] : wanted)
        if (id != self_->id && !peers_->at(id).stated) return std::nullopt;
    const bool same_members = wanted == map_->incarnations();
    if (reload_->is_under_way() && same_members && reload_->all_hold(wanted) &&
        reload_->everything_is_released())
        return first_map_of_staged(wanted);
    if (same_members && inputs_of(wanted) == map_->map().inputs_digest && !a_peer_states_higher())
        return std::nullopt;
    return map_for(wanted);
}

bool Coordinator::may_adopt(const ClusterMap& map, bool mine) const {
    if (map.epoch <= map_->epoch() || (handover_->leaving() && !mine) || !reload_->can_use(map))
        return false;
    if (!lists(map, self_->id, self_->incarnation)) return false;
    if (mutated(Mutation::adopt_any)) return true;
    for (const MemberEntry& member : map_->map().members) {  // nobody whom I still hear is left out
        if (member.id == self_->id || lists(map, member.id, member.incarnation)) continue;
        const Peer* const peer = peers_->find(member.id);
        if (peer != nullptr && peer->incarnation == member.incarnation &&
            !peers_->is_gone(member.id, *peer))
            return false;
    }
    for (const MemberEntry& member : map.members)
        if (member.id != self_->id && peers_->is_buried(member.id, member.incarnation))
            return false;
    return std::none_of(peers_->all().begin(), peers_->all().end(), [&](const auto& entry) {
        const auto& [id, peer] = entry;
        return !lists(map, id) && peer.state == MemberState::member &&
               peers_->heard_within(peer, params_->timing.drop_after) && !peers_->is_gone(id, peer);
    });
}

}  // namespace nlb
