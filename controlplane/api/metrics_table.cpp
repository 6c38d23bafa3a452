// The table itself. Names and labels are a contract with whoever scrapes: a row may be added, none
// renamed. tests/unit/controlplane/api/metrics.golden holds the text.
#include "controlplane/api/metrics_table.hpp"

#include <array>

namespace nlb::controlplane {
namespace {

constexpr auto kCounter = MetricType::counter;
constexpr auto kGauge = MetricType::gauge;
constexpr auto kHistogram = MetricType::histogram;
constexpr auto kOne = MetricUnit::one;
constexpr auto kBytes = MetricUnit::bytes;
constexpr auto kSeconds = MetricUnit::seconds;

// name, type, unit, help, source
constexpr std::array kTable = {
    Metric{"nlb_rx_packets_total", kCounter, kOne, "Frames received on the outside port",
           &Counters::rx_packets},
    Metric{"nlb_rx_bytes_total", kCounter, kBytes, "Bytes received on the outside port",
           &Counters::rx_bytes},
    Metric{"nlb_inside_packets_total", kCounter, kOne, "Frames received on the inside port",
           &Counters::inside_packets},
    Metric{"nlb_tx_packets_total", kCounter, kOne, "Frames sent on the outside port",
           &Counters::tx_packets},
    Metric{"nlb_connection_table_full_total", kCounter, kOne,
           "New flows that could not be tracked because the table was full", &Counters::table_full},
    Metric{"nlb_half_open_evicted_total", kCounter, kOne,
           "Half-open flows given up early: for a new one's place, or as too many",
           &Counters::half_open_evicted},
    Metric{"nlb_accepted_packets_total", kCounter, kOne, "Packets delivered to the server",
           &Counters::accepted},
    Metric{"nlb_rejected_packets_total", kCounter, kOne, "Packets left to another host",
           &Counters::rejected},
    Metric{"nlb_connections", kGauge, kOne, "Descriptors of TCP flows held now",
           &Counters::connections},
    Metric{"nlb_half_open_connections", kGauge, kOne,
           "Descriptors whose client has not answered yet", &Counters::half_open},
    Metric{"nlb_fragments_waiting", kGauge, kOne,
           "Fragments that wait for the first one of their datagram",
           OfReason{Reason::fragment_held}},
    Metric{"nlb_steered_packets_total", kCounter, kOne,
           "Packets handed from one worker to another that remembers their flow",
           OfReason{Reason::steered}},
    Metric{"nlb_dropped_packets_total", kCounter, kOne, "Packets that are nobody's",
           ByReason{Verdict::drop, "reason"}},
    Metric{"nlb_consumed_packets_total", kCounter, kOne, "Packets answered or used by nlb itself",
           ByReason{Verdict::consume, "kind"}},
    Metric{"nlb_rejected_packets_by_reason_total", kCounter, kOne,
           "Packets left to another host, by reason", ByReason{Verdict::reject, "reason"}},
    Metric{"nlb_accepted_packets_by_reason_total", kCounter, kOne,
           "Packets delivered to the server, by reason", ByReason{Verdict::accept, "reason"}},
    Metric{"nlb_cycles_per_packet", kGauge, kOne,
           "Time stamp counter cycles per packet over the last interval with packets",
           &Traffic::cycles_per_packet},
    Metric{"nlb_burst_packets", kGauge, kOne,
           "Packets per burst over the last interval with packets", &Traffic::packets_per_burst},
    Metric{"nlb_clients_remembered", kGauge, kOne,
           "Clients of rules with a time-out that are remembered now",
           &ipc::CountersReport::clients},
    Metric{"nlb_clients_elsewhere", kGauge, kOne,
           "Of them those that this host owns and has left to their former hosts",
           &ipc::CountersReport::commitments},
    Metric{"nlb_clients_unremembered_total", kCounter, kOne,
           "New clients for whom the client table had no room",
           &ipc::CountersReport::clients_unremembered},
    Metric{"nlb_grants_total", kCounter, kOne,
           "Clients left to their former hosts: told to others, told by others, refused, too late "
           "to tell",
           &ClusterNumbers::grants},
    Metric{"nlb_buckets_owned", kGauge, kOne, "Buckets that this host states to own",
           &RuleNumbers::owned},
    Metric{"nlb_buckets_orphaned", kGauge, kOne,
           "Buckets that nobody states to own although somebody should", &RuleNumbers::orphaned},
    Metric{"nlb_health_up", kGauge, kOne,
           "1: the rule's server on this host passes its health check; absent without a check, "
           "and before its first word",
           &RuleNumbers::health_up},
    Metric{"nlb_health_check_seconds", kHistogram, kSeconds,
           "How long the health checks of the rule's server took", &RuleNumbers::check_seconds},
    Metric{"nlb_cluster_hosts", kGauge, kOne, "Configured hosts by the state they state",
           &ClusterNumbers::hosts_by_state},
    Metric{"nlb_converging", kGauge, kOne, "1 while the cluster converges",
           &ClusterNumbers::converging},
    Metric{"nlb_convergences_total", kCounter, kOne,
           "Convergences that came to their end, by cause", &ClusterNumbers::convergences},
    Metric{"nlb_convergence_seconds", kHistogram, kSeconds,
           "From the first sign of a change until all buckets are where they belong",
           &ClusterNumbers::convergence},
    Metric{"nlb_orphan_window_seconds", kHistogram, kSeconds,
           "Time that a bucket had no stated owner, as this host heard it",
           &ClusterNumbers::orphan_windows},
    Metric{"nlb_epoch", kGauge, kOne, "Counter of the epoch in force", &ClusterNumbers::epoch},
    Metric{"nlb_config_generation", kGauge, kOne, "Generation of the configuration in force",
           &ClusterNumbers::generation},
    Metric{"nlb_config_mismatch", kGauge, kOne, "1: that host states another configuration",
           &PeerNumbers::mismatch},
    Metric{"nlb_heartbeats_sent_total", kCounter, kOne, "Cluster frames handed to the dataplane",
           &ClusterNumbers::frames_sent},
    Metric{"nlb_address_announcements_total", kCounter, kOne,
           "Virtual addresses announced on the link as the default host",
           &ClusterNumbers::announcements},
    Metric{"nlb_address_conflicts_total", kCounter, kOne,
           "Frames in which a stranger claims a virtual address",
           &ClusterNumbers::address_conflicts},
    Metric{"nlb_heartbeats_received_total", kCounter, kOne, "Heartbeats accepted",
           &PeerNumbers::received},
    Metric{"nlb_heartbeats_rejected_total", kCounter, kOne, "Cluster frames refused",
           &ClusterNumbers::frames_refused},
    Metric{"nlb_heartbeats_lost_total", kCounter, kOne,
           "Cluster frames that found no room between the processes",
           &ipc::CountersReport::punts_lost},
    Metric{"nlb_heartbeat_interval_seconds", kHistogram, kSeconds,
           "Time between two heartbeats of a host, as they came off the wire",
           &PeerNumbers::interval},
    Metric{"nlb_fence_remaining_seconds", kGauge, kSeconds,
           "How long the cores may still answer without a renewed lease",
           &ClusterNumbers::fence_remaining_s},
    Metric{"nlb_fenced_total", kCounter, kOne,
           "Times that the lease ran out while tables were installed",
           &ipc::CountersReport::fenced_intervals},
    Metric{"nlb_loop_lateness_seconds", kHistogram, kSeconds, "How late the control loop woke",
           &LoopNumbers::lateness},
    Metric{"nlb_loop_late_total", kCounter, kOne,
           "Times that the control loop woke later than max(5 ms, a fifth of a period)",
           &LoopNumbers::late},
    Metric{"nlb_dataplane_connected", kGauge, kOne, "1: the dataplane answers",
           &MetricsSnapshot::dataplane_connected},
    Metric{"nlb_build_info", kGauge, kOne, "Always 1; the labels tell the build", BuildInfo{}}};

}  // namespace

std::span<const Metric> metrics_table() {
    return kTable;
}

}  // namespace nlb::controlplane
