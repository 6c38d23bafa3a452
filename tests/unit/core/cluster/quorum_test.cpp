// partition: majority. Whose acknowledgements and whose presence count.
#include "core/cluster/quorum.hpp"

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct QuorumTest : Parts {
    QuorumTest() {
        params.majority = true;
        params.config_digest = 42;
        become_member({1, 2, 3});
    }
    void acknowledge_from(HostId id, std::uint64_t digest, std::uint64_t staged = 0) {
        Heartbeat beat = beat_of(id, ++sequence_);
        beat.config_digest = digest;
        beat.staged.digest = staged;
        acknowledge(beat);
        if (hear(beat) == FrameFault::none) return;
        sent.next(now);
        beat.header.sequence = ++sequence_;
        beat.peers.clear();
        acknowledge(beat);
        ASSERT_EQ(hear(beat), FrameFault::none);
    }
    // This host and its fellows hold a configuration that names hosts 1 to `hosts`.
    void make_way_for(std::size_t hosts) {
        StagedConfig next;
        next.digest = 43;
        next.slots = params.slots;
        next.configured = HostSet::first(hosts);
        ASSERT_TRUE(reload.stage(next));
        reload.begin_joint();
    }

private:
    std::uint64_t sequence_ = 100;
};

TEST_F(QuorumTest, MoreThanHalfOfTheConfiguredHosts) {
    EXPECT_TRUE(quorum.has(HostSet{0b011}));
    EXPECT_FALSE(quorum.has(HostSet{0b001}));
    EXPECT_FALSE(quorum.has(HostSet{0b11000})) << "hosts that the configuration does not name";
    params.configured = HostSet::first(4);
    EXPECT_FALSE(quorum.has(HostSet{0b0011})) << "half is no majority";
    params.majority = false;
    EXPECT_TRUE(quorum.has(HostSet{}));
}

TEST_F(QuorumTest, AHostOfAnotherConfigurationCountsForNothing) {
    sent.next(now);
    const Instant sent_at = now;
    acknowledge_from(2, 43);
    EXPECT_EQ(quorum.acknowledged_by_majority(), kLongAgo);
    acknowledge_from(3, 42);
    EXPECT_EQ(quorum.acknowledged_by_majority(), sent_at);
}

TEST_F(QuorumTest, AHostThatTheConfigurationDoesNotNameCountsForNothing) {
    sent.next(now);
    acknowledge_from(4, 42);
    EXPECT_EQ(quorum.acknowledged_by_majority(), kLongAgo);
}

TEST_F(QuorumTest, WhileAReloadIsUnderWayBothConfigurationsCount) {
    params.configured = HostSet::first(5);
    make_way_for(3);
    EXPECT_FALSE(quorum.has(HostSet{0b11100})) << "a majority of the former one alone";
    EXPECT_FALSE(quorum.has(HostSet{0b00011})) << "a majority of the next one alone";
    EXPECT_TRUE(quorum.has(HostSet{0b00111}));
    sent.next(now);
    const Instant sent_at = now;
    for (const HostId id : std::initializer_list<HostId>{3, 4, 5}) acknowledge_from(id, 42, 43);
    EXPECT_EQ(quorum.acknowledged_by_majority(), sent_at) << "1, 3 are two of 1 to 3";
    self.id = 4;
    EXPECT_EQ(quorum.acknowledged_by_majority(), kLongAgo) << "of 1 to 3 only host 3 did";
}

TEST_F(QuorumTest, AResetDoesNotEndAReloadThatIsUnderWay) {
    params.configured = HostSet::first(5);
    make_way_for(3);
    map.set({}, params.slots);
    self.state = MembershipState::join;
    EXPECT_FALSE(quorum.has(HostSet{0b11100}));
    EXPECT_FALSE(reload.stage(std::nullopt)) << "others may have changed over already";
}

}  // namespace
}  // namespace nlb::test
