// Turns the membership's actions into messages for the dataplane, one for one and in the order
// given: that order is what makes "stored before it is stated" and "fenced before it is emptied"
// true. It keeps nothing back and adds nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "controlplane/agent/cluster_channel.hpp"
#include "controlplane/agent/cluster_settings.hpp"
#include "controlplane/agent/rule_states.hpp"
#include "core/cluster/membership.hpp"
#include "core/wire/cluster_frames.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

class DataplaneCommands {
public:
    // `on_use` is called when, in the order of actions, another configuration numbers what follows.
    using OnUse = std::function<void(const UseConfig&)>;
    // Witnesses shall be asked.
    using OnAsk = std::function<void(Instant)>;
    // All references outlive it.
    DataplaneCommands(const ClusterSettings& settings, const RuleStates& rule_states,
                      const Authenticator& authenticator, ClusterChannel& channel, OnUse on_use,
                      OnAsk on_ask);

    // Returns the reports among the actions, which concern people and metrics only. Frames must
    // leave soon: one that was said under a lease, and leaves later than T*P - L after that, could
    // reach whoever has buried this host since.
    std::vector<Report> carry_out(Instant now, const Actions& actions);
    // The last install again, made from the settings as they are now; its token is one that the
    // membership no longer waits for, or the one that it does wait for, with the same content.
    void reinstall();
    // Rules whose flows end here as if they were disabled: their servers have failed.
    void end_failed(std::uint64_t rules);
    // An absolute time of the clock that both programs read.
    void set_lease(Instant valid_until);
    // From now on frames bear this one's tags and seals; the cores are told.
    void use_keys(const Authenticator& authenticator);
    // To every dataplane that was found, and again when the keys change.
    void tell_seal_keys();
    // The newest frame of each peer, when it is another than was told last.
    void tell_verified(const Peers::Table& peers);
    void request_status();
    void request_counters();
    // The dataplane is another one: what was installed is gone.
    void forget() {
        last_.reset();
        verified_ = {};
    }

    // What the cores of this dataplane were told last; nothing before the first install.
    [[nodiscard]] const std::optional<InstallTables>& last_install() const { return last_; }
    // Cluster frames handed to the dataplane, since the start.
    [[nodiscard]] std::uint64_t heartbeats_sent() const { return heartbeats_sent_; }
    // Maps, lines of configurations, grants.
    [[nodiscard]] std::uint64_t other_frames_sent() const { return other_frames_sent_; }

private:
    void send_frame(const ClusterFrame& frame, Instant not_after);
    void install(const InstallTables& action);
    void give_grants(const GiveGrants& action);

    const ClusterSettings& settings_;
    const RuleStates& rule_states_;
    const Authenticator* authenticator_;
    ClusterChannel& channel_;
    OnUse on_use_;
    OnAsk on_ask_;
    MacAddress destination_;
    Duration frames_keep_;
    std::optional<InstallTables> last_;
    std::uint64_t failed_rules_ = 0;
    ipc::Verified verified_{};  // as told last
    std::uint64_t heartbeats_sent_ = 0;
    std::uint64_t other_frames_sent_ = 0;
};

}  // namespace nlb::controlplane
