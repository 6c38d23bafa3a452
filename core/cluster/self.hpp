// Who this host is at the moment, and what the cluster agreed to begin with: plain values that the
// objects of one Membership share. Membership alone changes them.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/types.hpp"
#include "core/cluster/timing.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

struct MembershipParams {
    HostId self = kNoHost;
    std::uint32_t cluster = 0;
    std::uint8_t slots = 1;  // port rules + 1
    // Bit r: the rule with RuleId r is of mode single. The default rule always is.
    std::uint64_t single_slots = 0;
    // Bit r: when the check of the rule with RuleId r fails on every host, all count as healthy;
    // otherwise nobody serves it then.
    std::uint64_t keep_slots = 0;
    HostSet configured;     // the hosts that the configuration names
    bool majority = false;  // partition: majority
    Timing timing;
    std::uint64_t config_digest = 0;
    std::uint64_t generation = 1;
    bool sticky = false;  // some rule has a time-out for its clients
    FrameVersions versions{kFrameVersion, kFrameVersion};  // that this host can speak
};

// What this host puts in, per slot: an offer and a state; what comes of them is effective_offer's.
struct DesiredRule {
    std::uint8_t offer = 0;
    RuleState state = RuleState::enabled;
    bool operator==(const DesiredRule&) const = default;
};
using DesiredRules = std::array<DesiredRule, kRuleSlots>;

enum class MembershipState : std::uint8_t { off, join, member, reset };

struct Self {
    HostId id = kNoHost;
    Incarnation incarnation;
    MembershipState state = MembershipState::off;
    DesiredRules desired{};
    bool draining = false;
    bool starves = false;  // hears no client while others do (R15): it offers nothing
    [[nodiscard]] bool is_member() const { return state == MembershipState::member; }
    [[nodiscard]] bool is_joiner() const { return state == MembershipState::join; }
};

}  // namespace nlb
