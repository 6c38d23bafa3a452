#include "core/cluster/map_in_force.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/wire/map_parts.hpp"

namespace nlb {

void MapInForce::set(const ClusterMap& map, std::uint8_t slots) {
    map_ = map;
    digest_ = map.epoch == Epoch{} ? 0 : digest_of(map, slots);
    targets_.clear();
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t b = 0; b < kBuckets; ++b)
            if (const HostId owner = map.targets[slot][b]; owner != kNoHost) {
                NLB_ASSERT(owner <= kHostsMax);
                targets_[owner][slot] |= BucketMask{1} << b;
            }
}

bool MapInForce::has(HostId id, const Incarnation& incarnation) const {
    const MemberEntry wanted{id, incarnation};
    return std::find(map_.members.begin(), map_.members.end(), wanted) != map_.members.end();
}

Incarnations MapInForce::incarnations() const {
    Incarnations members;
    for (const MemberEntry& entry : map_.members) members[entry.id] = entry.incarnation;
    return members;
}

HostSet MapInForce::members() const {
    HostSet members;
    for (const MemberEntry& entry : map_.members) members.insert(entry.id);
    return members;
}

const RuleMasks& MapInForce::targets_of(HostId host) const {
    static constexpr RuleMasks kNothing{};
    const auto found = targets_.find(host);
    return found == targets_.end() ? kNothing : found->second;
}

std::optional<ClusterMap> MapInForce::add_part(const MapPart& part) {
    const std::uint8_t slots = part.header.slots;
    if (arriving_.epoch != part.header.epoch || arriving_digest_ != part.map_digest) {
        arriving_ = {part.header.epoch, part.members,     part.inputs_digest,  part.config_digest,
                     part.generation,   part.next_digest, part.header.version, {}};
        arriving_digest_ = part.map_digest;
        parts_have_ = 0;
    }
    for (std::size_t i = 0; i < part.targets.size(); ++i)
        arriving_.targets[rule_of_wire_slot(part.first_slot + i, slots)] = part.targets[i];
    parts_have_ |= std::uint32_t{1} << part.part;
    if (parts_have_ != (std::uint32_t{1} << part.parts) - 1U) return std::nullopt;
    parts_have_ = 0;
    if (digest_of(arriving_, slots) != arriving_digest_) return std::nullopt;
    return arriving_;
}

}  // namespace nlb
