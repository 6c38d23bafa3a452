// Every event that a daemon writes into its log, once: its name, Windows NLB's number where it has
// one (0: none), its level, what it means and what to do. docs/events.md is held equal to this
// table, and `nlb events` shows its words. It decides nothing about when an event happens.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace nlb::config {

// clang-format off
//   id                     name                       number level    means / do
#define NLB_CONTROLPLANE_EVENTS(X) \
    X(started,              "started",                 5,  info,    "the host takes part; `warm=yes`: it goes on from its predecessor", "nothing") \
    X(stopped,              "stopped",                 6,  info,    "the host takes no part any more", "nothing, if you asked for it") \
    X(duplicate_cluster,    "duplicate_cluster",       18, error,   "two parts of the cluster met after a partition; one side joins anew", "find what parted the network") \
    X(duplicate_priority,   "duplicate_priority",      20, error,   "two hosts state the same handling priority for a rule of mode single; the lower id handles it", "give the hosts different `priorities` and `nlb reload`") \
    X(rule_enabled,         "rule_enabled",            23, info,    "a rule was enabled on this host", "nothing") \
    X(rule_disabled,        "rule_disabled",           24, info,    "a rule was disabled on this host; its connections here are cut", "nothing") \
    X(rule_not_found,       "rule_not_found",          25, warning, "a command named a rule that the cluster has not", "look at `nlb params`") \
    X(already_stopped,      "already_stopped",         26, info,    "stop or drainstop of a host that is stopped", "nothing") \
    X(converged,            "converged",               28, info,    "all members use one map; `took_ms`, `cause`", "nothing") \
    X(converged_as_default, "converged",               29, info,    "the same, and this host is the default host", "nothing") \
    X(reloaded,             "reloaded",                36, info,    "the configuration was read again; `message=` says what changes", "nothing") \
    X(reload_refused,       "reload_refused",          0,  error,   "the configuration was read again and nothing changed; `message=` says why", "correct the file and `nlb reload`") \
    X(rule_adjusted,        "rule_adjusted",           38, info,    "a weight or priority of this host changed", "nothing") \
    X(rule_draining,        "rule_draining",           39, info,    "a rule takes no new connections on this host", "wait for `rule_drained`") \
    X(rule_drained,         "rule_drained",            0,  info,    "the last connection of a draining rule has ended", "nothing") \
    X(all_rules_draining,   "all_rules_draining",      41, info,    "every rule takes no new connections on this host", "nothing") \
    X(all_rules_enabled,    "all_rules_enabled",       42, info,    "every rule is enabled on this host", "nothing") \
    X(all_rules_disabled,   "all_rules_disabled",      43, info,    "every rule is disabled on this host; its connections are cut", "nothing") \
    X(draining,             "draining",                44, info,    "drainstop began", "wait for `drained`") \
    X(drain_interrupted,    "drain_interrupted",       45, info,    "a command ended a drainstop before its last connection did", "nothing") \
    X(drained,              "drained",                 0,  info,    "the last connection of the host has ended; it stops", "go on with the restart") \
    X(suspended,            "suspended",               0,  info,    "suspended by command", "`nlb resume`, then `nlb start`") \
    X(resumed,              "resumed",                 0,  info,    "the suspension was ended by command", "`nlb start` lets it take part") \
    X(converging,           "converging",              0,  info,    "a new map; `cause=` says why and `by=` through whom: a host joined, a weight or a rule's state changed, a reset", "nothing") \
    X(buckets_moved,        "buckets_moved",           0,  info,    "a new map gave buckets to other hosts; `moved=` counts those that had an owner", "nothing") \
    X(buckets_without_owner, "buckets_without_owner",  0,  info,    "buckets had no owner for a moment; `buckets=`, and `lasted_ms=` of each on average", "`nlb replay` of a bundle shows why, where it was long") \
    X(rule_count_differs,   "config_mismatch",         67, warning, "another host has another number of port rules, so it is not admitted", "what `mend=` says; without it, copy the right file and `nlb reload`") \
    X(rules_differ,         "config_mismatch",         68, warning, "another host has other port rules; path and both values", "what `mend=` says; without it, copy the right file and `nlb reload`") \
    X(converging_rules,     "converging",              68, info,    "a new map, because the rules of the configuration changed (`cause=reload`)", "nothing") \
    X(converging_leaving,   "converging",              69, info,    "a new map, because a host left or was lost (`left`, `lost`); `by=` names it", "look at that host") \
    X(state_not_kept,       "state_not_kept",          74, warning, "the state file could not be written, and is tried again", "make room, or the directory writable") \
    X(state_kept,           "state_kept",              0,  info,    "the state file is written again", "nothing") \
    X(state_not_read,       "state_not_read",          0,  warning, "there is a state file that cannot be used; `initial_state: last` means started", "look at the file; the next command writes it anew") \
    X(state_not_found,      "state_not_found",         76, warning, "`initial_state: last`, and no state is kept: the host starts", "nothing, on the first start") \
    X(state_started,        "state_started",           77, info,    "`initial_state: last`: the host starts, as it did before", "nothing") \
    X(state_stopped,        "state_stopped",           78, info,    "`initial_state: last`: the host stays stopped or suspended, as it was", "`nlb start`, or `nlb resume` first") \
    X(mixed_versions,       "mixed_versions",          86, info,    "some members speak a newer version of the frames than the cluster goes by; `version=`, `behind=` names who cannot", "upgrade the hosts that `behind=` names") \
    X(versions_agree,       "versions_agree",          0,  info,    "that is over; `version=` is what the cluster goes by", "nothing") \
    X(loop_late,            "loop_late",               105, warning, "the loop woke too late; leases may end", "give it a core; see `not_real_time`") \
    X(loop_on_time,         "loop_on_time",            106, info,   "the loop has woken in time for ten seconds again; `times=` it was late", "nothing") \
    X(stickiness_differs,   "config_mismatch",         118, warning, "another host has another time-out for the clients of a rule, so it is not admitted", "what `mend=` says; without it, copy the right file and `nlb reload`") \
    X(config_mismatch,      "config_mismatch",         0,  warning, "another host has another configuration; path and both values where they are known", "what `mend=` says; without it, copy the right file and `nlb reload`") \
    X(config_agrees,        "config_agrees",           0,  info,    "the difference is gone", "nothing") \
    X(configuration_held,   "configuration_held",      0,  info,    "a new configuration is staged here", "`nlb reload` on the other hosts") \
    X(configuration_given_up, "configuration_given_up", 0, info,    "the staged configuration was taken back", "nothing") \
    X(configuration_in_use, "configuration_in_use",    0,  info,    "the cluster changed over; `generation=`", "nothing") \
    X(configuration_received, "configuration_received", 0, info,  "a configuration that another machine sent is used here; its `generation` is higher than the own file's", "nothing; `nlb config show` prints it") \
    X(received_refused,     "received_refused",        0,  error,   "the configuration that another machine sent cannot be used; the own file is in force; `because=`", "mend what it names, or remove that file, and `nlb reload`") \
    X(left,                 "left",                    0,  info,    "this host gave everything back", "nothing") \
    X(peer_heard,           "peer_heard",              0,  info,    "a host is heard for the first time, or in a new life", "nothing") \
    X(peer_lost,            "peer_lost",               0,  warning, "a member was silent for T*P and is buried", "look at that host and its cables") \
    X(peer_gone,            "peer_gone",               0,  info,    "a host that had left is silent now", "nothing") \
    X(remote_command,       "remote_command",          0,  info,    "somebody who holds the key of remote control changed something from `from=`; `command=`, `rule=`", "nothing, if you know who; else change `remote_control.key_file`") \
    X(remote_not_served,    "remote_not_served",       0,  error,   "`remote_control.key_file` cannot be used: nobody is answered; `because=`", "write the file with `nlb keygen`, and `nlb reload`") \
    X(health_down,          "health_down",             0,  warning, "the rule's server on this host failed its check `fall` times in a row; `rule=`, `because=`", "mend the server; its share is with other hosts") \
    X(health_up,            "health_up",               0,  info,    "it passes again; its share comes back, over `slow_start`", "nothing") \
    X(health_unknown,       "health_unknown",          0,  warning, "this machine cannot ask; it counts as failed; `because=`", "read the reason") \
    X(notify_failed,        "notify_failed",           0,  warning, "a `notify` program failed or was refused", "run it by hand as the control plane's user") \
    X(notify_lost,          "notify_lost",             0,  warning, "events came faster than the `notify` program takes them", "make the program faster") \
    X(reset,                "reset",                   0,  warning, "this host gave its lease back and joins anew; `because=` says why", "see the reasons below the table") \
    X(inside_not_ready,     "inside_not_ready",        0,  error,   "what is accepted would reach no server: the host takes no bucket, or gives back what it has; `because=`", "see the dataplane's log") \
    X(inside_incomplete,    "inside_incomplete",       0,  warning, "with `addresses_by: manual` an address is missing; the host serves all the same", "set it") \
    X(inside_ready,         "inside_ready",            0,  info,    "that is over", "nothing") \
    X(worker_stuck,         "worker_stuck",            0,  error,   "a packet core has not polled for T*P; this host owns nothing until it does", "look at what keeps the core; `nlb-dataplane` may have to be restarted") \
    X(worker_moves,         "worker_moves",            0,  info,    "all packet cores poll again", "nothing") \
    X(link_down,            "link_down",               0,  warning, "the outside port has no link; this host serves nobody", "check the cable and the switch") \
    X(link_up,              "link_up",                 0,  info,    "the outside port has its link", "nothing") \
    X(port_drops,           "port_drops",              0,  warning, "a port begins to lose frames; `counter=`, `frames=`, `then=` what ends it", "do what `then=` says; `nlb query --ports` counts") \
    X(port_lost,            "port_lost",               0,  error,   "a device is gone, or is being reset; this host is fenced until it is back", "look at the adapter and at dmesg") \
    X(port_back,            "port_back",               0,  info,    "the device is open again", "nothing") \
    X(deaf,                 "deaf",                    0,  error,   "no frame of any kind arrives outside, and no witness answers", "check the port, the switch and the VLAN") \
    X(clients_not_heard,    "clients_not_heard",       0,  error,   "no client's frame arrives here and other hosts hear them; this host offers nothing", "look at the switch port and at the receive queues") \
    X(clients_heard,        "clients_heard",           0,  info,    "clients' frames arrive again", "nothing") \
    X(asks_witnesses,       "asks_witnesses",          0,  info,    "nothing was heard for T1; the gateway, neighbours or `witnesses` are asked", "nothing, unless `deaf` follows") \
    X(stranger_serves,      "stranger_serves",         0,  error,   "somebody serves this cluster under another key, version or VLAN; `because=`, `mac=`; once a minute", "correct that host, or this one") \
    X(address_conflict,     "address_conflict",        0,  error,   "a stranger answers for a virtual address: `address=`, `mac=`; once a minute", "find that machine by its MAC and take the address from it") \
    X(waits_to_begin,       "waits_to_begin",          0,  warning, "signs that somebody serves keep this host from beginning alone", "correct that host, or `nlb start --alone`") \
    X(begins_alone,         "begins_alone",            0,  warning, "`nlb start --alone` ended that waiting", "nothing") \
    X(id_in_use,            "id_in_use",               0,  error,   "another living host has this host's id", "correct one of the two files") \
    X(frame_refused,        "frame_refused",           0,  warning, "a cluster frame was refused; `reason=tag` or `key`: another key", "compare key files; look for strangers") \
    X(connections_full,     "connections_full",        0,  warning, "the connection table is full: new flows are answered, and break when their bucket moves", "raise `connections.max`, or look for a flood") \
    X(answers_elsewhere,    "answers_elsewhere",       0,  warning, "connections begun here from a virtual address, whose answers another host gets; `from=`, `to=`; once a minute", "do what `then=` says") \
    X(dataplane_found,      "dataplane_found",         0,  info,    "connected to the dataplane", "nothing") \
    X(dataplane_missing,    "dataplane_missing",       0,  warning, "there is no dataplane yet", "start it") \
    X(dataplane_lost,       "dataplane_lost",          0,  error,   "the connection ended; `because=` says why, also when the two programs mean different clusters", "look at the dataplane's log") \
    X(controlplane_not_real_time, "not_real_time",     0,  info,    "the kernel refused real-time priority or locked memory", "grant CAP_SYS_NICE and CAP_IPC_LOCK") \
    X(metrics_not_served,   "metrics_not_served",      0,  error,   "`metrics.listen` is in use", "free the port or change it, and restart") \
    X(events_not_kept,      "events_not_kept",         0,  warning, "the newest events could not be written to the disk; they are kept in memory", "make room, or the directory writable") \
    X(recording_not_kept,   "recording_not_kept",      0,  warning, "the flight recorder could not write; the host serves as before; `because=`", "make room, or the directory writable") \
    X(recording_kept,       "recording_kept",          0,  info,    "the flight recorder writes again", "nothing") \
    X(config_warning,       "config_warning",          0,  warning, "the configuration is usable, and something in it is odd", "read `because=`; `nlb check` shows it too") \
    X(leaving,              "leaving",                 0,  info,    "the program was told to end", "nothing") \
    X(log_lines_lost,       "log_lines_lost",          0,  warning, "the reader of the log did not take so many lines", "find who reads the log too slowly")

#define NLB_DATAPLANE_EVENTS(X) \
    X(ready,                "ready",                   4,  info,    "the driver runs: packets are served; ports and workers", "nothing") \
    X(dataplane_stopped,    "stopped",                 0,  info,    "the dataplane ended on request", "nothing") \
    X(controlplane_connected, "controlplane_connected", 0, info,    "the control plane speaks to it", "nothing") \
    X(controlplane_disconnected, "controlplane_disconnected", 0, warning, "the cores go on until their lease ends", "look at the control plane's log") \
    X(controlplane_refused, "controlplane_refused",    0,  error,   "the two programs of this host mean different clusters or settings", "give both the same file") \
    X(tables,               "tables",                  0,  info,    "new tables are published; `epoch=`", "nothing") \
    X(link,                 "link",                    0,  info,    "the outside port's link changed; `state=`", "check the cable and the switch") \
    X(device_back,          "device_back",             0,  info,    "a port's device is open again; `state=up`", "nothing") \
    X(device_lost,          "device_lost",             0,  error,   "a port's device was removed, or is being reset: this host is fenced; `state=`, `because=`", "look at the adapter and at dmesg") \
    X(fenced,               "fenced",                  0,  warning, "the lease ran out", "look for `reset` in the control plane's log") \
    X(unfenced,             "unfenced",                0,  info,    "the lease was renewed", "nothing") \
    X(inside_device,        "inside_device",           0,  info,    "which device serves the kernel interface that `inside: {kind: kernel}` names, and why", "nothing") \
    X(inside_addresses,     "inside_addresses",        0,  info,    "these addresses were set on the inside device", "nothing") \
    X(inside_mended,        "inside_mended",           0,  warning, "somebody had removed addresses; they are set again. `times=` since the last such line", "find who did") \
    X(inside_missing,       "inside_missing",          0,  warning, "addresses that are not on the inside device", "with `addresses_by: manual` set them") \
    X(inside_complete,      "inside_complete",         0,  info,    "all addresses are on the inside device", "nothing") \
    X(inside_refused,       "inside_refused",          0,  warning, "the kernel refused an address, a route or a setting; `what=`, `because=`", "mend the cause; a default route of another device stays in force") \
    X(server_found,         "server_found",            0,  info,    "the MAC of servers that are not this kernel; a new line when another one has answered instead", "nothing") \
    X(trace,                "trace",                   0,  info,    "a trace began or ended", "nothing") \
    X(dpdk,                 "dpdk",                    0,  warning, "a line of DPDK's own", "read it") \
    X(dataplane_warning,    "warning",                 0,  warning, "what is slower or less than it could be; `because=`", "judge it") \
    X(dataplane_not_real_time, "not_real_time",        0,  info,    "the kernel refused real-time priority or locked memory", "grant CAP_SYS_NICE and CAP_IPC_LOCK") \
    X(time_source,          "time_source",             0,  warning, "the kernel or the CPU does not vouch for the time stamp counter, by which leases end", "see dmesg and the firmware's settings")
// clang-format on

enum class EventId : std::uint8_t {
#define NLB_X(id, name, number, level, means, todo) id,
    NLB_CONTROLPLANE_EVENTS(NLB_X) NLB_DATAPLANE_EVENTS(NLB_X)
#undef NLB_X
};

enum class EventLevel : std::uint8_t { info, warning, error };
enum class EventSource : std::uint8_t { controlplane, dataplane };

struct EventKind {
    EventId id;
    EventSource source;
    std::string_view name;
    int number;
    EventLevel level;
    std::string_view means;
    std::string_view todo;
};

inline constexpr std::array kEvents = {
#define NLB_X(id, name, number, level, means, todo) \
    EventKind{EventId::id, EventSource::controlplane, name, number, EventLevel::level, means, todo},
    NLB_CONTROLPLANE_EVENTS(NLB_X)
#undef NLB_X
#define NLB_X(id, name, number, level, means, todo) \
    EventKind{EventId::id, EventSource::dataplane, name, number, EventLevel::level, means, todo},
        NLB_DATAPLANE_EVENTS(NLB_X)
#undef NLB_X
};

// Windows NLB's numbers that no event here bears, and why.
struct UnusedNumber {
    std::string_view numbers;
    std::string_view what;
    std::string_view why;
};
// clang-format off
inline constexpr std::array kUnusedNumbers = {
    UnusedNumber{"9", "unsupported medium", "DPDK's ports are Ethernet; what is none is refused at the start, in a sentence"},
    UnusedNumber{"50", "the adapter's multicast list is full", "a port that takes no more addresses is made promiscuous instead"},
    UnusedNumber{"53", "the adapter cannot change its MAC", "the station's MAC is never changed: frames are masked as they leave"},
    UnusedNumber{"60, 61, 114", "bidirectional affinity", "there are no teams yet"},
    UnusedNumber{"73", "invalid IGMP address", "`nlb check`: igmp without an IPv4 primary address is a mistake of the file"},
    UnusedNumber{"85, 89", "no registration, no attachment", "`nlb-dataplane` ends with a sentence and its exit code when a port cannot be used"},
    UnusedNumber{"90", "the MTU is too small", "a cluster frame passes an MTU of 1,280; a port with less is refused at the start"},
    UnusedNumber{"110", "addresses and masks do not match", "the file writes each address with its prefix"},
};
// clang-format on

[[nodiscard]] constexpr const EventKind& kind_of(EventId id) {
    return kEvents[static_cast<std::size_t>(id)];
}

}  // namespace nlb::config
