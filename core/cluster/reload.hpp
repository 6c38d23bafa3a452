// Two-phase reload. First every live host holds the next configuration; then an epoch takes
// everything back, because under two numberings of rules one packet has two buckets; when nothing
// is anybody's, the next epoch is the first of the new configuration. It neither reads nor checks a
// configuration.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/host_map.hpp"
#include "core/base/mutation.hpp"
#include "core/base/types.hpp"
#include "core/cluster/handover.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sibling.hpp"

namespace nlb {

// The next configuration, as far as the protocol is concerned. The shell has checked it and can use
// it at any moment.
struct StagedConfig {
    std::uint64_t digest = 0;
    std::uint8_t slots = 1;
    std::uint64_t single_slots = 0;
    std::uint64_t keep_slots = 0;
    HostSet configured;
    bool sticky = false;
    DesiredRules desired{};  // by its own RuleIds
    // The RuleId that each rule has now; kNoPreviousRule: it is new.
    std::array<RuleId, kRuleSlots> previous{};
    bool operator==(const StagedConfig&) const = default;
};
inline constexpr RuleId kNoPreviousRule = 0xff;

using OfferList = std::array<std::uint8_t, kRuleSlots>;  // effective ones
using OfferTable = HostMap<OfferList>;

class Reload {
public:
    Reload(const MembershipParams& params, const Self& self, const Listening& listening,
           const MapInForce& map, const Peers& peers, const Handover& handover)
        : params_(params),
          self_(self),
          listening_(listening),
          map_(map),
          peers_(peers),
          handover_(handover) {}

    // Nothing, or what is in force: the host holds none any more. True: that changed something.
    [[nodiscard]] bool stage(const std::optional<StagedConfig>& next);
    // Gives up what is held, as it comes into force. Requires: staged().
    [[nodiscard]] StagedConfig take();
    // Targets before the reload; asked while a map takes everything back.
    void note_targets(const OwnerMap& targets) { before_ = targets; }

    [[nodiscard]] const std::optional<StagedConfig>& staged() const { return staged_; }
    [[nodiscard]] const OwnerMap& targets_before() const { return before_; }
    // A map takes everything back for the configuration that all hold.
    [[nodiscard]] bool is_under_way() const {
        return self_->is_member() && map_->makes_way_for_reload();
    }
    // An epoch made way for what this host holds: until it changes over, some members may already
    // count by the next configuration. A reset does not end that.
    void begin_joint() { joint_ = staged_.has_value(); }
    [[nodiscard]] bool is_joint() const { return joint_ && !mutated(Mutation::one_majority); }
    // What is held can be changed no more: stage() takes only what this host will offer under it.
    [[nodiscard]] bool is_settled() const { return is_under_way() || joint_; }
    // Members that do not hold what this host holds.
    [[nodiscard]] HostSet awaited() const;
    [[nodiscard]] bool all_hold(const Incarnations& wanted) const;
    // What the next map says about a reload: the digest that everybody holds, or 0.
    [[nodiscard]] std::uint64_t next_digest(const Incarnations& wanted) const {
        return all_hold(wanted) ? staged_->digest : 0;
    }
    // Nobody who is heard, member or not, and not this host either, owns a bucket.
    [[nodiscard]] bool everything_is_released() const;
    // This host can number its rules as that map does.
    [[nodiscard]] bool can_use(const ClusterMap& map) const;
    // Requires: staged().
    [[nodiscard]] OfferTable offers_of(const Incarnations& wanted) const;
    // Who held the buckets of each rule, by its new number: rules that both configurations have
    // move as little as they can. Requires: staged().
    [[nodiscard]] OwnerMap holding_before() const;
    [[nodiscard]] StagedReport report() const;
    // Whoever owns nothing need not wait for a map; the generation to use what is held under, if it
    // should be used now.
    [[nodiscard]] std::optional<std::uint64_t> generation_to_follow() const;
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.staged_, self.joint_, self.before_);
    }

private:
    [[nodiscard]] bool has_changed_over(const Peer& peer) const;
    Sibling<const MembershipParams> params_;
    Sibling<const Self> self_;
    Sibling<const Listening> listening_;
    Sibling<const MapInForce> map_;
    Sibling<const Peers> peers_;
    Sibling<const Handover> handover_;
    std::optional<StagedConfig> staged_;
    bool joint_ = false;  // only with staged_
    OwnerMap before_{};
};

}  // namespace nlb
