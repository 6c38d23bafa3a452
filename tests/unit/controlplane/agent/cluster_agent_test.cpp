// The controller with the real membership, a recording sink and a dataplane that obeys: what is sent, in which order, and what the
// operator's commands come to.
#include "controlplane/agent/cluster_agent.hpp"

#include <gtest/gtest.h>

#include "config/table_builder.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "controlplane/api/views.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::Bench;
using testing::small_settings;
using Type = link::MessageType;

std::optional<SharedBlock> last_block(const testing::RecordingSink& sink) {
    std::optional<SharedBlock> block;
    for (const auto& datagram : sink.datagrams) {
        const auto message = *link::read_message(datagram);
        if (message.type == Type::store) block = decode_block(message.payload);
    }
    return block;
}

TEST(Controller, AHostAloneConvergesAsDefaultHost) {
    Bench bench;
    EXPECT_EQ(bench.hello(Bench::fresh_hello()), "");
    EXPECT_EQ(bench.controller.shown(), ShownState::converging);
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.controller.shown(), ShownState::converged);
    EXPECT_EQ(state_value(bench.controller), ReturnValue::default_host);
    EXPECT_EQ(bench.controller.membership().own()[0], kAllBuckets);
    EXPECT_EQ(bench.controller.convergence().causes().size(), 1U);
}

TEST(Controller, WritesDownBeforeItSends) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    std::uint64_t stored_sequence = 0;
    std::size_t frames = 0;
    const SodiumAuthenticator authenticator(testing::key_of(7));
    for (const auto& datagram : bench.sink.datagrams) {
        const auto message = *link::read_message(datagram);
        if (message.type == Type::store) stored_sequence = decode_block(message.payload)->sequence;
        if (message.type != Type::send) continue;
        ++frames;
        const auto decoded =
            decode_frame(*unwrap_frame(message.rest_after<link::Send>()), bench.controller.params().cluster, authenticator);
        ASSERT_EQ(decoded.fault, FrameFault::none);
        const auto sequence = std::visit([](const auto& frame) { return frame.header.sequence; }, decoded.frame);
        ASSERT_LE(sequence, stored_sequence) << "stated before it was stored";
    }
    EXPECT_GT(frames, 20U);
}

TEST(Controller, CoresGetALeaseNoLaterThanTheirBuckets) {
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

TEST(Controller, ADataplaneOfAnotherBuildIsRefused) {
    Bench bench;
    auto hello = Bench::fresh_hello();
    hello.build ^= 1;
    EXPECT_NE(bench.hello(hello), "");
    EXPECT_FALSE(bench.controller.dataplane_connected());
    EXPECT_TRUE(bench.sink.datagrams.empty());
}

TEST(Controller, ARunningMapIsTakenOver) {
    Bench before;
    ASSERT_EQ(before.hello(Bench::fresh_hello()), "");
    before.pass(milliseconds{3000});
    const auto block = last_block(before.sink);
    ASSERT_TRUE(block && block->member);

    Bench after;
    after.now = before.now + milliseconds{5};
    auto hello = Bench::fresh_hello();
    hello.valid_until_ns = before.controller.membership().valid_until().time_since_epoch().count();
    hello.own = before.controller.membership().own();
    const ClusterSettings& settings = before.controller.settings();
    hello.layout = config::build_tables(settings.cluster, settings.host, settings.hash_key, {}).layout;
    ASSERT_EQ(after.hello(hello, encode_block(*block)), "");
    EXPECT_EQ(after.controller.membership().incarnation(), block->incarnation);
    EXPECT_EQ(after.controller.membership().own()[0], kAllBuckets);
    after.pass(milliseconds{100});
    EXPECT_EQ(after.controller.shown(), ShownState::converged);
    EXPECT_EQ(after.controller.membership().epoch(), block->map.epoch) << "nobody noticed";
}

TEST(Controller, TablesOfAnUnknownPastAreFencedBeforeAnythingIsSaid) {
    Bench bench;
    auto hello = Bench::fresh_hello();
    hello.own[0] = 5;
    hello.valid_until_ns = (bench.now + milliseconds{300}).time_since_epoch().count();
    ASSERT_EQ(bench.hello(hello, {1, 2, 3}), "");
    ASSERT_GE(bench.sink.datagrams.size(), 2U);
    EXPECT_EQ(link::read_message(bench.sink.datagrams[0])->type, Type::seal_keys);
    const auto first = *link::read_message(bench.sink.datagrams[1]);
    ASSERT_EQ(first.type, Type::lease);
    EXPECT_EQ(first.body<link::Lease>()->valid_until_ns, kLongAgo.time_since_epoch().count());
}

TEST(Controller, AMapOfAnotherConfigurationIsNotTakenOver) {
    Bench bench;
    SharedBlock block;
    block.member = true;
    block.incarnation = {99, 3};
    block.config_digest = bench.controller.params().config_digest ^ 1;
    auto hello = Bench::fresh_hello();
    hello.valid_until_ns = (bench.now + milliseconds{300}).time_since_epoch().count();
    ASSERT_EQ(bench.hello(hello, encode_block(block)), "");
    EXPECT_EQ(bench.controller.membership().incarnation().boot, 4711U);
}

TEST(Controller, ALostDataplaneBeginsAnewUnderAHigherTerm) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    const Incarnation before = bench.controller.membership().incarnation();
    bench.controller.on_dataplane_lost(bench.now);
    EXPECT_EQ(bench.controller.shown(), ShownState::converging);
    bench.sink.datagrams.clear();
    bench.answered = 0;
    bench.pass(milliseconds{500});
    EXPECT_TRUE(bench.sink.datagrams.empty()) << "nobody is there to talk to";
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    EXPECT_GT(bench.controller.membership().incarnation(), before);
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.controller.shown(), ShownState::converged);
}

TEST(Controller, StopGivesBackAndStartBeginsAnew) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.controller.command_host(bench.now, HostCommand::stop).value, ReturnValue::ok);
    bench.pass(milliseconds{1500});
    EXPECT_TRUE(bench.controller.settled());
    EXPECT_EQ(bench.controller.shown(), ShownState::stopped);
    EXPECT_EQ(bench.controller.membership().own()[0], 0U);
    bench.sink.datagrams.clear();
    bench.answered = 0;
    bench.pass(milliseconds{500});
    for (const Type type : bench.sink.types()) EXPECT_NE(type, Type::send) << "a stopped host says nothing";
    EXPECT_EQ(bench.controller.command_host(bench.now, HostCommand::start).value, ReturnValue::ok);
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.controller.shown(), ShownState::converged);
}

TEST(Controller, DrainstopWaitsForTheLastDescriptor) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000}, 3);
    EXPECT_EQ(bench.controller.command_host(bench.now, HostCommand::drainstop).value, ReturnValue::ok);
    bench.pass(milliseconds{3000}, 3);
    EXPECT_EQ(bench.controller.shown(), ShownState::draining);
    EXPECT_EQ(bench.controller.membership().own()[0], 0U) << "takes no new flow";
    bench.pass(milliseconds{3000}, 0);
    EXPECT_EQ(bench.controller.shown(), ShownState::stopped);
}

TEST(Controller, ADrainIsBrokenOffByStart) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000}, 3);
    (void)bench.controller.command_host(bench.now, HostCommand::drainstop);
    bench.pass(milliseconds{1000}, 3);
    EXPECT_EQ(bench.controller.command_host(bench.now, HostCommand::start).value, ReturnValue::drain_stopped);
    bench.pass(milliseconds{2000}, 3);
    EXPECT_EQ(bench.controller.shown(), ShownState::converged);
    EXPECT_EQ(bench.controller.membership().own()[0], kAllBuckets);
}

TEST(Controller, ADisabledRuleIsNobodys) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.controller.command_rules(bench.now, {0}, RuleState::disabled).value, ReturnValue::ok);
    bench.pass(milliseconds{1000});
    EXPECT_EQ(bench.controller.membership().own()[0], 0U);
    EXPECT_EQ(bench.controller.membership().own()[1], kAllBuckets);
    EXPECT_EQ(bench.controller.shown(), ShownState::converged);
    EXPECT_EQ(bench.controller.convergence().causes().count("rule"), 1U);
    EXPECT_EQ(bench.controller.stored().rules.at("http"), RuleState::disabled);
}

TEST(Controller, ASuspendedHostRefusesRuleCommands) {
    Bench bench(small_settings(1, config::InitialState::suspended));
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    EXPECT_EQ(bench.controller.command_rules(bench.now, {0}, RuleState::disabled).value, ReturnValue::refused);
    EXPECT_EQ(bench.controller.command_host(bench.now, HostCommand::start).value, ReturnValue::refused);
    bench.pass(milliseconds{1000});
    for (const Type type : bench.sink.types()) EXPECT_NE(type, Type::send);
}

TEST(Controller, TheLastStateComesBack) {
    Bench bench(small_settings(1, config::InitialState::last), {Wanted::stopped, {{"http", RuleState::draining}}});
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    EXPECT_EQ(bench.controller.shown(), ShownState::stopped);
    EXPECT_EQ(bench.controller.rule_states()[0], RuleState::draining);
}

TEST(Controller, GarbageFromTheWireIsCountedByReasonAndChangesNothing) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    const Epoch before = bench.controller.membership().epoch();
    bench.deliver(Type::punted, link::Punted{}, {1, 2, 3});
    std::vector<Byte> frame(200, Byte{0});
    frame[12] = 0x88;
    frame[13] = 0xb5;
    bench.deliver(Type::punted, link::Punted{}, frame);
    const auto& refused = bench.controller.heartbeats().refused_by_reason();
    EXPECT_EQ(refused[static_cast<std::size_t>(FrameFault::truncated)], 1U);
    EXPECT_EQ(refused[static_cast<std::size_t>(FrameFault::magic)], 1U);
    EXPECT_EQ(bench.controller.membership().epoch(), before);
}

TEST(Controller, ALinkThatIsDownFences) {
    Bench bench;
    ASSERT_EQ(bench.hello(Bench::fresh_hello()), "");
    bench.pass(milliseconds{3000});
    bench.sink.datagrams.clear();
    bench.answered = 0;
    bench.deliver(Type::status, link::Status{});
    ASSERT_FALSE(bench.sink.datagrams.empty());
    EXPECT_EQ(bench.sink.types().front(), Type::lease);
    EXPECT_FALSE(bench.controller.link_up());
}

}  // namespace
}  // namespace nlb::controlplane
