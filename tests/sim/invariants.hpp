// The promises of the protocol, each looked at whenever something could have broken it. The first
// failure ends the run.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/agent/events.hpp"
#include "core/cluster/membership.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/sim/settings.hpp"
#include "tests/sim/wire.hpp"

namespace nlb::sim {

class World;

struct Failure {
    Duration time{};
    std::string invariant;
    std::string text;
};

// What a run found worth counting.
struct Findings {
    std::optional<Failure> failure;
    std::uint64_t exempt = 0;  // moments with two owners that `serve` does not promise to prevent
    std::uint64_t epochs = 0;
    std::uint64_t resets = 0;
    std::uint64_t judged = 0;               // hosts that no fault befell to the end
    std::uint64_t rejected = 0;             // replays and forgeries refused
    Duration healed_after{};                // of the last fault: when everything was owned once
    std::vector<Duration> planned_windows;  // buckets without an owner in runs without faults
};

class Invariants {
public:
    explicit Invariants(World& world);

    void check_owners(HostId changed);  // I1
    void check_coverage();              // I2, I6
    void check_starved(HostId id);      // R15
    void check_majority(HostId id);     // I1, partition: majority
    void after_call(HostId id);
    // What is written down may be stated from now on; a decision whose host dies before that was
    // never made.
    void on_stored(HostId id, const std::optional<Checkpoint>& checkpoint);  // I3, I5
    void before_frame(HostId id, const WireFrame& frame);                    // I7
    void after_frame(HostId id, const WireFrame& frame);                     // I7
    void on_crash(HostId id);
    // A fault befell it.
    void on_befallen(HostId id) { befallen_.insert(id); }
    // What its control plane tells people.
    void on_event(HostId id, const controlplane::Event& event);  // I8
    void fail(const std::string& invariant, const std::string& text);

    // What `serve` does not promise to prevent between the two at the moment.
    [[nodiscard]] bool is_exempt(HostId a, HostId b) const;
    [[nodiscard]] bool failed() const { return findings_.failure.has_value(); }
    [[nodiscard]] const Findings& findings() const { return findings_; }

private:
    struct Life {
        std::uint32_t boot = 0;
        std::optional<Duration> ended;
    };

    void on_reset(HostId id, const std::string& because);  // I8
    void on_stranger(HostId id, const std::string& because);
    void watch_orphans();
    void note_newest(const ClusterMap& map);
    void check_window(RuleId rule, std::size_t bucket, Duration since);  // I8
    [[nodiscard]] bool may_judge(HostId id) const;
    [[nodiscard]] bool counts_for(HostId other, HostId id) const;
    [[nodiscard]] bool was_frozen(HostId id) const;
    [[nodiscard]] bool began_deaf_to(HostId host, HostId other) const;
    void check_version(HostId id);  // R16
    [[nodiscard]] std::uint8_t newest_of_all() const;
    void note_exempt(HostId a, HostId b);
    [[nodiscard]] bool are_parted_by_keys(HostId a, HostId b) const;
    [[nodiscard]] std::string why_not_converged() const;
    [[nodiscard]] std::string why_shares_differ(RuleId rule) const;
    [[nodiscard]] bool is_offered(RuleId rule) const;
    [[nodiscard]] bool passes(HostId id, RuleId port) const;
    [[nodiscard]] bool is_expected(HostId id) const;
    [[nodiscard]] std::size_t expected_hosts() const;
    void check_least_movement(HostId id, const ClusterMap& before, const ClusterMap& after);
    void check_one_map(HostId id, const ClusterMap& map);
    void check_belief(HostId id, HostId peer);
    void end_life(HostId id);

    World& world_;
    std::vector<RuleId> rules_;
    bool planned_only_;
    Findings findings_;
    std::map<std::pair<bool, Epoch>, std::uint64_t> digest_of_epoch_;
    std::array<ClusterMap, kHostsMax + 1> last_map_;
    ClusterMap newest_map_;  // of all hosts' maps
    Duration newest_epoch_at_{};
    // When an epoch last gave each bucket to another host.
    std::array<std::array<Duration, kBuckets>, kRuleSlots> sent_on_at_{};
    std::array<Duration, kHostsMax + 1> joining_since_{};
    std::array<MembershipState, kHostsMax + 1> last_state_{};
    // Who was ever a member beside a host in its present incarnation.
    std::array<std::pair<Incarnation, HostSet>, kHostsMax + 1> met_{};
    std::array<std::vector<Life>, kHostsMax + 1> lives_;
    std::array<std::array<std::uint32_t, kHostsMax + 1>, kHostsMax + 1> believed_boot_{};
    // of a host before a frame
    std::uint64_t before_digest_ = 0;
    std::uint64_t before_refused_ = 0;
    Incarnation before_incarnation_;
    Epoch before_epoch_;
    MembershipState before_state_{};
    RuleMasks uncovered_{};
    std::array<std::array<Duration, kBuckets>, kRuleSlots> uncovered_since_{};
    bool was_covered_ = false;
    std::array<Duration, kHostsMax + 1> without_majority_since_{};  // zero: it has one
    // A host of other keys began and heard nobody: its cluster and the other one cannot meet.
    bool other_keys_began_ = false;
    HostSet befallen_;
    HostSet was_member_;  // in its present life
};

}  // namespace nlb::sim
