// The epoch that this host states: its map, what the map means for each host, and a greater map
// that is still arriving in parts. It does not decide whether a map is adopted
// (core/cluster/coordinator.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/base/host_map.hpp"
#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

using Incarnations = HostMap<Incarnation>;

class MapInForce {
public:
    // `slots`: of the configuration that numbers the map's rules. An empty map: no epoch.
    void set(const ClusterMap& map, std::uint8_t slots);

    [[nodiscard]] const ClusterMap& map() const { return map_; }
    [[nodiscard]] const Epoch& epoch() const { return map_.epoch; }
    [[nodiscard]] std::uint64_t digest() const { return digest_; }  // 0 without an epoch
    [[nodiscard]] bool has(HostId id, const Incarnation& incarnation) const;
    [[nodiscard]] Incarnations incarnations() const;
    [[nodiscard]] HostSet members() const;
    // What the map gives to one host.
    [[nodiscard]] const RuleMasks& targets_of(HostId host) const;
    // All live members hold the next configuration and give their buckets back for it.
    [[nodiscard]] bool makes_way_for_reload() const { return map_.next_digest != 0; }

    // Parts may come in any order; one of another map begins anew. Gives the map once it is whole
    // and its digest is right. Requires: the part numbers its rules by a configuration of `slots`
    // slots.
    [[nodiscard]] std::optional<ClusterMap> add_part(const MapPart& part);
    void forget_parts() { parts_have_ = 0; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.map_, self.digest_, self.targets_, self.arriving_, self.arriving_digest_,
             self.parts_have_);
    }

private:
    ClusterMap map_;
    std::uint64_t digest_ = 0;
    std::map<HostId, RuleMasks> targets_;

    ClusterMap arriving_;
    std::uint64_t arriving_digest_ = 0;
    std::uint32_t parts_have_ = 0;  // bit p: part p
};

}  // namespace nlb
