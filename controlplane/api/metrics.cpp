// The table's rows as Prometheus' own structs: one overload for each kind of source says which
// samples it gives and which labels they bear.
#include "controlplane/api/metrics.hpp"

#include <algorithm>
#include <limits>
#include <prometheus/text_serializer.h>
#include <sstream>

#include "controlplane/api/metrics_table.hpp"
#include "core/packet/reasons.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using Labels = std::vector<ClientMetric::Label>;
using Numbers = ClusterNumbers;

prometheus::MetricType type_of(MetricType type) {
    if (type == MetricType::counter) return prometheus::MetricType::Counter;
    return type == MetricType::gauge ? prometheus::MetricType::Gauge
                                     : prometheus::MetricType::Histogram;
}

// Writes the samples of one row.
class Samples {
public:
    Samples(const MetricsSnapshot& snapshot, MetricFamily& family)
        : snapshot_(snapshot), family_(family) {}

    template <class Value>
    void operator()(Value Numbers::*member) const {
        for (const Numbers& n : snapshot_.clusters) add({cluster(n)}, n.*member);
    }
    void operator()(double Traffic::*member) const {
        for (const Numbers& n : snapshot_.clusters) add({cluster(n)}, n.traffic.*member);
    }
    void operator()(std::uint64_t Counters::*member) const {
        each_report([&](const Numbers& n, const ipc::CountersReport& report) {
            add({cluster(n)}, report.counters.*member);
        });
    }
    void operator()(std::uint64_t ipc::CountersReport::*member) const {
        each_report([&](const Numbers& n, const ipc::CountersReport& report) {
            add({cluster(n)}, report.*member);
        });
    }
    void operator()(const OfReason& source) const {
        each_report([&](const Numbers& n, const ipc::CountersReport& report) {
            add({cluster(n)}, report.counters.reasons[static_cast<std::size_t>(source.reason)]);
        });
    }
    void operator()(const ByReason& source) const {
        each_report([&](const Numbers& n, const ipc::CountersReport& report) {
            for (std::size_t i = 0; i < kReasonCount; ++i)
                if (kReasons[i].verdict == source.verdict)
                    add({cluster(n), {source.label, std::string{kReasons[i].name}}},
                        report.counters.reasons[i]);
        });
    }
    template <class Value>
    void operator()(Value RuleNumbers::*member) const {
        for (const Numbers& n : snapshot_.clusters)
            for (const RuleNumbers& rule : n.rules)
                add({cluster(n), {"rule", rule.name}}, rule.*member);
    }
    template <class Value>
    void operator()(std::optional<Value> RuleNumbers::*member) const {
        for (const Numbers& n : snapshot_.clusters)
            for (const RuleNumbers& rule : n.rules)
                if (rule.*member) add({cluster(n), {"rule", rule.name}}, *(rule.*member));
    }
    void operator()(std::array<std::uint64_t, kRuleSlots> Counters::*member) const {
        each_report([&](const Numbers& n, const ipc::CountersReport& report) {
            for (const RuleNumbers& rule : n.rules)
                add({cluster(n), {"rule", rule.name}}, (report.counters.*member)[rule.id]);
        });
    }
    template <class Value>
    void operator()(Value PeerNumbers::*member) const {
        for (const Numbers& n : snapshot_.clusters)
            for (const PeerNumbers& peer : n.peers)
                add({cluster(n), {"host", peer.name}}, peer.*member);
    }
    void operator()(std::array<std::uint64_t, kHostShownStates> Numbers::*member) const {
        for (const Numbers& n : snapshot_.clusters) add_named<HostShown>(n, "state", n.*member, 0);
    }
    // Also those that never were: a rate needs a first value.
    void operator()(ConvergenceStatistics::Counts Numbers::*member) const {
        for (const Numbers& n : snapshot_.clusters)
            add_named<ConvergenceCause>(n, "cause", n.*member, 0);
    }
    // The first one is no fault, and every host that starts is unbelieved for a moment.
    void operator()(std::array<std::uint64_t, kFrameFaults> Numbers::*member) const {
        for (const Numbers& n : snapshot_.clusters)
            for (std::size_t i = 1; i < kFrameFaults; ++i)
                if (const auto fault = static_cast<FrameFault>(i); fault != FrameFault::unbelieved)
                    add({cluster(n), {"reason", std::string{name_of(fault)}}}, (n.*member)[i]);
    }
    void operator()(std::optional<remote::OutcomeCounts> Numbers::*member) const {
        for (const Numbers& n : snapshot_.clusters)
            if (n.*member) add_named<remote::Outcome>(n, "result", *(n.*member), 0);
    }
    void operator()(const Unbelieved&) const {
        for (const Numbers& n : snapshot_.clusters)
            add({cluster(n)}, n.frames_refused[static_cast<std::size_t>(FrameFault::unbelieved)]);
    }
    void operator()(const HostStates&) const {
        for (const Numbers& n : snapshot_.clusters)
            for (const HostNumbers& host : n.hosts)
                for (std::size_t i = 0; i < kHostShownStates; ++i)
                    add({cluster(n),
                         {"host", host.name},
                         {"state", std::string{name_of(static_cast<HostShown>(i))}}},
                        static_cast<std::size_t>(host.state) == i);
    }
    void operator()(std::uint64_t GrantCounts::*member) const {
        for (const Numbers& n : snapshot_.clusters) add({cluster(n)}, n.grants.*member);
    }
    void operator()(const OfProcess& source) const {
        const ProcessNumbers& process = snapshot_.*source.process;
        if (process.start_time_s > 0) add({}, process.*source.number);
    }
    void operator()(const ByWorker& source) const {
        each_report([&](const Numbers& n, const ipc::CountersReport& report) {
            for (std::size_t i = 0;
                 i < std::min<std::size_t>(report.worker_count, ipc::kLanesShown); ++i)
                add({cluster(n), {"worker", std::to_string(i)}}, (n.traffic.*source.member)[i]);
        });
    }
    void operator()(const RingFill&) const {
        each_report([&](const Numbers& n, const ipc::CountersReport&) {
            add({cluster(n)}, n.traffic.ring_fill());
        });
    }
    void operator()(std::uint64_t ipc::PortCounters::*member) const {
        each_port([&](Labels labels, const ipc::PortReport& port) {
            add(std::move(labels), port.counters.*member);
        });
    }
    void operator()(std::uint64_t ipc::PortReport::*member) const {
        each_port([&](Labels labels, const ipc::PortReport& port) {
            add(std::move(labels), port.*member);
        });
    }
    void operator()(const PortUp&) const {
        each_port([&](Labels labels, const ipc::PortReport& port) {
            add(std::move(labels), port.state == ipc::PortState::up);
        });
    }
    void operator()(
        std::array<std::uint64_t, ipc::kPortQueuesShown> ipc::PortCounters::*member) const {
        each_port([&](const Labels& labels, const ipc::PortReport& port) {
            for (std::size_t i = 0;
                 i < std::min<std::size_t>(port.rx_queues, ipc::kPortQueuesShown); ++i) {
                Labels with_queue = labels;
                with_queue.push_back({"queue", std::to_string(i)});
                add(std::move(with_queue), (port.counters.*member)[i]);
            }
        });
    }
    template <class Value>
    void operator()(Value LoopNumbers::*member) const {
        add({}, snapshot_.loop.*member);
    }
    void operator()(bool MetricsSnapshot::*member) const { add({}, snapshot_.*member); }
    void operator()(const BuildInfo&) const {
        add({{"version", NLB_VERSION}, {"layout", std::to_string(ipc::layout_digest())}}, true);
    }

private:
    static ClientMetric::Label cluster(const Numbers& n) { return {"cluster", n.name}; }
    template <class Fill>
    void each_report(Fill&& fill) const {
        for (const Numbers& n : snapshot_.clusters)
            if (n.traffic.report) fill(n, *n.traffic.report);
    }
    // A dataplane without ports, such as the simulator's, names none.
    template <class Fill>
    void each_port(Fill&& fill) const {
        each_report([&](const Numbers& n, const ipc::CountersReport& report) {
            for (std::size_t i = 0; i < report.ports.size(); ++i)
                if (const ipc::PortReport& port = report.ports[i]; !ipc::text_in(port.name).empty())
                    fill(Labels{cluster(n),
                                {"port", i == 0 ? "outside" : "inside"},
                                {"device", std::string{ipc::text_in(port.name)}}},
                         port);
        });
    }
    template <class Name, std::size_t kSize>
    void add_named(const Numbers& n, const char* label,
                   const std::array<std::uint64_t, kSize>& numbers, std::size_t first) const {
        for (std::size_t i = first; i < kSize; ++i)
            add({cluster(n), {label, std::string{name_of(static_cast<Name>(i))}}}, numbers[i]);
    }

    void add(Labels labels, double value) const {
        ClientMetric metric;
        metric.label = std::move(labels);
        if (family_.type == prometheus::MetricType::Counter)
            metric.counter.value = value;
        else
            metric.gauge.value = value;
        family_.metric.push_back(std::move(metric));
    }
    void add(Labels labels, std::uint64_t value) const {
        add(std::move(labels), static_cast<double>(value));
    }
    void add(Labels labels, bool value) const { add(std::move(labels), value ? 1.0 : 0.0); }
    void add(Labels labels, const Histogram& histogram) const {
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

    const MetricsSnapshot& snapshot_;
    MetricFamily& family_;
};

}  // namespace

std::vector<MetricFamily> families_of(const MetricsSnapshot& snapshot) {
    std::vector<MetricFamily> families;
    for (const Metric& metric : metrics_table()) {
        MetricFamily family;
        family.name = metric.name;
        family.help = metric.help;
        family.type = type_of(metric.type);
        std::visit(Samples{snapshot, family}, metric.source);
        if (!family.metric.empty()) families.push_back(std::move(family));
    }
    return families;
}

void MetricsBoard::publish(MetricsSnapshot snapshot) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return;
    std::swap(snapshot_, snapshot);
    published_ = Clock::now();
}

Serving MetricsBoard::serving(Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    if (now - published_ <= kStale) return snapshot_.serving;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - published_).count();
    return {false,
            "the control plane's loop has stood still for " + std::to_string(seconds) + " s"};
}

std::string text_of(const MetricsSnapshot& snapshot) {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_of(snapshot));
    return out.str();
}

std::string MetricsBoard::text() const {
    MetricsSnapshot copy;
    {
        const std::lock_guard lock(mutex_);
        copy = snapshot_;
    }
    return text_of(copy);
}

}  // namespace nlb::controlplane
