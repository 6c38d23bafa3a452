#include "controlplane/api/metrics.hpp"

#include <cmath>
#include <limits>

#include "core/packet/reasons.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Family {
public:
    Family(const char* name, const char* help, MetricType type) {
        family_.name = name;
        family_.help = help;
        family_.type = type;
    }
    void add(Labels labels, double value) {
        ClientMetric metric;
        metric.label = std::move(labels);
        if (family_.type == MetricType::Counter)
            metric.counter.value = value;
        else
            metric.gauge.value = value;
        family_.metric.push_back(std::move(metric));
    }
    void add(Labels labels, std::uint64_t value) {
        add(std::move(labels), static_cast<double>(value));
    }
    void add(Labels labels, const Histogram& histogram) {
        ClientMetric metric;
        metric.label = std::move(labels);
        std::uint64_t cumulative = 0;
        for (std::size_t i = 0; i <= kHistogramBounds; ++i) {
            cumulative += histogram.counts[i];
            const double bound =
                i < kHistogramBounds ? kBounds[i] : std::numeric_limits<double>::infinity();
            metric.histogram.bucket.push_back({cumulative, bound});
        }
        metric.histogram.sample_count = cumulative;
        metric.histogram.sample_sum = histogram.sum;
        family_.metric.push_back(std::move(metric));
    }
    [[nodiscard]] MetricFamily take() { return std::move(family_); }

private:
    MetricFamily family_;
};

// One family over all clusters; `fill(family, cluster, label of the cluster)`.
template <class Fill>
MetricFamily each(const MetricsSnapshot& snapshot, MetricType type, const char* name,
                  const char* help, Fill&& fill) {
    Family family(name, help, type);
    for (const ClusterNumbers& cluster : snapshot.clusters)
        fill(family, cluster, ClientMetric::Label{"cluster", cluster.name});
    return family.take();
}

using Label = ClientMetric::Label;
using Numbers = ClusterNumbers;
constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;
constexpr auto kHistogram = MetricType::Histogram;

using Into = std::vector<MetricFamily>;

// A worker counter of core/packet/counters.hpp.
void add_worker_counter(Into& into, const MetricsSnapshot& s, const char* name, const char* help,
                        std::uint64_t Counters::*counter) {
    into.push_back(
        each(s, kCounter, name, help, [counter](Family& f, const Numbers& n, const Label& c) {
            if (n.traffic.report) f.add({c}, n.traffic.report->counters.*counter);
        }));
}

void add_reasons(Into& into, const MetricsSnapshot& s, const char* name, const char* help,
                 const char* label, Verdict verdict) {
    into.push_back(each(s, kCounter, name, help,
                        [label, verdict](Family& f, const Numbers& n, const Label& c) {
                            if (!n.traffic.report) return;
                            for (std::size_t i = 0; i < kReasonCount; ++i)
                                if (kReasons[i].verdict == verdict)
                                    f.add({c, {label, std::string{kReasons[i].name}}},
                                          n.traffic.report->counters.reasons[i]);
                        }));
}

using PerRule = std::array<std::uint64_t, kRuleSlots> Counters::*;
void add_per_rule(Into& into, const MetricsSnapshot& s, MetricType type, const char* name,
                  const char* help, PerRule counter) {
    into.push_back(
        each(s, type, name, help, [counter](Family& f, const Numbers& n, const Label& c) {
            if (!n.traffic.report) return;
            for (const RuleNumbers& rule : n.rules)
                f.add({c, {"rule", rule.name}}, (n.traffic.report->counters.*counter)[rule.id]);
        }));
}

void add_packets(Into& into, const MetricsSnapshot& s) {
    add_worker_counter(into, s, "nlb_rx_packets_total", "Frames received on the outside port",
                       &Counters::rx_packets);
    add_worker_counter(into, s, "nlb_rx_bytes_total", "Bytes received on the outside port",
                       &Counters::rx_bytes);
    add_worker_counter(into, s, "nlb_inside_packets_total", "Frames received on the inside port",
                       &Counters::inside_packets);
    add_worker_counter(into, s, "nlb_tx_packets_total", "Frames sent on the outside port",
                       &Counters::tx_packets);
    add_worker_counter(into, s, "nlb_connection_table_full_total",
                       "New flows that could not be tracked because the table was full",
                       &Counters::table_full);
    add_worker_counter(into, s, "nlb_half_open_evicted_total",
                       "Half-open flows given up early: for a new one's place, or as too many",
                       &Counters::half_open_evicted);
    add_per_rule(into, s, kCounter, "nlb_accepted_packets_total", "Packets delivered to the server",
                 &Counters::accepted);
    add_per_rule(into, s, kCounter, "nlb_rejected_packets_total", "Packets left to another host",
                 &Counters::rejected);
    add_per_rule(into, s, kGauge, "nlb_connections", "Descriptors of TCP flows held now",
                 &Counters::connections);
    into.push_back(each(s, kGauge, "nlb_half_open_connections",
                        "Descriptors whose client has not answered yet",
                        [](Family& f, const Numbers& n, const Label& c) {
                            if (n.traffic.report) f.add({c}, n.traffic.report->counters.half_open);
                        }));
    into.push_back(each(s, kGauge, "nlb_fragments_waiting",
                        "Fragments that wait for the first one of their datagram",
                        [](Family& f, const Numbers& n, const Label& c) {
                            constexpr auto kHeld = static_cast<std::size_t>(Reason::fragment_held);
                            if (n.traffic.report)
                                f.add({c}, n.traffic.report->counters.reasons[kHeld]);
                        }));
    into.push_back(each(s, kCounter, "nlb_steered_packets_total",
                        "Packets handed from one worker to another that remembers their flow",
                        [](Family& f, const Numbers& n, const Label& c) {
                            constexpr auto kSteered = static_cast<std::size_t>(Reason::steered);
                            if (n.traffic.report)
                                f.add({c}, n.traffic.report->counters.reasons[kSteered]);
                        }));
    add_reasons(into, s, "nlb_dropped_packets_total", "Packets that are nobody's", "reason",
                Verdict::drop);
    add_reasons(into, s, "nlb_consumed_packets_total", "Packets answered or used by nlb itself",
                "kind", Verdict::consume);
    add_reasons(into, s, "nlb_rejected_packets_by_reason_total",
                "Packets left to another host, by reason", "reason", Verdict::reject);
    add_reasons(into, s, "nlb_accepted_packets_by_reason_total",
                "Packets delivered to the server, by reason", "reason", Verdict::accept);
    into.push_back(each(s, kGauge, "nlb_cycles_per_packet",
                        "Time stamp counter cycles per packet over the last interval with packets",
                        [](Family& f, const Numbers& n, const Label& c) {
                            f.add({c}, n.traffic.cycles_per_packet);
                        }));
    into.push_back(each(s, kGauge, "nlb_burst_packets",
                        "Packets per burst over the last interval with packets",
                        [](Family& f, const Numbers& n, const Label& c) {
                            f.add({c}, n.traffic.packets_per_burst);
                        }));
}

// Clients of rules with a time-out, and what hosts leave to one another of them.
void add_clients(Into& into, const MetricsSnapshot& s) {
    const auto add_report = [&](MetricType type, const char* name, const char* help,
                                std::uint64_t ipc::CountersReport::*word) {
        into.push_back(
            each(s, type, name, help, [word](Family& f, const Numbers& n, const Label& c) {
                if (n.traffic.report) f.add({c}, (*n.traffic.report).*word);
            }));
    };
    add_report(kGauge, "nlb_clients_remembered",
               "Clients of rules with a time-out that are remembered now",
               &ipc::CountersReport::clients);
    add_report(kGauge, "nlb_clients_elsewhere",
               "Of them those that this host owns and has left to their former hosts",
               &ipc::CountersReport::commitments);
    add_report(kCounter, "nlb_clients_unremembered_total",
               "New clients for whom the client table had no room",
               &ipc::CountersReport::clients_unremembered);
    into.push_back(each(s, kCounter, "nlb_grants_total",
                        "Clients left to their former hosts: told to others, told by others, "
                        "refused, too late to tell",
                        [](Family& f, const Numbers& n, const Label& c) {
                            f.add({c, {"what", "sent"}}, n.grants.sent);
                            f.add({c, {"what", "received"}}, n.grants.received);
                            f.add({c, {"what", "refused"}}, n.grants.refused);
                            f.add({c, {"what", "stale"}}, n.grants.stale);
                        }));
}

void add_cluster(Into& into, const MetricsSnapshot& s) {
    into.push_back(each(s, kGauge, "nlb_buckets_owned", "Buckets that this host states to own",
                        [](Family& f, const Numbers& n, const Label& c) {
                            for (const RuleNumbers& rule : n.rules)
                                f.add({c, {"rule", rule.name}}, rule.owned);
                        }));
    into.push_back(each(s, kGauge, "nlb_buckets_orphaned",
                        "Buckets that nobody states to own although somebody should",
                        [](Family& f, const Numbers& n, const Label& c) {
                            for (const RuleNumbers& rule : n.rules)
                                f.add({c, {"rule", rule.name}}, rule.orphaned);
                        }));
    into.push_back(each(s, kGauge, "nlb_health_up",
                        "1: the rule's server answers its health check, or it has none",
                        [](Family& f, const Numbers& n, const Label& c) {
                            for (const RuleNumbers& rule : n.rules)
                                f.add({c, {"rule", rule.name}}, 1.0);
                        }));
    into.push_back(each(s, kGauge, "nlb_cluster_hosts", "Configured hosts by the state they state",
                        [](Family& f, const Numbers& n, const Label& c) {
                            for (const auto& [state, hosts] : n.hosts_by_state)
                                f.add({c, {"state", state}}, hosts);
                        }));
    into.push_back(each(
        s, kGauge, "nlb_converging", "1 while the cluster converges",
        [](Family& f, const Numbers& n, const Label& c) { f.add({c}, n.converging ? 1.0 : 0.0); }));
    into.push_back(each(s, kCounter, "nlb_convergences_total",
                        "Convergences that came to their end, by cause",
                        [](Family& f, const Numbers& n, const Label& c) {
                            for (const auto& [cause, count] : n.convergences)
                                f.add({c, {"cause", cause}}, count);
                        }));
    into.push_back(
        each(s, kHistogram, "nlb_convergence_seconds",
             "From the first sign of a change until all buckets are where they belong",
             [](Family& f, const Numbers& n, const Label& c) { f.add({c}, n.convergence); }));
    into.push_back(
        each(s, kHistogram, "nlb_orphan_window_seconds",
             "Time that a bucket had no stated owner, as this host heard it",
             [](Family& f, const Numbers& n, const Label& c) { f.add({c}, n.orphan_windows); }));
    into.push_back(each(s, kGauge, "nlb_epoch", "Counter of the epoch in force",
                        [](Family& f, const Numbers& n, const Label& c) { f.add({c}, n.epoch); }));
    into.push_back(
        each(s, kGauge, "nlb_config_generation", "Generation of the configuration in force",
             [](Family& f, const Numbers& n, const Label& c) { f.add({c}, n.generation); }));
    into.push_back(each(s, kGauge, "nlb_config_mismatch",
                        "1: that host states another configuration",
                        [](Family& f, const Numbers& n, const Label& c) {
                            for (const PeerNumbers& peer : n.peers)
                                f.add({c, {"host", peer.name}}, peer.mismatch ? 1.0 : 0.0);
                        }));
}

void add_heartbeats(Into& into, const MetricsSnapshot& s) {
    into.push_back(
        each(s, kCounter, "nlb_heartbeats_sent_total", "Cluster frames handed to the dataplane",
             [](Family& f, const Numbers& n, const Label& c) { f.add({c}, n.frames_sent); }));
    into.push_back(each(s, kCounter, "nlb_heartbeats_received_total", "Heartbeats accepted",
                        [](Family& f, const Numbers& n, const Label& c) {
                            for (const PeerNumbers& peer : n.peers)
                                f.add({c, {"host", peer.name}}, peer.received);
                        }));
    into.push_back(
        each(s, kCounter, "nlb_heartbeats_rejected_total", "Cluster frames refused",
             [](Family& f, const Numbers& n, const Label& c) {
                 for (std::size_t i = 1; i < kFrameFaults; ++i)
                     f.add({c, {"reason", std::string{name_of(static_cast<FrameFault>(i))}}},
                           n.frames_refused[i]);
             }));
    into.push_back(each(s, kCounter, "nlb_heartbeats_lost_total",
                        "Cluster frames that found no room between the processes",
                        [](Family& f, const Numbers& n, const Label& c) {
                            if (n.traffic.report) f.add({c}, n.traffic.report->punts_lost);
                        }));
    into.push_back(each(s, kHistogram, "nlb_heartbeat_interval_seconds",
                        "Time between two heartbeats of a host, as they came off the wire",
                        [](Family& f, const Numbers& n, const Label& c) {
                            for (const PeerNumbers& peer : n.peers)
                                f.add({c, {"host", peer.name}}, peer.interval);
                        }));
    into.push_back(
        each(s, kGauge, "nlb_fence_remaining_seconds",
             "How long the cores may still answer without a renewed lease",
             [](Family& f, const Numbers& n, const Label& c) { f.add({c}, n.fence_remaining_s); }));
    into.push_back(each(s, kCounter, "nlb_fenced_total",
                        "Times that the lease ran out while tables were installed",
                        [](Family& f, const Numbers& n, const Label& c) {
                            if (n.traffic.report) f.add({c}, n.traffic.report->fenced_intervals);
                        }));
}

void add_process(Into& into, const MetricsSnapshot& s) {
    Family lateness("nlb_loop_lateness_seconds", "How late the control loop woke", kHistogram);
    lateness.add({}, s.loop.lateness);
    into.push_back(lateness.take());
    Family late("nlb_loop_late_total",
                "Times that the control loop woke later than max(5 ms, a fifth of a period)",
                kCounter);
    late.add({}, s.loop.late);
    into.push_back(late.take());
    Family connected("nlb_dataplane_connected", "1: the dataplane answers", kGauge);
    connected.add({}, s.dataplane_connected ? 1.0 : 0.0);
    into.push_back(connected.take());
    Family build("nlb_build_info", "Always 1; the labels tell the build", kGauge);
    build.add({{"version", NLB_VERSION}, {"layout", std::to_string(ipc::layout_digest())}}, 1.0);
    into.push_back(build.take());
}

}  // namespace

std::vector<MetricFamily> families_of(const MetricsSnapshot& snapshot) {
    std::vector<MetricFamily> families;
    add_packets(families, snapshot);
    add_clients(families, snapshot);
    add_cluster(families, snapshot);
    add_heartbeats(families, snapshot);
    add_process(families, snapshot);
    std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
    return families;
}

void MetricsBoard::publish(MetricsSnapshot snapshot) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock) std::swap(snapshot_, snapshot);
}

std::vector<MetricFamily> MetricsBoard::Collect() const {
    MetricsSnapshot copy;
    {
        const std::lock_guard lock(mutex_);
        copy = snapshot_;
    }
    return families_of(copy);
}

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(
    const std::string& listen, const std::shared_ptr<MetricsBoard>& board) {
    try {
        auto server = std::make_unique<MetricsServer>();
        server->exposer_ = std::make_unique<prometheus::Exposer>(listen, 1);
        server->exposer_->RegisterCollectable(board);
        return server;
    } catch (const std::exception&) {
        return Error{"metrics.listen: cannot listen on " + listen +
                     ": is another program there? metrics are not served"};
    }
}

}  // namespace nlb::controlplane
