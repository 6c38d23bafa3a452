// The health of each rule's server on this host: which checks are due, what came of them, and what
// this host tells of it. Pure: whoever owns it runs the checks. It decides no share: who serves is
// the coordinator's to say, from what all hosts tell.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "controlplane/agent/histogram.hpp"
#include "controlplane/health/health_state.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

// What a host tells of a rule's server.
struct ToldHealth {
    bool failed = false;
    std::uint8_t steps = kSlowStartSteps;  // of its weight
    bool operator==(const ToldHealth&) const = default;
};
using ToldHealths = std::array<ToldHealth, kRuleSlots>;  // by RuleId

class RuleHealths {
public:
    explicit RuleHealths(const config::Cluster& cluster) { use(cluster); }

    // Another configuration is in force. Rules keep their health by name; a check that a rule gets
    // anew finds a server that served until now.
    void use(const config::Cluster& cluster);
    // A dataplane was found that serves this rule: a control plane before this one let it.
    void presume(RuleId rule);

    // Checks to begin now; each is answered by on_result once.
    [[nodiscard]] std::vector<CheckOrder> take_due(Instant now);
    struct Change {
        RuleId rule = 0;
        bool word = false;  // it is another one
    };
    // Nothing: nobody waits for that check any more.
    std::optional<Change> on_result(Instant now, std::uint64_t token, const CheckResult& result);
    [[nodiscard]] Instant next_wake(Instant now) const;

    [[nodiscard]] ToldHealths told(Instant now) const;
    // What would be told if that configuration came into force now.
    [[nodiscard]] ToldHealths told_under(const config::Cluster& next, Instant now) const;
    // Rules whose flows are cut on this host, as its server failed: bit r for RuleId r.
    [[nodiscard]] std::uint64_t cut() const;
    // nullptr: the rule has no check.
    [[nodiscard]] const HealthState* of(RuleId rule) const;
    // Seconds that the rule's checks took. Requires: of(rule).
    [[nodiscard]] const Histogram& durations(RuleId rule) const { return rules_[rule].durations; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.rules_, self.last_token_);
    }

private:
    struct Rule {
        std::string name;
        std::optional<HealthState> state;
        std::uint64_t token = 0;  // of the check that runs
        IpAddress address;
        std::uint16_t port = 0;
        Histogram durations;
    };
    [[nodiscard]] Rule next_of(const config::Cluster& cluster, const config::PortRule& rule) const;
    [[nodiscard]] const Rule* named(const std::string& name) const;

    std::vector<Rule> rules_;
    std::uint64_t last_token_ = 0;
};

}  // namespace nlb::controlplane
