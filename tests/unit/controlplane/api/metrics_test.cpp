// The exposition text: every name of the contract, with its type and labels, as Prometheus' own
// serializer writes it.
#include "controlplane/api/metrics.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <prometheus/text_serializer.h>
#include <regex>
#include <set>
#include <sstream>

#include "controlplane/api/metrics_table.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::Bench;

struct Exposition {
    std::map<std::string, std::string> types;
    std::map<std::string, double> samples;  // by name and labels as written
};

Exposition parse(const std::string& text) {
    Exposition exposition;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string hash, kind, name, type;
        if (line.rfind("# TYPE", 0) == 0) {
            words >> hash >> kind >> name >> type;
            exposition.types[name] = type;
        } else if (!line.empty() && line[0] != '#') {
            const std::size_t blank = line.rfind(' ');
            exposition.samples[line.substr(0, blank)] = std::stod(line.substr(blank + 1));
        }
    }
    return exposition;
}

MetricsSnapshot snapshot_of(Bench& bench) {
    MetricsSnapshot snapshot;
    snapshot.dataplane_connected = true;
    snapshot.clusters.push_back(numbers_of(bench.agent, bench.now));
    return snapshot;
}

Exposition expose(Bench& bench) {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_of(snapshot_of(bench)));
    return parse(out.str());
}

class MetricsTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
        for (const CheckOrder& order : bench.agent.take_due_checks(bench.now))
            bench.agent.on_check(bench.now, order.token,
                                 {CheckResult::Outcome::passed, "", milliseconds{30}});
        bench.pass(milliseconds{3000}, 3);
        ipc::CountersReport report{};
        report.counters.rx_packets = 1000;
        report.counters.inside_packets = 0;
        report.counters.bursts = 100;
        report.counters.busy_cycles = 50000;
        report.counters.accepted[0] = 400;
        report.counters.rejected[1] = 5;
        report.counters.connections[0] = 3;
        report.counters.count(Reason::ip_checksum);
        report.counters.count(Reason::arp_answered);
        report.fenced_intervals = 2;
        report.worker_count = 1;
        ipc::set_text(report.ports[0].name, "0000:3b:00.0");
        bench.deliver(ipc::MessageType::counters, report);
    }
    // http has a check, the other rules have none.
    static ClusterSettings checked() {
        ClusterSettings settings = testing::small_settings(2);
        settings.cluster.port_rules[0].health.emplace();
        settings.cluster.port_rules[0].health->interval = std::chrono::hours{1};
        return settings;
    }
    Bench bench{checked()};
};

TEST_F(MetricsTest, EveryNameOfTheContractIsThereWithItsType) {
    const Exposition exposition = expose(bench);
    const std::map<std::string, std::string> contract = {
        {"nlb_rx_packets_total", "counter"},
        {"nlb_accepted_packets_total", "counter"},
        {"nlb_rejected_packets_total", "counter"},
        {"nlb_dropped_packets_total", "counter"},
        {"nlb_consumed_packets_total", "counter"},
        {"nlb_tx_packets_total", "counter"},
        {"nlb_buckets_owned", "gauge"},
        {"nlb_buckets_orphaned", "gauge"},
        {"nlb_connections", "gauge"},
        {"nlb_cluster_hosts", "gauge"},
        {"nlb_converging", "gauge"},
        {"nlb_convergences_total", "counter"},
        {"nlb_convergence_seconds", "histogram"},
        {"nlb_orphan_window_seconds", "histogram"},
        {"nlb_epoch", "gauge"},
        {"nlb_frame_version", "gauge"},
        {"nlb_mixed_versions", "gauge"},
        {"nlb_heartbeats_sent_total", "counter"},
        {"nlb_heartbeats_received_total", "counter"},
        {"nlb_heartbeats_rejected_total", "counter"},
        {"nlb_heartbeat_interval_seconds", "histogram"},
        {"nlb_fence_remaining_seconds", "gauge"},
        {"nlb_fenced_total", "counter"},
        {"nlb_config_generation", "gauge"},
        {"nlb_config_mismatch", "gauge"},
        {"nlb_health_up", "gauge"},
        {"nlb_health_check_seconds", "histogram"},
        {"nlb_cycles_per_packet", "gauge"},
        {"nlb_burst_packets", "gauge"},
        {"nlb_worker_utilisation", "gauge"},
        {"nlb_port_missed_total", "counter"},
        {"nlb_port_no_buffer_total", "counter"},
        {"nlb_port_errors_total", "counter"},
        {"nlb_build_info", "gauge"}};
    for (const auto& [name, type] : contract) {
        ASSERT_TRUE(exposition.types.contains(name)) << name;
        EXPECT_EQ(exposition.types.at(name), type) << name;
    }
}

TEST_F(MetricsTest, ValuesAreThoseReported) {
    const auto samples = expose(bench).samples;
    EXPECT_EQ(samples.at(R"(nlb_rx_packets_total{cluster="web"})"), 1000);
    EXPECT_EQ(samples.at(R"(nlb_accepted_packets_total{cluster="web",rule="http"})"), 400);
    EXPECT_EQ(samples.at(R"(nlb_rejected_packets_total{cluster="web",rule="admin"})"), 5);
    EXPECT_EQ(samples.at(R"(nlb_connections{cluster="web",rule="http"})"), 3);
    EXPECT_EQ(samples.at(R"(nlb_dropped_packets_total{cluster="web",reason="ip_checksum"})"), 1);
    EXPECT_EQ(samples.at(R"(nlb_consumed_packets_total{cluster="web",kind="arp_answered"})"), 1);
    EXPECT_EQ(samples.at(R"(nlb_fenced_total{cluster="web"})"), 2);
    EXPECT_EQ(samples.at(R"(nlb_cycles_per_packet{cluster="web"})"), 50);
    EXPECT_EQ(samples.at(R"(nlb_burst_packets{cluster="web"})"), 10);
    EXPECT_EQ(samples.at(R"(nlb_buckets_owned{cluster="web",rule="default"})"), 60);
    EXPECT_EQ(samples.at(R"(nlb_buckets_orphaned{cluster="web",rule="http"})"), 0);
    EXPECT_EQ(samples.at(R"(nlb_cluster_hosts{cluster="web",state="converged"})"), 1);
    EXPECT_EQ(samples.at(R"(nlb_cluster_hosts{cluster="web",state="absent"})"), 1);
    EXPECT_EQ(samples.at(R"(nlb_converging{cluster="web"})"), 0);
    EXPECT_EQ(samples.at(R"(nlb_convergences_total{cluster="web",cause="started"})"), 1);
    EXPECT_GT(samples.at(R"(nlb_fence_remaining_seconds{cluster="web"})"), 0);
    EXPECT_EQ(samples.at(R"(nlb_heartbeats_rejected_total{cluster="web",reason="tag"})"), 0);
    EXPECT_EQ(samples.at(R"(nlb_convergence_seconds_count{cluster="web"})"), 1);
    EXPECT_EQ(samples.at(R"(nlb_convergence_seconds_bucket{cluster="web",le="+Inf"})"), 1);
}

TEST_F(MetricsTest, HealthIsTheChecksWordAndAbsentWithoutOne) {
    const auto samples = expose(bench).samples;
    EXPECT_EQ(samples.at(R"(nlb_health_up{cluster="web",rule="http"})"), 1);
    EXPECT_FALSE(samples.contains(R"(nlb_health_up{cluster="web",rule="admin"})"));
    EXPECT_EQ(samples.at(R"(nlb_health_check_seconds_count{cluster="web",rule="http"})"), 1);
    EXPECT_FALSE(samples.contains(R"(nlb_health_check_seconds_count{cluster="web",rule="admin"})"));
    Bench unasked{checked()};
    EXPECT_FALSE(expose(unasked).samples.contains(R"(nlb_health_up{cluster="web",rule="http"})"));
}

TEST_F(MetricsTest, ADataplaneThatCountsFromZeroAgainGivesNoHugeRate) {
    ipc::CountersReport report{};
    report.counters.rx_packets = 10;
    report.counters.bursts = 10;
    report.counters.busy_cycles = 1000;
    bench.deliver(ipc::MessageType::counters, report);
    const auto samples = expose(bench).samples;
    EXPECT_EQ(samples.at(R"(nlb_cycles_per_packet{cluster="web"})"), 100);
    EXPECT_EQ(samples.at(R"(nlb_burst_packets{cluster="web"})"), 1);
}

TEST_F(MetricsTest, AWorkersUtilisationIsItsShareOfTheIntervalAndNothingAcrossARestart) {
    Traffic traffic;
    ipc::CountersReport report{};
    report.cycles_now = 1000;
    report.busy_cycles[1] = 100;
    traffic.take(report);
    EXPECT_EQ(traffic.utilisation[1], 0) << "there is no interval yet";
    report.cycles_now = 2000;
    report.busy_cycles[1] = 350;
    traffic.take(report);
    EXPECT_EQ(traffic.utilisation[1], 0.25);
    EXPECT_EQ(traffic.utilisation[0], 0);
}

TEST_F(MetricsTest, ABoardShowsWhatWasPublishedLast) {
    MetricsBoard board;
    EXPECT_NE(board.text().find("nlb_build_info"), std::string::npos) << "from the start";
    board.publish(snapshot_of(bench));
    EXPECT_NE(board.text().find("nlb_buckets_owned"), std::string::npos);
}

// Every number differs from every other of its cluster, so that two that are mixed up show.
Histogram counted(double sum) {
    Histogram histogram;
    for (std::size_t i = 0; i <= kHistogramBounds; ++i) histogram.counts[i] = i + 1;
    histogram.sum = sum;
    return histogram;
}

template <class Numbers>
void count_from(Numbers& numbers, std::uint64_t first) {
    for (std::uint64_t& number : numbers) number = first++;
}

ipc::CountersReport counted_report() {
    ipc::CountersReport report{};
    Counters& counters = report.counters;
    std::uint64_t next = 10;
#define NLB_X(member, help) counters.member = next++;
    NLB_WORKER_COUNTERS(NLB_X)
#undef NLB_X
    counters.half_open = 99;
    count_from(counters.reasons, 1000);
    count_from(counters.accepted, 2000);
    count_from(counters.rejected, 3000);
    count_from(counters.connections, 4000);
    report.punts_lost = 5000;
    report.fenced_intervals = 5001;
    report.clients = 5002;
    report.clients_unremembered = 5003;
    report.commitments = 5004;
    report.buffers = 5005;
    report.buffers_free = 5006;
    report.ring_frames_most = 3;
    report.ring_frames_room = 4;
    report.worker_count = 2;
    for (std::size_t i = 0; i < report.ports.size(); ++i) {
        ipc::PortReport& port = report.ports[i];
        ipc::set_text(port.name, i == 0 ? "0000:3b:00.0" : "net_tap0");
        port.state = i == 0 ? ipc::PortState::up : ipc::PortState::lost;
        port.rx_queues = 2;
        port.reopened = 6000 + i;
        ipc::PortCounters& c = port.counters;
        std::uint64_t number = 6100 + 100 * i;
        for (std::uint64_t* counter :
             {&c.rx_packets, &c.rx_bytes, &c.tx_packets, &c.tx_bytes, &c.missed, &c.no_buffer,
              &c.rx_errors, &c.tx_errors, &c.oversize, &c.pause_rx, &c.pause_tx})
            *counter = number++;
        count_from(c.queue_rx_packets, number + 10);
        count_from(c.queue_missed, number + 40);
    }
    return report;
}

ClusterNumbers counted_cluster(const std::string& name, bool reported) {
    ClusterNumbers n;
    n.name = name;
    n.rules = {{"http", 0, 20, 1, true, counted(0.125)},
               {"admin", 1, 30, 2, false, counted(0.625)},
               {"default", kDefaultRule, 60, 3, std::nullopt, std::nullopt}};
    n.peers = {{"edge2", 41, counted(0.5), false}, {"edge3", 42, counted(0.75), true}};
    count_from(n.hosts_by_state, 1);
    if (reported) {
        n.traffic.report = counted_report();
        n.traffic.cycles_per_packet = 50.5;
        n.traffic.packets_per_burst = 10.25;
        n.traffic.utilisation[0] = 0.5;
        n.traffic.utilisation[1] = 0.25;
        count_from(n.convergences, kHostShownStates + 1);
    } else {
        n.convergences[static_cast<std::size_t>(ConvergenceCause::lost)] = 5;
    }
    n.converging = reported;
    n.convergence = counted(1.5);
    n.orphan_windows = counted(2.5);
    n.epoch = 101;
    n.frame_version = 106;
    n.mixed_versions = true;
    n.heartbeats_sent = 102;
    n.other_frames_sent = 106;
    n.connections_max = 107;
    n.link_up = reported;
    n.deaf = !reported;
    n.fenced = !reported;
    n.hosts = {{"edge1", HostShown::converged}, {"edge2", HostShown::absent}};
    n.announcements = 103;
    n.address_conflicts = 104;
    count_from(n.frames_refused, 200);
    if (reported) count_from(n.remote_requests.emplace(), 401);
    n.grants = {301, 302, 303, 304};
    n.fence_remaining_s = 0.375;
    n.generation = 105;
    return n;
}

// The text of one snapshot as it was when each family was written out by hand; the build's labels
// aside. A dataplane that has reported, and one that has not.
TEST(Metrics, TheTextIsWhatItWas) {
    MetricsSnapshot snapshot;
    snapshot.dataplane_connected = true;
    snapshot.loop.lateness = counted(0.25);
    snapshot.loop.late = 77;
    snapshot.own = {1.5, 1700000000, 2e6, 20};
    snapshot.dataplane = {2.5, 1700000001, 3e6, 30};
    snapshot.clusters = {counted_cluster("web", true), counted_cluster("mail", false)};
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_of(snapshot));
    const std::string text = std::regex_replace(
        out.str(), std::regex{R"(version="[^"]*",layout="[^"]*")"}, R"(version="V",layout="L")");
    if (std::getenv("NLB_WRITE_GOLDEN") != nullptr)  // after a change that was meant
        std::ofstream(NLB_SOURCE_ROOT "/tests/unit/controlplane/api/metrics.golden") << text;
    std::ifstream golden(NLB_SOURCE_ROOT "/tests/unit/controlplane/api/metrics.golden");
    ASSERT_TRUE(golden.good());
    std::istringstream lines(text);
    std::size_t number = 0;
    for (std::string expected, line; std::getline(golden, expected);) {
        ++number;
        ASSERT_TRUE(std::getline(lines, line)) << "nothing where there was: " << expected;
        ASSERT_EQ(line, expected) << "line " << number;
    }
    std::string more;
    EXPECT_FALSE(std::getline(lines, more)) << more;
}

TEST(Metrics, ANameEndsWithItsUnitAndKind) {
    const auto ends_with = [](std::string_view text, std::string_view end) {
        return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
    };
    std::set<std::string_view> names;
    for (const Metric& metric : metrics_table()) {
        const std::string_view name = metric.name;
        EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
        EXPECT_EQ(ends_with(name, "_total"), metric.type == MetricType::counter) << name;
        EXPECT_EQ(ends_with(name, "_seconds"), metric.unit == MetricUnit::seconds) << name;
        EXPECT_EQ(name.find("_bytes") != name.npos, metric.unit == MetricUnit::bytes) << name;
        EXPECT_FALSE(std::string_view{metric.help}.empty()) << name;
    }
}

}  // namespace
}  // namespace nlb::controlplane
