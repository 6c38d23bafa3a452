// R8 and R11: buckets change hands in two steps. The old owner stops its cores, waits until none
// can still be answering, and then says so; the new owner waits until every member of the epoch has
// said that it does not answer. It moves buckets towards the map in force and decides no target.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/rule_masks.hpp"
#include "core/base/types.hpp"
#include "core/cluster/grants.hpp"
#include "core/cluster/listening.hpp"
#include "core/cluster/map_in_force.hpp"
#include "core/cluster/outbox.hpp"
#include "core/cluster/peers.hpp"
#include "core/cluster/self.hpp"
#include "core/cluster/sibling.hpp"

namespace nlb {

class Quorum;

class Handover {
public:
    Handover(const MembershipParams& params, const Self& self, const Listening& listening,
             const MapInForce& map, const Peers& peers, const Quorum& quorum, Grants& grants,
             Outbox& outbox)
        : params_(params),
          self_(self),
          listening_(listening),
          map_(map),
          peers_(peers),
          quorum_(quorum),
          grants_(grants),
          outbox_(outbox) {}

    // A start of the control plane, beside a dataplane that holds nothing or what `resume` tells.
    void start();
    void resume(const RuleMasks& own, const RuleMasks& dirty);
    // The dataplane is gone, and with it whatever it held.
    void forget();

    // Towards the map. Requires: this host is a member.
    void move_buckets();
    // No core may answer for any bucket: an install of nothing, behind the one under way.
    void empty();
    // The install of that token is in use by all cores, and so many buckets have descriptors here.
    enum class Installed : std::uint8_t {
        not_awaited,  // another token
        done,
        emptied,  // the install that empty() asked for
    };
    [[nodiscard]] Installed on_installed(std::uint64_t token, const RuleMasks& dirty);
    // Whether the dataplane's word about dirty buckets counts: not while the answer to an install
    // will be newer, nor before it has reindexed them.
    [[nodiscard]] bool counts_dirty() const { return !installing_ && !dirty_is_previous_; }
    // Requires: counts_dirty().
    void on_dirty(const RuleMasks& dirty);

    // R11: give everything back, for at most T*P, then say goodbye.
    void ask_to_leave();
    void say_goodbye_when_empty();
    // Owns nothing and will not; a heartbeat that says so needs to leave goodbyes_left() times.
    [[nodiscard]] bool said_goodbye() const { return leaving_ && is_empty(); }
    void note_goodbye_sent() {
        if (goodbyes_left_ != 0 && said_goodbye()) --goodbyes_left_;
    }
    [[nodiscard]] std::uint8_t goodbyes_left() const { return goodbyes_left_; }
    void finish_leaving();
    [[nodiscard]] bool asked_to_leave() const { return leave_by_ != Duration::zero(); }
    [[nodiscard]] bool leaving() const { return leaving_; }
    [[nodiscard]] bool has_left() const { return has_left_; }

    // The rules have other numbers from now on. Requires: nothing is owned. What descriptors are in
    // which bucket is unknown until the dataplane has reindexed them.
    void renumber();

    // At least what any core may use.
    [[nodiscard]] const RuleMasks& own() const { return own_; }
    [[nodiscard]] const RuleMasks& dirty() const { return dirty_; }
    [[nodiscard]] bool installing() const { return installing_; }
    // Nothing is owned, and no core may still answer for a bucket.
    [[nodiscard]] bool is_empty() const { return !any(own_) && !installing_; }
    [[nodiscard]] RuleMasks targets() const;
    // Weights and handling priorities count as 0 while this host drains or leaves.
    [[nodiscard]] bool offers_nothing() const {
        return self_->draining || self_->starves || asked_to_leave();
    }
    [[nodiscard]] std::array<RuleReport, kRuleSlots> reports() const;
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.own_, self.dirty_, self.dirty_is_previous_, self.installing_, self.emptying_,
             self.installing_own_, self.installed_dirty_elsewhere_, self.installed_targets_,
             self.install_token_, self.leaving_, self.has_left_, self.leave_by_,
             self.goodbyes_left_);
    }

private:
    bool release(const RuleMasks& targets);
    bool acquire(const RuleMasks& targets);
    void refresh_dirty();
    void install(const RuleMasks& own);
    [[nodiscard]] RuleMasks dirty_elsewhere() const;
    [[nodiscard]] RuleMasks dirty_to_install(const RuleMasks& own) const;

    Sibling<const MembershipParams> params_;
    Sibling<const Self> self_;
    Sibling<const Listening> listening_;
    Sibling<const MapInForce> map_;
    Sibling<const Peers> peers_;
    Sibling<const Quorum> quorum_;
    Sibling<Grants> grants_;
    Sibling<Outbox> outbox_;

    RuleMasks own_{};
    RuleMasks dirty_{};
    bool dirty_is_previous_ = false;  // the dataplane still counts by the previous configuration

    // The install under way, and the one that must follow it.
    bool installing_ = false;
    bool emptying_ = false;
    RuleMasks installing_own_{};
    RuleMasks installed_dirty_elsewhere_{};
    OwnerMap installed_targets_{};
    std::uint64_t install_token_ = 0;

    bool leaving_ = false;
    bool has_left_ = false;
    Duration leave_by_{};  // in listening time; zero: nobody asked
    std::uint8_t goodbyes_left_ = 0;
};

// What a peer says to own, as masks.
[[nodiscard]] RuleMasks own_of(const Peer& peer);

}  // namespace nlb
