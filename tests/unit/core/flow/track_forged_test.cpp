// Descriptors and who speaks for a flow: a client's packets can be forged, its server's cannot.
// What makes a descriptor last, and what ends it.
#include "core/base/prng.hpp"
#include "tests/unit/core/flow/track_fixture.hpp"

namespace nlb::test {
namespace {

constexpr std::uint32_t kServersFirst = 0xffff'ffff;  // its acknowledgement wraps to 0

struct TrackForged : Track {
    Reason send_with(std::uint8_t flags, std::uint32_t acknowledgement,
                     std::uint32_t sequence = 1) {
        FrameSpec spec = flow;
        spec.tcp_flags = flags;
        spec.acknowledgement = acknowledgement;
        spec.sequence = sequence;
        return host.in(build_frame(spec));
    }
    Reason answer_from(std::uint32_t sequence, std::uint8_t flags = kTcpSyn | kTcpAck) {
        FrameSpec spec = reply_to(flow, flags);
        spec.sequence = sequence;
        return host.out(build_frame(spec));
    }
    FlowState state() { return descriptor()->state; }
    // Whether it is gone then.
    bool ends_within(std::uint32_t seconds) {
        host.wait(seconds);
        host.connections->sweep(host.tables, host.now);
        return !tracked();
    }
    [[nodiscard]] std::uint64_t half_open() const {
        return host.connections->flow_index().half_open();
    }
};

TEST_F(TrackForged, TheAckOfTheServersAnswerEstablishes) {
    send(kTcpSyn);
    EXPECT_EQ(answer_from(kServersFirst), Reason::sent);
    EXPECT_EQ(state(), FlowState::half_open) << "the answer alone does not";
    EXPECT_EQ(send_with(kTcpAck, 0), Reason::owner);
    EXPECT_EQ(state(), FlowState::established);
    EXPECT_EQ(half_open(), 0U);
}
TEST_F(TrackForged, AnAckOfWhatTheServerHasNotSaidEstablishesNothing) {
    send(kTcpSyn);
    EXPECT_EQ(send_with(kTcpAck, 0), Reason::owner) << "the server decides about it";
    EXPECT_EQ(state(), FlowState::half_open) << "nobody has answered";
    answer_from(kServersFirst);
    for (const std::uint32_t guess : {1U, 2U, 0x8000'0000U, kServersFirst}) {
        EXPECT_EQ(send_with(kTcpAck, guess), Reason::owner);
        EXPECT_EQ(send_with(kTcpAck | kTcpFin, guess), Reason::owner);
        EXPECT_EQ(state(), FlowState::half_open) << guess;
    }
    EXPECT_EQ(send_with(0, 0), Reason::owner) << "a number without ACK says nothing";
    EXPECT_EQ(state(), FlowState::half_open);
    EXPECT_TRUE(ends_within(31));
}
TEST_F(TrackForged, TheServersLastAnswerCounts) {
    send(kTcpSyn);
    answer_from(100);
    answer_from(200);
    send_with(kTcpAck, 101);
    EXPECT_EQ(state(), FlowState::half_open);
    send_with(kTcpAck, 201);
    EXPECT_EQ(state(), FlowState::established);
    answer_from(300);
    EXPECT_EQ(state(), FlowState::established) << "a copy that is late";
}
TEST_F(TrackForged, TheFirstDataEstablishesWhenTheAckWasLost) {
    send(kTcpSyn);
    answer_from(100);
    send_with(kTcpAck | 0x08, 101);
    EXPECT_EQ(state(), FlowState::established);
}
TEST_F(TrackForged, ForgedHandshakesNeitherFillTheTableNorKeepHonestFlowsOut) {
    host.connections = std::make_unique<SimpleConnections>(1000);
    const FrameSpec honest = flow;
    for (std::uint32_t pair = 0; pair < 20000; ++pair) {
        flow.source_port = static_cast<std::uint16_t>(1024 + pair % 60000);
        send(kTcpSyn);
        answer_from(pair * 2654435761U);
        send_with(kTcpAck, pair);
        if (pair % 100 != 0) continue;
        flow = honest;
        flow.source_port = static_cast<std::uint16_t>(1 + pair / 100);
        establish();
        ASSERT_EQ(state(), FlowState::established) << pair;
    }
    EXPECT_LE(half_open(), 250U);
    EXPECT_EQ(host.connections->size(), half_open() + 200);
}

TEST_F(TrackForged, ARstOfTheClientClosesAndTheFlowEndsWhenNothingFollows) {
    establish();
    EXPECT_EQ(send(kTcpRst), Reason::owner);
    EXPECT_EQ(state(), FlowState::closing);
    EXPECT_FALSE(ends_within(60));
    EXPECT_TRUE(ends_within(1));
}
TEST_F(TrackForged, AForgedRstEndsNoFlowWhoseClientGoesOn) {
    establish();
    lose_bucket();
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(send_with(kTcpRst, 0, static_cast<std::uint32_t>(i)), Reason::descriptor);
        host.wait(50);
        host.connections->sweep(host.tables, host.now);
        ASSERT_EQ(send(kTcpAck), Reason::descriptor) << i;
        EXPECT_EQ(state(), FlowState::established);
    }
    EXPECT_FALSE(ends_within(7200));
    EXPECT_EQ(look_ups_of(kTcpAck), 1U);
}
TEST_F(TrackForged, OfAFlowInABucketOfOursTheNextPacketIsLookedUpAndNoneAfterIt) {
    establish();
    send(kTcpRst);
    EXPECT_EQ(look_ups_of(kTcpAck), 1U);
    EXPECT_EQ(state(), FlowState::established);
    EXPECT_EQ(look_ups_of(kTcpAck), 0U);
    EXPECT_EQ(host.connections->flow_index().watched()[kHttp], 0U);
}
TEST_F(TrackForged, MoreRstsDoNotLengthenWhatIsClosing) {
    establish();
    send(kTcpRst);
    for (int i = 0; i < 6; ++i) {
        EXPECT_FALSE(ends_within(10));
        send(kTcpRst);
    }
    EXPECT_TRUE(ends_within(1));
}
TEST_F(TrackForged, AStaleFlowIsWatchedOnceWhenItIsReset) {
    establish();
    host.wait(stale_after_s(7200) + 1);
    host.connections->sweep(host.tables, host.now);
    send(kTcpRst);
    send(kTcpAck);
    EXPECT_EQ(state(), FlowState::established);
    EXPECT_EQ(host.connections->flow_index().watched()[kHttp], 0U);
    send(kTcpRst);
    EXPECT_TRUE(ends_within(61));
    EXPECT_EQ(host.connections->flow_index().watched()[kHttp], 0U);
}
TEST_F(TrackForged, ARstEndsAHalfOpenFlow) {
    send(kTcpSyn);
    EXPECT_EQ(send(kTcpRst), Reason::owner);
    EXPECT_FALSE(tracked());
    EXPECT_EQ(half_open(), 0U);
}
TEST_F(TrackForged, ARstAndASynTogetherEndNoEstablishedFlow) {
    establish();
    send(kTcpRst);
    EXPECT_EQ(send(kTcpSyn), Reason::owner);
    EXPECT_EQ(state(), FlowState::closing);
    send(kTcpAck);
    EXPECT_EQ(state(), FlowState::established);
}
TEST_F(TrackForged, AClientThatDidResetAndComesAgainIsANewFlowByTheServersWord) {
    establish();
    send(kTcpRst);
    send(kTcpSyn);
    answer_from(500);
    EXPECT_EQ(state(), FlowState::half_open);
    EXPECT_EQ(half_open(), 1U);
    EXPECT_TRUE(host.connections->flow_index().may_be_watched(
        {flow.source, flow.destination, flow.source_port, 80, kProtocolTcp, {}}));
    send_with(kTcpAck, 501);
    EXPECT_EQ(state(), FlowState::established);
    EXPECT_EQ(half_open(), 0U);
    EXPECT_EQ(host.connections->flow_index().watched()[kHttp], 0U);
}
TEST_F(TrackForged, ARstOfTheServerEndsAFlowAtOnce) {
    establish();
    send(kTcpRst);
    EXPECT_EQ(answer(kTcpRst), Reason::sent);
    EXPECT_FALSE(tracked());
}
TEST_F(TrackForged, AServerThatEndsAFlowWasNotReset) {
    establish();
    send(kTcpRst);
    answer(kTcpFin | kTcpAck);
    EXPECT_EQ(state(), FlowState::established);
    send(kTcpFin | kTcpAck);
    EXPECT_EQ(state(), FlowState::closing);
    EXPECT_EQ(host.connections->flow_index().watched()[kHttp], 0U);
}

// Whatever a stranger sends, as long as he does not guess one number in 2^32.
TEST_F(TrackForged, NoForgedPacketMakesAnEstablishedFlowOrEndsOne) {
    establish();
    const FrameSpec established = flow;
    Prng random(31);
    for (int i = 0; i < 200000; ++i) {
        flow.source_port = random.chance(500'000) ? established.source_port : 50000;
        send_with(static_cast<std::uint8_t>(random.next()),
                  static_cast<std::uint32_t>(random.below(0x1000'0000)),
                  static_cast<std::uint32_t>(random.next()));
        flow.source_port = 50000;
        if (random.chance(100'000)) {
            send(kTcpSyn);
            answer_from(0x1234'5678);
        }
        ASSERT_TRUE(!tracked() || state() == FlowState::half_open) << i;
        flow.source_port = established.source_port;
        ASSERT_TRUE(tracked());
        ASSERT_TRUE(state() == FlowState::established || (descriptor()->marks & kMarkReset) != 0)
            << i;
    }
    send(kTcpAck);
    EXPECT_EQ(state(), FlowState::established);
}

}  // namespace
}  // namespace nlb::test
