// What one run is like: drawn from its seed, within what the command line asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/mutation.hpp"
#include "core/base/prng.hpp"
#include "core/cluster/timing.hpp"
#include "tests/sim/fault_event.hpp"

namespace nlb::sim {

// clang-format off
//   member        what happens
#define NLB_SIM_FAULTS(X) \
    X(crash,        "both processes of a host die; it boots later") \
    X(pause,        "SIGSTOP of a control plane, SIGCONT later") \
    X(pausedp,      "the same for a dataplane") \
    X(pauseboth,    "the same for both at once") \
    X(pausewin,     "a control plane stopped for nearly T*P") \
    X(mid,          "stopped or killed between two actions of one call") \
    X(warm,         "a control plane is killed and restarts beside its dataplane") \
    X(dprestart,    "a dataplane dies and restarts beside its control plane") \
    X(join,         "a host that was off from the beginning boots") \
    X(leave,        "a host leaves, and starts again or crashes") \
    X(drain,        "drainstop and its end") \
    X(weight,       "a weight changes") \
    X(rule,         "a rule is disabled, drained or enabled, on one host or on all") \
    X(health,       "a server of one host or of all fails its check, flaps, or hangs; not drawn with the rest") \
    X(upgrade,      "a host restarts as a build of the next version, or as this one again; not drawn with the rest") \
    X(reload,       "all hosts, or all but some, read the other configuration") \
    X(burst,        "up to 40 % loss for a while") \
    X(oneway,       "one direction to or from a host is cut") \
    X(part,         "a partition, both directions") \
    X(turncoat,     "two halves are cut off; the one host that both hear restarts and hears only the other half") \
    X(link,         "a link goes down and up") \
    X(slow,         "a control loop is late by up to a period") \
    X(deafboot,     "a host restarts and hears nobody, while all hear it") \
    X(deafjoin,     "the same a few periods after its start") \
    X(deaf,         "no frame of any kind reaches a host for a while, or never again") \
    X(replay,       "an attacker replays what it recorded, after a restart") \
    X(rolling,      "hosts restart one after the other; their former lives are replayed in order") \
    X(rerun,        "everybody restarts, or one host, and one former life is replayed in order") \
    X(stale,        "frames come again up to seconds later, also from hosts that died since") \
    X(strange,      "frames of the cluster that nobody can verify: another key id or version") \
    X(wrongkey,     "a host starts with a key that is not the cluster's") \
    X(formerkey,    "a host starts with only the key before the rotation") \
    X(twin,         "a second machine with the id of a host, which may stall meanwhile") \
    X(foreign,      "two hosts of another cluster with the same key on the segment") \
    X(otherfile,    "a host starts with a file that lacks one host") \
    X(resize,       "a reload adds or removes a host") \
    X(starve,       "no client's frame reaches a host for a while, its heartbeats pass") \
    X(suspend,      "a machine is suspended: its processes stand") \
    X(slew,         "a clock is slewed by up to 8.3 %") \
    X(lag,          "a host's cores come to clients' packets up to 20 ms later") \
    X(tagged,       "frames of a host bear a VLAN tag for a while") \
    X(forge,        "an attacker sends forged, truncated and bit-flipped frames")
// clang-format on

enum class Fault : std::uint8_t {
#define NLB_X(member, help) member,
    NLB_SIM_FAULTS(NLB_X)
#undef NLB_X
};

struct FaultInfo {
    Fault fault;
    std::string_view name;
    std::string_view help;
};
inline constexpr auto kFaults = std::to_array<FaultInfo>({
#define NLB_X(member, help) {Fault::member, #member, help},
    NLB_SIM_FAULTS(NLB_X)
#undef NLB_X
});

struct Choices;

struct Settings {
    Timing timing;
    std::uint8_t hosts = 3;
    std::uint8_t extra = 0;  // machines besides: with an id in use, or of another cluster
    std::uint8_t slots = 2;
    std::uint64_t single_slots = 0;
    bool majority = false;
    bool quiet = false;  // no client sends anything
    bool calm = false;   // the switch loses, repeats and delays nothing
    Duration install_max{};
    std::uint32_t sticky_ms = 0;  // time-out of the last configured rule; 0: it has none
    // Ports whose rules have a health check; of them those that nobody serves once all have failed,
    // and those whose flows a failure cuts.
    std::uint64_t checked_ports = 0;
    std::uint64_t drop_ports = 0;
    std::uint64_t cut_ports = 0;
    Duration slow_start{};       // of all checks
    bool deaf_beginner = false;  // some host begins and hears nobody: the others may reset
    bool no_fence = false;       // a mutation of the simulated cores
    std::vector<Fault> faults;
    std::vector<std::string> ignored;
    std::uint32_t fault_count = 0;
    FaultEvents script;  // what happens, when it is not drawn
    Duration faults_from{};
    Duration faults_until{};
    // after faults_until everything is repaired; from here on nothing may be amiss
    Duration healed_by{};
    Duration end{};

    [[nodiscard]] static Settings draw(const Choices& choices, Prng& prng);
    // From the times of the faults to those of the checks.
    void set_end();
    void draw_sticky(const Choices& choices, Prng prng);
    void draw_health(const Choices& choices, Prng prng);
    [[nodiscard]] bool is_checked(RuleId port) const {
        return port != kDefaultRule && (checked_ports >> port & 1U) != 0;
    }
    // Until every check has spoken, and its word has come to the whole share.
    [[nodiscard]] Duration health_settles() const;
    [[nodiscard]] std::uint8_t machines() const { return static_cast<std::uint8_t>(hosts + extra); }
    [[nodiscard]] bool tries(Fault fault) const;
    [[nodiscard]] RuleId sticky_port() const { return static_cast<RuleId>(slots - 2U); }
    // The RuleId of each slot in use.
    [[nodiscard]] std::vector<RuleId> rules() const;
};

// What the command line fixes for all seeds.
struct Choices {
    std::uint64_t first_seed = 1;
    std::uint64_t last_seed = 2000;
    std::string record_below;  // a directory; empty: nothing is recorded
    std::uint32_t segment_seconds = 3;
    std::string seeds_file;
    std::string script_file;
    std::optional<Settings> scripted;  // read from it
    bool print_script = false;         // what the seed draws, instead of a run
    std::uint8_t hosts_min = 2;
    std::uint8_t hosts_max = 8;
    bool hosts_given = false;
    // virtual time with faults per seed; 0: a few seconds, as the seed draws
    std::uint32_t minutes = 0;
    std::uint32_t period_ms = 100;
    std::uint8_t tolerance = 5;
    std::optional<bool> majority;
    std::vector<Fault> faults;  // empty: all that fit the mode
    Mutation mutation = Mutation::none;
    std::vector<std::string> ignored;  // invariants that are not looked at
    bool trace = false;
    bool sticky = false;  // each run has a rule with a time-out
};

}  // namespace nlb::sim
