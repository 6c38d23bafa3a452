// Clusters are agreed upon by name: hosts that are in some clusters of a file only, dataplanes that
// serve others, and what each cluster's ports are given.
#include "controlplane/agent/cluster_roster.hpp"

#include <functional>
#include <gtest/gtest.h>

#include "config/digest.hpp"
#include "core/ipc/tables_codec.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::RecordingEvents;
using testing::RecordingSink;
using Type = ipc::MessageType;

struct FileCluster {
    const char* name;
    std::uint32_t address;
    std::vector<HostId> hosts;
};

config::Cluster cluster_of(const FileCluster& from) {
    config::Cluster cluster;
    cluster.name = from.name;
    cluster.address = {IpAddress::v4(from.address), 24};
    for (const HostId id : from.hosts) {
        config::Host host;
        host.name = "h" + std::to_string(id);
        host.id = id;
        host.outside = std::string{"net_null_"} + from.name;
        host.inside = std::string{"net_tap_"} + from.name;
        host.lcores = {2, 3};
        cluster.hosts.push_back(host);
    }
    return cluster;
}

// One program's view of the file: the clusters that this host is in.
std::vector<ClusterSettings> settings_of(const std::vector<FileCluster>& file,
                                         const std::string& host_name) {
    std::vector<ClusterSettings> all;
    for (const FileCluster& from : file) {
        const config::Cluster cluster = cluster_of(from);
        for (const config::Host& host : cluster.hosts)
            if (host.name == host_name) all.push_back({cluster, host, {1, 2, 3, 4}});
    }
    return all;
}

// A host: its agents, and a dataplane that numbers its own clusters from 0.
class HostBench {
public:
    HostBench(const std::vector<FileCluster>& file, const std::string& host_name)
        : served(settings_of(file, host_name)) {
        for (const ClusterSettings& settings : served)
            agents.push_back(std::make_unique<ClusterAgent>(settings, testing::Bench::keys({7}),
                                                            sink, events, StoredCluster{}, 4711));
    }
    // Of the dataplane's cluster `number` of `count`.
    std::vector<Byte> hello(std::size_t number, std::size_t count) const {
        const ClusterSettings& settings = served[number];
        ipc::Hello hello = testing::Bench::fresh_hello();
        const std::string text =
            config::text_of(config::paired_lines(settings.cluster, settings.host));
        hello.settings_bytes = static_cast<std::uint32_t>(text.size());
        hello.cluster_count = static_cast<std::uint32_t>(count);
        ipc::set_cluster_name(hello, settings.cluster.name);
        return ipc::write_message(Type::hello, static_cast<std::uint16_t>(number),
                                  ipc::bytes_of(hello),
                                  {reinterpret_cast<const Byte*>(text.data()), text.size()});
    }
    Result<bool> take(const std::vector<Byte>& datagram) {
        return roster.on_hello(now, *ipc::read_message(datagram));
    }
    // All hellos; the answer to the last one, or the first refusal.
    Result<bool> greet() {
        Result<bool> answer = false;
        for (std::size_t number = 0; number < served.size() && answer; ++number)
            answer = take(hello(number, served.size()));
        return answer;
    }
    std::string refusal() {
        const auto answer = greet();
        return answer ? "" : answer.error().message;
    }
    void pass(milliseconds time) {
        for (const Instant end = now + time; now < end; now += milliseconds{5}) {
            answer_all();
            for (const auto& agent : agents)
                if (now >= agent->next_wake()) agent->on_tick(now);
        }
    }
    // What was installed last by number; nothing when nothing was.
    [[nodiscard]] std::optional<Tables> installed(std::uint16_t number) const {
        std::optional<Tables> tables;
        for (const auto& datagram : sink.datagrams) {
            const auto message = *ipc::read_message(datagram);
            if (message.type != Type::install || message.cluster != number) continue;
            tables = decode_tables(message.rest_after<ipc::Install>()).value();
        }
        return tables;
    }

    std::vector<ClusterSettings> served;  // by the dataplane
    RecordingSink sink;
    RecordingEvents events;
    ClusterAgents agents;
    ClusterRoster roster{agents};
    Instant now{std::chrono::seconds{1000}};

private:
    void answer_all() {
        for (; answered_ < sink.datagrams.size(); ++answered_) {
            const auto datagram = sink.datagrams[answered_];
            const auto message = *ipc::read_message(datagram);
            ClusterAgent* const agent = roster.agent_of(message.cluster);
            ASSERT_NE(agent, nullptr);
            if (message.type == Type::install) {
                const ipc::Installed body{message.body<ipc::Install>()->token, {}};
                deliver(*agent, Type::installed, body, message.cluster);
            }
            if (message.type == Type::status_request) {
                ipc::Status status{};
                status.link_up = 1;
                status.last_rx_ns = status.oldest_poll_ns = now.time_since_epoch().count();
                deliver(*agent, Type::status, status, message.cluster);
            }
        }
    }
    template <class Body>
    void deliver(ClusterAgent& agent, Type type, const Body& body, std::uint16_t number) {
        const auto datagram = ipc::write_message(type, number, ipc::bytes_of(body));
        agent.on_message(now, *ipc::read_message(datagram));
    }
    std::size_t answered_ = 0;
};

constexpr std::uint32_t kA = 0xc0000250, kB = 0xc6336450, kC = 0xcb007150;

TEST(ClusterRoster, AHostThatIsOnlyInTheSecondClusterStarts) {
    HostBench bench({{"a", kA, {1}}, {"b", kB, {2}}}, "h2");
    ASSERT_EQ(bench.refusal(), "");
    ASSERT_NE(bench.roster.agent_of(0), nullptr);
    EXPECT_EQ(bench.roster.agent_of(0)->settings().cluster.name, "b");
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agents[0]->shown(), ShownState::converged);
}

TEST(ClusterRoster, EachClustersPortsGetItsOwnTables) {
    HostBench bench({{"a", kA, {1}}, {"b", kB, {3}}, {"c", kC, {3}}}, "h3");
    ASSERT_EQ(bench.refusal(), "");
    bench.pass(milliseconds{3000});
    for (const std::uint16_t number : std::array<std::uint16_t, 2>{0, 1}) {
        const auto tables = bench.installed(number);
        ASSERT_TRUE(tables) << number;
        const ClusterSettings& settings = bench.served[number];
        EXPECT_EQ(tables->addresses[0].address, settings.cluster.address.address) << number;
        EXPECT_EQ(bench.roster.agent_of(number)->shown(), ShownState::converged);
    }
    EXPECT_FALSE(bench.installed(2));
}

TEST(ClusterRoster, TheOrderOfTheOtherProgramDoesNotMatter) {
    HostBench bench({{"b", kB, {3}}, {"c", kC, {3}}}, "h3");
    std::swap(bench.served[0], bench.served[1]);
    ASSERT_EQ(bench.refusal(), "");
    EXPECT_EQ(bench.roster.agent_of(0)->settings().cluster.name, "c");
    EXPECT_EQ(bench.roster.agent_of(1)->settings().cluster.name, "b");
}

TEST(ClusterRoster, NobodyIsToldAnythingBeforeAllHaveComeAndAgree) {
    HostBench bench({{"b", kB, {3}}, {"c", kC, {3}}}, "h3");
    const auto first = bench.take(bench.hello(0, 2));
    ASSERT_TRUE(first);
    EXPECT_FALSE(first.value());
    EXPECT_EQ(bench.roster.agent_of(0), nullptr);
    EXPECT_TRUE(bench.sink.datagrams.empty());
    const auto last = bench.take(bench.hello(1, 2));
    ASSERT_TRUE(last && last.value());
    EXPECT_FALSE(bench.sink.datagrams.empty());
}

TEST(ClusterRoster, AClusterThatTheDataplaneDoesNotServeIsNamed) {
    HostBench bench({{"b", kB, {3}}, {"c", kC, {3}}}, "h3");
    bench.served.pop_back();
    EXPECT_EQ(bench.refusal(),
              "the control plane has cluster \"c\", the dataplane has not; start both programs of "
              "this host with one configuration");
    EXPECT_FALSE(bench.agents[0]->dataplane_connected()) << "not even the one that both have";
    EXPECT_TRUE(bench.sink.datagrams.empty());
}

TEST(ClusterRoster, AClusterThatOnlyTheDataplaneServesIsNamed) {
    HostBench bench({{"b", kB, {3}}, {"c", kC, {3}}}, "h3");
    bench.agents.pop_back();
    EXPECT_EQ(bench.refusal(),
              "the dataplane has cluster \"c\", the control plane has not; start both programs of "
              "this host with one configuration");
    EXPECT_TRUE(bench.sink.datagrams.empty());
}

TEST(ClusterRoster, TheFirstSettingThatDiffersIsNamedWithBothValues) {
    using Change = std::function<void(ClusterSettings&)>;
    const std::vector<std::pair<Change, std::string>> changes = {
        {[](ClusterSettings& s) { s.host.outside = "net_null7"; },
         "outside is net_null_b in the control plane and net_null7 in the dataplane"},
        {[](ClusterSettings& s) { s.host.lcores = {2}; },
         "lcores is 2,3 in the control plane and 2 in the dataplane"},
        {[](ClusterSettings& s) { s.cluster.connections.max = 2048; },
         "connections.max is 1000000 in the control plane and 2048 in the dataplane"},
        {[](ClusterSettings& s) { s.host.id = 4; },
         "hosts[].id of h3 is 3 in the control plane and 4 in the dataplane"},
        {[](ClusterSettings& s) { s.cluster.address.address = IpAddress::v4(kC); },
         "address is 198.51.100.80/24 in the control plane and 203.0.113.80/24 in the dataplane"}};
    for (const auto& [change, words] : changes) {
        HostBench bench({{"b", kB, {3}}}, "h3");
        change(bench.served[0]);
        EXPECT_EQ(bench.refusal(), "cluster \"b\": " + words +
                                       "; start both programs of this host with one configuration");
    }
}

TEST(ClusterRoster, WhatAReloadChangesIsNotCompared) {
    HostBench bench({{"b", kB, {3}}}, "h3");
    bench.served[0].cluster.port_rules.push_back({});
    bench.served[0].cluster.virtual_addresses.push_back({IpAddress::v4(kC), 32});
    bench.served[0].cluster.connections.tcp_idle = std::chrono::seconds{60};
    EXPECT_EQ(bench.refusal(), "");
}

TEST(ClusterRoster, ALostConnectionTakesTheNumbersWithIt) {
    HostBench bench({{"b", kB, {3}}, {"c", kC, {3}}}, "h3");
    ASSERT_EQ(bench.refusal(), "");
    bench.roster.forget();
    EXPECT_EQ(bench.roster.agent_of(0), nullptr);
    ASSERT_TRUE(bench.take(bench.hello(0, 2)));
    bench.roster.forget();  // half of a greeting counts for nothing
    std::swap(bench.served[0], bench.served[1]);
    ASSERT_EQ(bench.refusal(), "");
    EXPECT_EQ(bench.roster.agent_of(0)->settings().cluster.name, "c");
}

TEST(ClusterRoster, HellosThatCannotBeAreRefusedAndTheNextOnesCount) {
    HostBench bench({{"b", kB, {3}}, {"c", kC, {3}}}, "h3");
    const auto spoilt = [&bench](const std::function<void(ipc::Hello&)>& spoil) {
        auto datagram = bench.hello(0, 1);
        auto* const hello =
            reinterpret_cast<ipc::Hello*>(datagram.data() + sizeof(ipc::MessageHeader));
        spoil(*hello);
        const auto answer = bench.take(datagram);
        return answer ? std::string{} : answer.error().message;
    };
    const char* const build = "different builds";
    EXPECT_NE(spoilt([](ipc::Hello& h) { h.build ^= 1; }).find(build), std::string::npos);
    EXPECT_NE(spoilt([](ipc::Hello& h) { h.cluster_count = 0; }).find(build), std::string::npos);
    EXPECT_NE(spoilt([](ipc::Hello& h) { h.cluster_count = kClustersMax + 1; }).find(build),
              std::string::npos);
    const auto cut = ipc::write_message(Type::hello, 0, std::vector<Byte>(20));
    EXPECT_NE(bench.take(cut).error().message.find(build), std::string::npos);
    ASSERT_TRUE(bench.take(bench.hello(0, 2)));
    EXPECT_NE(bench.take(bench.hello(0, 2)).error().message.find("twice"), std::string::npos);
    EXPECT_TRUE(bench.sink.datagrams.empty());
    EXPECT_EQ(bench.refusal(), "");
}

}  // namespace
}  // namespace nlb::controlplane
