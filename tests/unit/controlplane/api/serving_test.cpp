// The sentence for whoever watches a service, and whether it is a good one.
#include "controlplane/api/serving.hpp"

#include <gtest/gtest.h>

#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;

class ServingTest : public ::testing::Test {
protected:
    ClusterAgent& add(const std::string& name, std::size_t hosts = 1) {
        ClusterSettings settings = testing::small_settings(hosts);
        settings.cluster.name = name;
        agents.push_back(std::make_unique<ClusterAgent>(
            std::move(settings), testing::Bench::keys({7}), sink, events, StoredCluster{}, 4711));
        return *agents.back();
    }
    void connect(ClusterAgent& agent) {
        const auto datagram = ipc::write_message(ipc::MessageType::hello, 0,
                                                 ipc::bytes_of(testing::Bench::fresh_hello()), {});
        EXPECT_EQ(agent.on_hello(now, *ipc::read_message(datagram)), "");
    }
    void pass(Duration time) {
        for (Duration gone{}; gone < time; gone += milliseconds{5}) {
            now += milliseconds{5};
            for (const auto& agent : agents)
                if (now >= agent->next_wake()) agent->on_tick(now);
        }
    }
    testing::RecordingSink sink;
    testing::RecordingEvents events;
    ClusterAgents agents;
    Instant now = Instant{} + std::chrono::hours{1};
};

TEST_F(ServingTest, WithoutADataplaneNobodyIsServed) {
    add("web");
    const Serving serving = serving_of(agents, now);
    EXPECT_FALSE(serving.as_it_should);
    EXPECT_EQ(serving.sentence, "SERVES NOBODY: the dataplane is not connected");
}

TEST_F(ServingTest, AHostThatWasStoppedOnPurposeDoesWhatItShould) {
    ClusterAgent& agent = add("web");
    connect(agent);
    agent.command_host(now, HostCommand::stop);
    pass(milliseconds{1000});
    const Serving serving = serving_of(agents, now);
    EXPECT_TRUE(serving.as_it_should);
    EXPECT_EQ(serving.sentence, "stopped");
}

TEST_F(ServingTest, OneClusterThatIsNotServedIsNamed) {
    add("web").command_host(now, HostCommand::stop);
    add("dns");
    const Serving serving = serving_of(agents, now);
    EXPECT_FALSE(serving.as_it_should);
    EXPECT_EQ(serving.sentence, "web: stopped; dns: SERVES NOBODY: the dataplane is not connected");
}

}  // namespace
}  // namespace nlb::controlplane
