// R2 and R3: how long cores may answer, asked of Lease alone.
#include "core/cluster/lease.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct LeaseTest : Parts {
    LeaseTest() {
        become_member({1, 2, 3});
        exchange({2, 3});
        lease.begin();
    }
};

TEST_F(LeaseTest, R3ItRunsFromWhatThePeersAcknowledged) {
    const Instant acknowledged = now;
    pass(ms(40));
    ASSERT_EQ(lease.renew(), Lease::Renewal::changed);
    EXPECT_EQ(lease.valid_until(), acknowledged + params.timing.lease);
    EXPECT_EQ(lease.renew(), Lease::Renewal::unchanged);
}

TEST_F(LeaseTest, R3ThePeerThatAcknowledgedLeastDecides) {
    const Instant first = now;
    pass(ms(100));
    exchange({2});
    hear(beat_of(3, 9));  // it speaks and acknowledges nothing newer
    ASSERT_EQ(lease.renew(), Lease::Renewal::changed);
    EXPECT_EQ(lease.valid_until(), first + params.timing.lease);
}

TEST_F(LeaseTest, R3AMemberThatFellSilentBringsTheCapIn) {
    std::vector<Instant> beats;
    for (int i = 0; i < 6; ++i) {
        pass(ms(100));
        beats.push_back(now);
        exchange({2});
    }
    ASSERT_NE(lease.renew(), Lease::Renewal::lapsed);
    EXPECT_EQ(lease.valid_until(), beats[3] + params.timing.lease)
        << "the third newest beat: host 3 may have heard no newer one";
}

// A joiner may adopt a map by the frame that ends a long silence: its members count on it at once.
TEST_F(LeaseTest, R3AMemberHoldsBackBeforeItHasProvenItsLife) {
    const Instant acknowledged = now;
    pass(params.timing.bury_after + ms(1));
    hear(beat_of(2, 20));
    hear(beat_of(3, 20));
    ASSERT_FALSE(Peers::is_proven(peers.at(2)));
    EXPECT_EQ(lease.end(), acknowledged + params.timing.lease);
}

// It heard nothing since: as a member it would bury this host from there.
TEST_F(LeaseTest, R3ALifeThatWasJustBelievedCountsFromWhatItAcknowledged) {
    const Incarnation anew{777, 1};
    const auto says = [&](std::uint64_t sequence) {
        Heartbeat beat = beat_of(3, sequence, MemberState::join);
        beat.header.incarnation = anew;
        acknowledge(beat);
        return beat;
    };
    Heartbeat goodbye = beat_of(3, 20);
    goodbye.header.flags = kFlagGoodbye;
    hear(goodbye);
    EXPECT_EQ(hear(says(1)), FrameFault::unbelieved);
    pass(ms(10));
    exchange({2});
    const Instant heard = now;
    const Heartbeat late = says(2);
    for (int i = 0; i < 2; ++i) {
        pass(ms(100));
        exchange({2});
    }
    ASSERT_EQ(hear(late), FrameFault::none);
    EXPECT_EQ(lease.end(), heard + params.timing.lease);
}

// A joiner that heard nothing for a while, and then something: what it heard before was long ago.
TEST_F(LeaseTest, R3WhoWasDeafHoldsNothingBackByWhatItHeardBefore) {
    Heartbeat deaf = beat_of(3, 20);
    deaf.header.flags = kFlagDeaf;
    hear(deaf);
    for (int i = 0; i < 6; ++i) {
        pass(ms(100));
        exchange({2});
    }
    const Instant hears_again = now;
    hear(beat_of(3, 21));
    pass(ms(10));
    exchange({2});
    EXPECT_EQ(lease.end(), hears_again + params.timing.lease);
    Heartbeat acknowledging = beat_of(3, 22);
    acknowledge(acknowledging);
    hear(acknowledging);
    EXPECT_EQ(lease.end(), now + params.timing.lease);
}

// What leaves at odd times, as answers do, must not make the cap older than it has to be.
TEST_F(LeaseTest, R3TheCapGoesByAgeHoweverManyHeartbeatsLeft) {
    for (int i = 0; i < 20; ++i) {
        pass(ms(85));
        exchange({2});
        static_cast<void>(lease.renew());
    }
    const Duration age = now + params.timing.lease - lease.valid_until();
    EXPECT_GE(age, 2 * params.timing.period);
    EXPECT_LT(age, 2 * params.timing.period + ms(85));
}

TEST_F(LeaseTest, R3ADeafPeerHoldsNothingBack) {
    pass(ms(100));
    const Instant acknowledged = now;
    exchange({2});
    Heartbeat deaf = beat_of(3, 9);
    deaf.header.flags = kFlagDeaf;
    hear(deaf);
    ASSERT_EQ(lease.renew(), Lease::Renewal::changed);
    EXPECT_EQ(lease.valid_until(), acknowledged + params.timing.lease);
}

TEST_F(LeaseTest, R3AMajorityOfTheConfiguredHostsHasToAcknowledge) {
    params.majority = true;
    const Instant first = now;
    pass(ms(100));
    exchange({});
    ASSERT_EQ(lease.renew(), Lease::Renewal::changed);
    EXPECT_EQ(lease.valid_until(), first + params.timing.lease) << "two of three did then";
    params.configured = HostSet::first(7);
    EXPECT_EQ(lease.end(), kLongAgo) << "three of seven are none";
}

TEST_F(LeaseTest, R2WhatHasLapsedIsNeverRenewed) {
    ASSERT_EQ(lease.renew(), Lease::Renewal::changed);
    pass(params.timing.lease);
    exchange({2, 3});
    EXPECT_TRUE(lease.has_lapsed());
    EXPECT_EQ(lease.renew(), Lease::Renewal::lapsed);
}

TEST_F(LeaseTest, R2NobodyWhoseFramesNobodyAcknowledgesMayBegin) {
    pass(ms(500));
    hear(beat_of(2, 20));
    hear(beat_of(3, 20));
    EXPECT_FALSE(lease.could_be_held());
    EXPECT_EQ(lease.renew(), Lease::Renewal::unacknowledged);
}

}  // namespace
}  // namespace nlb::test
