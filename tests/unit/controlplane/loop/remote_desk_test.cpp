// A whole exchange over frames: what the dataplane punts goes in, frames to send come out.
#include "controlplane/loop/remote_desk.hpp"

#include <filesystem>
#include <gtest/gtest.h>

#include "config/daemon/clock.hpp"
#include "core/packet/frame_builder.hpp"
#include "core/remote/remote_client.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;
using remote::RemoteClient;

constexpr std::uint16_t kNumber = 3;  // what the dataplane calls the cluster

class RemoteDeskTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(mkdtemp(directory_), nullptr);
        ASSERT_TRUE(config::write_key(path("remote.key")));
        ClusterSettings settings = testing::small_settings(2);
        settings.cluster.remote_control = {true, 2504, path("remote.key"), may_change_};
        agents_.push_back(std::make_unique<ClusterAgent>(std::move(settings),
                                                         testing::Bench::keys({7}), agent_sink_,
                                                         events_, StoredCluster{}, 1));
        desk_.read_keys();
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    [[nodiscard]] std::string path(const std::string& name) const {
        return std::string{directory_} + "/" + name;
    }

    // What the client would see of its datagram on the wire.
    [[nodiscard]] std::vector<Byte> frame_of(std::span<const Byte> payload,
                                             std::uint16_t port = 2504) const {
        FrameSpec spec;
        spec.protocol = kProtocolUdp;
        spec.source = IpAddress::v4(0xc6336401);
        spec.destination = IpAddress::v4(asked_);
        spec.source_port = 40000;
        spec.destination_port = port;
        spec.payload.assign(payload.begin(), payload.end());
        return build_frame(spec);
    }
    bool take(std::span<const Byte> payload) {
        return desk_.take(now_, *agents_[0], kNumber, frame_of(payload));
    }
    // The answers to `line`; a null of a client that gets none.
    Json ask(const std::string& line, const std::string& key_file = "remote.key") {
        const config::RemoteSealer sealer(config::read_key(path(key_file)).value());
        RemoteClient client(
            now_, {remote::Wanted::all, "", line, 1, now_ + std::chrono::seconds{2}}, sealer);
        for (; !client.done(now_); now_ += std::chrono::milliseconds{1}) {
            for (const auto& one : client.on_tick(now_)) {
                said_.push_back(one.bytes);
                EXPECT_TRUE(take(one.bytes));
            }
            desk_.on_tick(now_);
            for (const auto& datagram : std::exchange(sink_.datagrams, {})) {
                const auto message = ipc::read_message(datagram);
                EXPECT_EQ(message->type, ipc::MessageType::send);
                EXPECT_EQ(message->cluster, kNumber);
                const auto answer = read_udp(message->rest_after<ipc::Send>());
                EXPECT_EQ(answer->source, IpAddress::v4(asked_)) << "a firewall lets it in";
                EXPECT_EQ(answer->destination_port, 40000);
                client.on_datagram(now_, 0, answer->payload);
            }
        }
        const auto replies = client.replies();
        return replies.empty() || !replies[0].whole ? Json() : Json::parse(replies[0].text);
    }
    [[nodiscard]] std::uint64_t counted(remote::Outcome outcome) const {
        return (*desk_.counts(*agents_[0]))[static_cast<std::size_t>(outcome)];
    }

    char directory_[32] = "/tmp/nlb-remote-XXXXXX";
    bool may_change_ = true;
    std::uint32_t asked_ = 0xc0000250;
    Instant now_ = daemon::monotonic_now();
    testing::RecordingSink agent_sink_;
    testing::RecordingSink sink_;
    testing::RecordingEvents events_;
    ClusterAgents agents_;
    EventHistory history_;
    CommandService commands_{agents_, history_,
                             [](const Request&, const CommandService::Reloaded& done) {
                                 done({ReturnValue::ok, "read"});
                             }};
    RemoteDesk desk_{agents_, commands_, sink_, events_};
    std::vector<std::vector<Byte>> said_;
};

class RemoteDeskThatReads : public RemoteDeskTest {
protected:
    RemoteDeskThatReads() { may_change_ = false; }
};

TEST_F(RemoteDeskTest, AQueryIsAnsweredAsAtTheSocket) {
    for (const std::uint32_t address : {0xc0000250U, 0xc000020bU}) {
        asked_ = address;
        const Json answer = ask(R"({"command":"query"})");
        EXPECT_EQ(answer["clusters"][0]["host"], "edge1");
        EXPECT_EQ(answer["clusters"][0]["configured_hosts"], Json::array({"edge1", "edge2"}));
    }
    EXPECT_EQ(events_.last("remote_command"), nullptr);
}

TEST_F(RemoteDeskTest, AChangeIsCarriedOutAndToldWithItsPeer) {
    EXPECT_EQ(ask(R"({"command":"drain","rule":"http"})")["ok"], true);
    EXPECT_EQ(agents_[0]->rule_states()[0], RuleState::draining);
    const Event* const told = events_.last("remote_command");
    ASSERT_NE(told, nullptr);
    const Fields expected{
        {"cluster", "web"}, {"from", "198.51.100.1"}, {"command", "drain"}, {"rule", "http"}};
    EXPECT_EQ(told->fields, expected);
}

TEST_F(RemoteDeskThatReads, AChangeIsRefusedByASentenceAndCounted) {
    const Json answer = ask(R"({"command":"drain","rule":"http"})");
    EXPECT_EQ(answer["return_value"], 1015);
    EXPECT_NE(answer["message"].get<std::string>().find("remote_control.configure"),
              std::string::npos);
    EXPECT_EQ(agents_[0]->rule_states()[0], RuleState::enabled);
    EXPECT_EQ(counted(remote::Outcome::refused), 1U);
    EXPECT_EQ(events_.last("remote_command"), nullptr);
    EXPECT_EQ(ask(R"({"command":"query"})")["ok"], true);
}

TEST_F(RemoteDeskTest, ARecordedConversationIsAnsweredByNobody) {
    ASSERT_EQ(ask(R"({"command":"drain","rule":"http"})")["ok"], true);
    (void)agents_[0]->command_rules(now_, {0}, RuleState::enabled);
    for (const auto& bytes : std::exchange(said_, {})) EXPECT_TRUE(take(bytes));
    desk_.on_tick(now_);
    EXPECT_EQ(agents_[0]->rule_states()[0], RuleState::enabled);
    EXPECT_GE(counted(remote::Outcome::replayed), 1U);
}

TEST_F(RemoteDeskTest, AnotherKeyAndGarbageGetNoAnswer) {
    ASSERT_TRUE(config::write_key(path("other.key")));
    EXPECT_TRUE(ask(R"({"command":"query"})", "other.key").is_null());
    EXPECT_TRUE(take(std::vector<Byte>(700, 1)));
    EXPECT_GE(counted(remote::Outcome::unsealed), 2U);
    EXPECT_TRUE(sink_.datagrams.empty());
}

TEST_F(RemoteDeskTest, WhatIsNotForItIsLeftToTheAgent) {
    EXPECT_FALSE(desk_.take(now_, *agents_[0], kNumber, frame_of({}, 2505)));
    EXPECT_FALSE(desk_.take(now_, *agents_[0], kNumber, build_arp({})));
    EXPECT_FALSE(desk_.take(now_, *agents_[0], kNumber, {}));
}

TEST_F(RemoteDeskTest, AFloodIsNotLookedAtBeyondItsShare) {
    for (std::size_t i = 0; i < 3 * RemoteDesk::kLooksPerWindow; ++i)
        EXPECT_TRUE(take(std::vector<Byte>(40, 1)));
    EXPECT_EQ(counted(remote::Outcome::unsealed), RemoteDesk::kLooksPerWindow);
    EXPECT_EQ(counted(remote::Outcome::busy), 2 * RemoteDesk::kLooksPerWindow);
}

TEST_F(RemoteDeskTest, ANewKeyIsUsedAfterItWasReadAgainAndAMissingOneIsTold) {
    std::filesystem::remove(path("remote.key"));
    ASSERT_TRUE(config::write_key(path("remote.key")));
    EXPECT_TRUE(ask(R"({"command":"query"})").is_null()) << "the former one is in force";
    desk_.read_keys();
    EXPECT_EQ(ask(R"({"command":"query"})")["ok"], true);
    std::filesystem::remove(path("remote.key"));
    desk_.read_keys();
    ASSERT_NE(events_.last("remote_not_served"), nullptr);
    EXPECT_TRUE(take(std::vector<Byte>(288, 1)));
}

TEST_F(RemoteDeskTest, TheKeyOfOneClusterSpeaksOfThatClusterAlone) {
    EXPECT_EQ(ask(R"({"command":"query","cluster":"mail"})")["return_value"], 1004);
    history_.add(R"({"cluster":"mail","n":1})");
    history_.add(R"({"cluster":"web","n":2})");
    history_.add(R"({"n":3})");
    EXPECT_EQ(ask(R"({"command":"events"})")["events"].size(), 2U);
}

}  // namespace
}  // namespace nlb::controlplane
