// Every metric of the contract, once: its name, type, unit, help and where its number stands in a
// snapshot. What writes /metrics and what documents it read this table; it knows no Prometheus.
#pragma once

#include <span>
#include <variant>

#include "controlplane/api/metrics_snapshot.hpp"

namespace nlb::controlplane {

enum class MetricType : std::uint8_t { counter, gauge, histogram };
enum class MetricUnit : std::uint8_t { one, bytes, seconds };

// Packets of every reason of one verdict, labelled `label`.
struct ByReason {
    Verdict verdict;
    const char* label;
};
struct OfReason {
    Reason reason;
};
// By worker of the cluster.
struct ByWorker {
    std::array<double, ipc::kLanesShown> Traffic::*member;
};
struct RingFill {};
// 1: the port's device is there and its link is up.
struct PortUp {};
// Of the control plane's process or the dataplane's; absent while it is not known.
struct OfProcess {
    ProcessNumbers MetricsSnapshot::*process;
    double ProcessNumbers::*number;
};
// {cluster,host,state}: 1 for the state that each host is in.
struct HostStates {};
// {cluster}: heartbeats of lives that have not proved yet that they are no recordings.
struct Unbelieved {};
// The always-one that tells the build.
struct BuildInfo {};

// Where a metric's numbers stand, and with it which labels its samples bear. Numbers of the
// dataplane are absent until it has reported.
using MetricSource = std::variant<
    // {cluster}
    bool ClusterNumbers::*, std::uint64_t ClusterNumbers::*, double ClusterNumbers::*,
    Histogram ClusterNumbers::*, double Traffic::*,
    // {cluster}, of the dataplane
    std::uint64_t Counters::*, std::uint64_t ipc::CountersReport::*, OfReason,
    // {cluster,rule}; the last one of the dataplane
    std::uint64_t RuleNumbers::*, std::optional<bool> RuleNumbers::*,
    std::optional<Histogram> RuleNumbers::*, std::array<std::uint64_t, kRuleSlots> Counters::*,
    // {cluster,host}
    std::uint64_t PeerNumbers::*, bool PeerNumbers::*, Histogram PeerNumbers::*,
    // {cluster,state} {cluster,cause} {cluster,reason} {cluster,host,state}
    std::array<std::uint64_t, kHostShownStates> ClusterNumbers::*,
    ConvergenceStatistics::Counts ClusterNumbers::*,
    std::array<std::uint64_t, kFrameFaults> ClusterNumbers::*, HostStates,
    // {cluster}
    std::uint64_t GrantCounts::*, Unbelieved,
    // {cluster,result}
    std::optional<remote::OutcomeCounts> ClusterNumbers::*,
    // {cluster,reason} or {cluster,kind}, of the dataplane
    ByReason,
    // {cluster,port,device}, of the dataplane; the third one {...,queue}
    std::uint64_t ipc::PortCounters::*, std::uint64_t ipc::PortReport::*,
    std::array<std::uint64_t, ipc::kPortQueuesShown> ipc::PortCounters::*, PortUp,
    // {cluster,worker}; {cluster}; of the dataplane
    ByWorker, RingFill,
    // of the process, no label
    std::uint64_t LoopNumbers::*, Histogram LoopNumbers::*, bool MetricsSnapshot::*, OfProcess,
    // {version,layout}
    BuildInfo>;

struct Metric {
    const char* name;  // a counter ends with _total, a number of seconds with _seconds
    MetricType type;
    MetricUnit unit;
    const char* help;
    MetricSource source;
};

// In the order in which they are written.
[[nodiscard]] std::span<const Metric> metrics_table();

}  // namespace nlb::controlplane
