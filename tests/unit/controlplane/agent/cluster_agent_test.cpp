// The agent with the real membership, a recording sink and a dataplane that obeys: what is sent, in
// which order, and what the operator's commands come to.
#include "controlplane/agent/cluster_agent.hpp"

#include <gtest/gtest.h>

#include "config/table_builder.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::Bench;
using testing::small_settings;
using Type = ipc::MessageType;

std::optional<Checkpoint> last_checkpoint(const testing::RecordingSink& sink) {
    std::optional<Checkpoint> checkpoint;
    for (const auto& datagram : sink.datagrams) {
        const auto message = *ipc::read_message(datagram);
        if (message.type == Type::store) checkpoint = decode_checkpoint(message.payload);
    }
    return checkpoint;
}

TEST(ClusterAgent, AHostAloneConvergesAsDefaultHost) {
    Bench bench;
    EXPECT_EQ(bench.hello(Bench::fresh_hello()), "");
    EXPECT_EQ(bench.agent.shown(), ShownState::converging);
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
    EXPECT_EQ(bench.agent.membership().own()[kDefaultRule], kAllBuckets);
    EXPECT_EQ(bench.agent.membership().own()[0], kAllBuckets);
    EXPECT_EQ(bench.agent.convergence().count_of(ConvergenceCause::started), 1U);
    EXPECT_EQ(bench.events.names(), (std::vector<std::string_view>{"dataplane_found", "started",
                                                                   "converging", "converged"}));
    const Event& converged = bench.events.events.back();
    EXPECT_EQ(converged.id, EventId::converged_as_default);
    EXPECT_EQ(testing::field_of(converged, "cluster"), "web");
    EXPECT_EQ(testing::field_of(converged, "host"), "edge1");
    EXPECT_EQ(testing::field_of(converged, "cause"), "started");
    EXPECT_EQ(testing::field_of(converged, "members"), "1");
}

TEST(ClusterAgent, WhoIsToldToBeginAloneSaysSoAndOnlyWhileItBegins) {
    Bench bench;
    EXPECT_EQ(bench.agent.begin_alone(bench.now).value, ReturnValue::already) << "no dataplane yet";
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{5});
    EXPECT_EQ(bench.agent.begin_alone(bench.now).value, ReturnValue::ok);
    EXPECT_NE(bench.events.last("begins_alone"), nullptr);
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
    EXPECT_EQ(bench.agent.begin_alone(bench.now).value, ReturnValue::already);
}

TEST(ClusterAgent, WritesDownBeforeItSends) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    std::uint64_t stored_sequence = 0;
    std::size_t frames = 0;
    const testing::ToyAuthenticator authenticator({7});
    for (const auto& datagram : bench.sink.datagrams) {
        const auto message = *ipc::read_message(datagram);
        if (message.type == Type::store)
            stored_sequence = decode_checkpoint(message.payload)->sequence;
        if (message.type != Type::send) continue;
        ++frames;
        const auto decoded = decode_frame(unwrap_frame(message.rest_after<ipc::Send>())->body,
                                          bench.agent.params().cluster, authenticator);
        ASSERT_EQ(decoded.fault, FrameFault::none);
        const auto sequence =
            std::visit([](const auto& frame) { return frame.header.sequence; }, decoded.frame);
        ASSERT_LE(sequence, stored_sequence) << "stated before it was stored";
    }
    EXPECT_GT(frames, 20U);
}

TEST(ClusterAgent, CoresAreToldWhatIsVerifiedAndBelievedAndNothingElse) {
    Bench bench(small_settings(2));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{200});
    const testing::ToyAuthenticator authenticator({7});
    Heartbeat beat;
    beat.header.cluster = bench.agent.params().cluster;
    beat.header.id = 2;
    beat.header.slots = bench.agent.params().slots;
    beat.header.incarnation = {900, 1};
    const auto hear = [&](std::uint64_t sequence) {
        beat.header.sequence = sequence;
        beat.peers = {{1, 0, bench.agent.membership().incarnation(), 0}};
        for (const auto& datagram : bench.sink.datagrams)
            if (const auto sent = *ipc::read_message(datagram); sent.type == Type::send)
                beat.peers[0].sequence =
                    std::visit([](const auto& frame) { return frame.header.sequence; },
                               decode_frame(unwrap_frame(sent.rest_after<ipc::Send>())->body,
                                            bench.agent.params().cluster, authenticator)
                                   .frame);
        const auto frame = wrap_frame({}, encode_frame(beat, authenticator));
        const ipc::Punted punted{bench.now.time_since_epoch().count()};
        const auto message = ipc::write_message(Type::punted, 0, ipc::bytes_of(punted), frame);
        bench.agent.on_message(bench.now, *ipc::read_message(message));
        bench.pass(milliseconds{120});
    };
    const auto told = [&] {
        std::uint64_t sequence = 0;
        for (const auto& datagram : bench.sink.datagrams)
            if (const auto sent = *ipc::read_message(datagram); sent.type == Type::verified)
                sequence = sent.body<ipc::Verified>()->hosts[1].sequence;
        return sequence;
    };
    hear(1);
    EXPECT_EQ(told(), 0U) << "a new boot has not shown that it hears this host";
    hear(2);
    EXPECT_EQ(told(), 2U);
    hear(3);
    EXPECT_EQ(told(), 3U);
}

// Whoever can send frames makes signs of members that nobody can verify.
TEST(ClusterAgent, ForgedSignsCostNoStepAndDelayNoLawfulAnswer) {
    Bench bench(small_settings(2));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{200});
    Heartbeat beat;
    beat.header.cluster = bench.agent.params().cluster;
    beat.header.id = 2;
    beat.header.state = MemberState::member;
    beat.header.slots = bench.agent.params().slots;
    beat.header.incarnation = {900, 1};
    beat.header.sequence = 1;
    const auto under = [&beat](std::uint16_t key) {
        return wrap_frame({}, encode_frame(beat, testing::ToyAuthenticator({key})));
    };
    const auto hear = [&bench](const std::vector<Byte>& frame) {
        bench.deliver(Type::punted, ipc::Punted{bench.now.time_since_epoch().count()}, frame);
    };
    const std::vector<Byte> forged = under(99);
    const std::size_t sent = bench.sink.datagrams.size();
    const Instant wakes = bench.agent.next_wake();
    for (int i = 0; i < 100'000; ++i) hear(forged);
    EXPECT_EQ(bench.sink.datagrams.size(), sent) << "a step would have stored or said something";
    EXPECT_EQ(bench.agent.next_wake(), wakes);
    EXPECT_EQ(bench.agent.membership().evidence().newest()->key_id, 99);
    hear(under(7));
    EXPECT_EQ(bench.agent.next_wake(), bench.now) << "a frame of the cluster is answered at once";
    bench.now += milliseconds{1};
    bench.agent.on_tick(bench.now);
    const auto types = bench.sink.types();
    EXPECT_NE(std::find(types.begin() + static_cast<std::ptrdiff_t>(sent), types.end(), Type::send),
              types.end());
}

TEST(ClusterAgent, CoresGetALeaseNoLaterThanTheirBuckets) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    const auto types = bench.sink.types();
    const auto lease = std::find(types.begin(), types.end(), Type::lease);
    const auto install = std::find(types.begin(), types.end(), Type::install);
    ASSERT_NE(lease, types.end());
    ASSERT_NE(install, types.end());
    EXPECT_LT(lease - types.begin(), install - types.begin());
}

TEST(ClusterAgent, ADataplaneOfAnotherBuildIsRefused) {
    Bench bench;
    auto hello = Bench::fresh_hello();
    hello.build ^= 1;
    EXPECT_NE(bench.hello(hello), "");
    EXPECT_FALSE(bench.agent.dataplane_connected());
    EXPECT_TRUE(bench.sink.datagrams.empty());
}

TEST(ClusterAgent, ARunningMapIsTakenOver) {
    Bench before;
    ASSERT_EQ(before.hello(Bench::fresh_hello()), "");
    before.pass(milliseconds{3000});
    const auto checkpoint = last_checkpoint(before.sink);
    ASSERT_TRUE(checkpoint && checkpoint->member);

    Bench after;
    after.now = before.now + milliseconds{5};
    auto hello = Bench::fresh_hello();
    hello.valid_until_ns = before.agent.membership().valid_until().time_since_epoch().count();
    hello.own = before.agent.membership().own();
    const ClusterSettings& settings = before.agent.settings();
    hello.layout =
        config::build_tables(settings.cluster, settings.host, settings.hash_key, {}).layout;
    ASSERT_EQ(after.hello(hello, encode_checkpoint(*checkpoint)), "");
    EXPECT_EQ(after.agent.membership().incarnation(), checkpoint->incarnation);
    EXPECT_EQ(after.agent.membership().own()[0], kAllBuckets);
    after.pass(milliseconds{100});
    EXPECT_EQ(after.agent.shown(), ShownState::converged);
    EXPECT_EQ(after.agent.membership().epoch(), checkpoint->map.epoch) << "nobody noticed";
}

TEST(ClusterAgent, ARunningMapOfAVersionThatItDoesNotSpeakIsEmptiedFirst) {
    Bench before;
    ASSERT_EQ(before.hello(Bench::fresh_hello()), "");
    before.pass(milliseconds{3000});
    auto checkpoint = last_checkpoint(before.sink);
    ASSERT_TRUE(checkpoint && checkpoint->member);
    checkpoint->map.version = kFrameVersion + 1;
    Bench after;
    auto hello = Bench::fresh_hello();
    hello.valid_until_ns = before.agent.membership().valid_until().time_since_epoch().count();
    hello.own = before.agent.membership().own();
    ASSERT_EQ(after.hello(hello, encode_checkpoint(*checkpoint)), "");
    EXPECT_NE(after.agent.membership().incarnation(), checkpoint->incarnation);
    EXPECT_EQ(after.agent.membership().state(), MembershipState::reset);
}

// Until a newer cluster has heard this host it does not write what this one reads.
TEST(ClusterAgent, FramesOfAnUpgradeAreASignAndNoEvent) {
    Bench bench(small_settings(2));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{200});
    Heartbeat beat;
    beat.header.cluster = bench.agent.params().cluster;
    beat.header.id = 2;
    beat.header.state = MemberState::member;
    beat.header.slots = bench.agent.params().slots;
    beat.header.version = kFrameVersion + 1;
    const auto hear = [&](const FrameVersions& spoken) {
        beat.header.spoken = spoken;
        bench.deliver(Type::punted, ipc::Punted{bench.now.time_since_epoch().count()},
                      wrap_frame({}, encode_frame(beat, testing::ToyAuthenticator({7}))));
    };
    hear({kFrameVersion, kFrameVersion + 1});
    ASSERT_TRUE(bench.agent.membership().evidence().newest());
    EXPECT_EQ(bench.agent.membership().evidence().newest()->version, kFrameVersion + 1);
    EXPECT_EQ(bench.events.last("stranger_serves"), nullptr);
    EXPECT_EQ(bench.events.last("frame_refused"), nullptr);
    hear({kFrameVersion + 1, kFrameVersion + 1});
    EXPECT_NE(bench.events.last("stranger_serves"), nullptr) << "it will never be understood";
    EXPECT_NE(bench.events.last("frame_refused"), nullptr);
}

TEST(ClusterAgent, TablesOfAnUnknownPastAreFencedBeforeAnythingIsSaid) {
    Bench bench;
    auto hello = Bench::fresh_hello();
    hello.own[0] = 5;
    hello.valid_until_ns = (bench.now + milliseconds{300}).time_since_epoch().count();
    ASSERT_EQ(bench.hello(hello, {1, 2, 3}), "");
    ASSERT_GE(bench.sink.datagrams.size(), 2U);
    EXPECT_EQ(ipc::read_message(bench.sink.datagrams[0])->type, Type::seal_keys);
    const auto first = *ipc::read_message(bench.sink.datagrams[1]);
    ASSERT_EQ(first.type, Type::lease);
    EXPECT_EQ(first.body<ipc::Lease>()->valid_until_ns, kLongAgo.time_since_epoch().count());
}

TEST(ClusterAgent, AMapOfAnotherConfigurationIsNotTakenOver) {
    Bench bench;
    Checkpoint checkpoint;
    checkpoint.member = true;
    checkpoint.incarnation = {99, 3};
    checkpoint.config_digest = bench.agent.params().config_digest ^ 1;
    auto hello = Bench::fresh_hello();
    hello.valid_until_ns = (bench.now + milliseconds{300}).time_since_epoch().count();
    ASSERT_EQ(bench.hello(hello, encode_checkpoint(checkpoint)), "");
    EXPECT_EQ(bench.agent.membership().incarnation().boot, 4711U);
}

TEST(ClusterAgent, ALostDataplaneBeginsAnewUnderAHigherTerm) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    const Incarnation before = bench.agent.membership().incarnation();
    bench.agent.on_dataplane_lost(bench.now);
    EXPECT_EQ(bench.agent.shown(), ShownState::converging);
    bench.sink.datagrams.clear();
    bench.answered = 0;
    bench.pass(milliseconds{500});
    EXPECT_TRUE(bench.sink.datagrams.empty()) << "nobody is there to talk to";
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    EXPECT_GT(bench.agent.membership().incarnation(), before);
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
}

TEST(ClusterAgent, StopGivesBackAndStartBeginsAnew) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.command_host(bench.now, HostCommand::stop).value, ReturnValue::ok);
    bench.pass(milliseconds{1500});
    EXPECT_TRUE(bench.agent.settled());
    EXPECT_EQ(bench.agent.shown(), ShownState::stopped);
    EXPECT_EQ(bench.agent.membership().own()[0], 0U);
    bench.sink.datagrams.clear();
    bench.answered = 0;
    bench.pass(milliseconds{500});
    for (const Type type : bench.sink.types())
        EXPECT_NE(type, Type::send) << "a stopped host says nothing";
    EXPECT_EQ(bench.agent.command_host(bench.now, HostCommand::start).value, ReturnValue::ok);
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
}

TEST(ClusterAgent, DrainstopWaitsForTheLastDescriptor) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000}, 3);
    EXPECT_EQ(bench.agent.command_host(bench.now, HostCommand::drainstop).value, ReturnValue::ok);
    bench.pass(milliseconds{3000}, 3);
    EXPECT_EQ(bench.agent.shown(), ShownState::draining);
    EXPECT_EQ(bench.agent.membership().own()[0], 0U) << "takes no new flow";
    bench.pass(milliseconds{3000}, 0);
    EXPECT_EQ(bench.agent.shown(), ShownState::stopped);
}

TEST(ClusterAgent, ADrainIsBrokenOffByStart) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000}, 3);
    (void)bench.agent.command_host(bench.now, HostCommand::drainstop);
    bench.pass(milliseconds{1000}, 3);
    EXPECT_EQ(bench.agent.command_host(bench.now, HostCommand::start).value,
              ReturnValue::drain_stopped);
    bench.pass(milliseconds{2000}, 3);
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
    EXPECT_EQ(bench.agent.membership().own()[0], kAllBuckets);
}

TEST(ClusterAgent, ADisabledRuleIsNobodys) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.command_rules(bench.now, {0}, RuleState::disabled).value,
              ReturnValue::ok);
    bench.pass(milliseconds{1000});
    EXPECT_EQ(bench.agent.membership().own()[0], 0U);
    EXPECT_EQ(bench.agent.membership().own()[1], kAllBuckets);
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
    EXPECT_EQ(bench.agent.convergence().count_of(ConvergenceCause::rule), 1U);
    EXPECT_EQ(bench.agent.stored().rules.at("http"), RuleState::disabled);
}

TEST(ClusterAgent, ASuspendedHostRefusesRuleCommands) {
    Bench bench(small_settings(1, config::InitialState::suspended));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    EXPECT_EQ(bench.agent.command_rules(bench.now, {0}, RuleState::disabled).value,
              ReturnValue::refused);
    EXPECT_EQ(bench.agent.command_host(bench.now, HostCommand::start).value, ReturnValue::refused);
    bench.pass(milliseconds{1000});
    for (const Type type : bench.sink.types()) EXPECT_NE(type, Type::send);
}

TEST(ClusterAgent, TheLastStateComesBack) {
    Bench bench(small_settings(1, config::InitialState::last),
                {Wanted::stopped, {{"http", RuleState::draining}}});
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    EXPECT_EQ(bench.agent.shown(), ShownState::stopped);
    EXPECT_EQ(bench.agent.rule_states()[0], RuleState::draining);
}

TEST(ClusterAgent, GarbageFromTheWireIsCountedByReasonAndChangesNothing) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    const Epoch before = bench.agent.membership().epoch();
    bench.deliver(Type::punted, ipc::Punted{}, {1, 2, 3});
    std::vector<Byte> frame(200, Byte{0});
    frame[12] = 0x88;
    frame[13] = 0xb5;
    bench.deliver(Type::punted, ipc::Punted{}, frame);
    const auto& refused = bench.agent.heartbeats().refused_by_reason();
    EXPECT_EQ(refused[static_cast<std::size_t>(FrameFault::truncated)], 1U);
    EXPECT_EQ(refused[static_cast<std::size_t>(FrameFault::magic)], 1U);
    EXPECT_EQ(bench.agent.membership().epoch(), before);
}

}  // namespace
}  // namespace nlb::controlplane
