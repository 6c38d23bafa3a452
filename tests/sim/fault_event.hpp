// What goes wrong in a run, as values: a plan is a list of them, drawn from a seed (fault_plan) or
// read from a script. Numbers are hosts, counts, chances in a million and nanoseconds, as the table
// says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::sim {

class World;

// clang-format off
//   member          numbers it takes                 what it does
#define NLB_SIM_VERBS(X) \
    X(absent,        "HOST",                          "it does not boot when the others do (time 0)") \
    X(deaf_for_good, "HOST",                          "it stays deaf at the end (time 0)") \
    X(twin,          "MACHINE HOST",                  "one more machine has the id of a host (time 0)") \
    X(foreign,       "MACHINE HOST",                  "it is a host of another cluster (time 0)") \
    X(record,        "",                              "the attacker records from now on (time 0)") \
    X(conditions,    "LOSS REPEAT SLOW",              "of the switch, until the end of the faults") \
    X(loss,          "LOSS",                          "the switch loses so much") \
    X(boot,          "HOST",                          "both processes start") \
    X(crash,         "HOST",                          "both processes die") \
    X(stop,          "HOST",                          "SIGSTOP of the control plane") \
    X(resume,        "HOST",                          "SIGCONT of the control plane") \
    X(stopdp,        "HOST",                          "SIGSTOP of the dataplane") \
    X(resumedp,      "HOST",                          "SIGCONT of the dataplane") \
    X(kill,          "HOST",                          "kill -9 of the control plane") \
    X(start,         "HOST",                          "the control plane starts") \
    X(killdp,        "HOST",                          "kill -9 of the dataplane") \
    X(startdp,       "HOST",                          "the dataplane starts") \
    X(cutcall,       "HOST STEPS KIND PAUSE",         "stopped or killed so many messages later") \
    X(leave,         "HOST",                          "the operator stops it") \
    X(rejoin,        "HOST",                          "the operator starts it again") \
    X(drain,         "HOST ON",                       "drainstop, or its end") \
    X(weight,        "HOST PORT WEIGHT",              "another weight for a rule") \
    X(rule,          "HOST PORT STATE",               "a rule is enabled, disabled, drained") \
    X(health,        "HOST PORT HOW",                 "its server fails (0), is well (1), hangs (2)") \
    X(file,          "HOST VARIANT",                  "the operator reloads it with this file") \
    X(deaf,          "HOST ON",                       "no frame reaches it, or all do again") \
    X(notealone,     "HOST",                          "was it alone when it fell deaf?") \
    X(link,          "HOST UP",                       "its link") \
    X(starve,        "HOST ON",                       "no client's frame reaches it, or they do again") \
    X(late,          "HOST DURATION",                 "its control loop is late by up to this") \
    X(cut,           "FROM TO",                       "one direction is lost") \
    X(mend,          "FROM TO",                       "and comes back") \
    X(keys,          "HOST RING",                     "its key file when it starts next (KeyRing)") \
    X(build,         "HOST NEXT",                     "its next control plane is of the next version, or of this one") \
    X(lag,           "HOST DURATION",                 "its cores come to clients' packets so much later") \
    X(suspend,       "HOST ON",                       "suspended: nothing runs") \
    X(freeze,        "HOST ON",                       "frozen whole, its clocks too") \
    X(slew,          "HOST FASTER SLOWER",            "its clock, in parts per million") \
    X(tag,           "HOST TAG",                      "VLAN tag of its frames: 0 none, id + 1") \
    X(filter,        "HOST ON",                       "the switch drops its heartbeats, and no other frame") \
    X(delay,         "HOST DURATION",                 "what it sends arrives so much later") \
    X(stale,         "CHANCE MAX",                    "frames that come up to so much later") \
    X(rerun,         "HOST COUNT GAP",                "its recorded frames again, in their order") \
    X(strange,       "COUNT GAP",                     "recorded frames under another key or version") \
    X(replay,        "COUNT GAP",                     "the attacker replays what it recorded") \
    X(forge,         "COUNT GAP",                     "the attacker forges frames")
// clang-format on

enum class Verb : std::uint8_t {
#define NLB_X(member, numbers, help) member,
    NLB_SIM_VERBS(NLB_X)
#undef NLB_X
};

inline constexpr std::size_t kEventNumbers = 4;

struct FaultEvent {
    Duration time{};
    Verb verb = Verb::boot;
    std::array<std::int64_t, kEventNumbers> numbers{};
};
using FaultEvents = std::vector<FaultEvent>;

// What a run begins with rather than something that happens in it; only at time zero.
[[nodiscard]] constexpr bool is_beginning(Verb verb) {
    return verb == Verb::absent || verb == Verb::twin || verb == Verb::foreign ||
           verb == Verb::deaf_for_good || verb == Verb::record || verb == Verb::conditions;
}

// The hosts that it befalls: what they do from then on may have its cause in it. What operators
// change for all, what attackers send, and what comes twice or late befalls nobody.
[[nodiscard]] HostSet befalls(const FaultEvent& event);
// Its first number is a host.
[[nodiscard]] bool names_host(Verb verb);
void perform(World& world, const FaultEvent& event);

// "SECONDS VERB NUMBER...", a line of a script.
[[nodiscard]] std::string text_of(const FaultEvent& event);
[[nodiscard]] std::optional<FaultEvent> event_from(std::string_view line);

}  // namespace nlb::sim
