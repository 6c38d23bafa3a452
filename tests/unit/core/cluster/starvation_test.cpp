// R15 by itself: when a host that hears no client offers nothing, and when it does again.
#include "core/cluster/starvation.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/cluster/parts.hpp"

namespace nlb::test {
namespace {

struct StarvationTest : Parts {
    std::uint64_t frames = 0;
    StarvationTest() {
        become_member({1, 2, 3});
        exchange({2, 3});
        static_cast<void>(starvation.pass());
    }
    // Half a T*P of the others' heartbeats; clients are heard here or not.
    void live(std::initializer_list<HostId> hear, bool here) {
        for (int i = 0; i < 6; ++i) {
            pass(params.timing.period / 2);
            for (const HostId id : {HostId{2}, HostId{3}})
                exchange({id}, std::find(hear.begin(), hear.end(), id) == hear.end()
                                   ? 0
                                   : kFlagHearsClients);
            starvation.on_client_frames(here ? ++frames : frames);
            static_cast<void>(starvation.pass());
        }
    }
};

TEST_F(StarvationTest, AStreamIsAWholeBuryingTimeWithoutAGap) {
    live({}, true);
    EXPECT_FALSE(starvation.hears_stream()) << "it has only begun";
    live({}, true);
    live({}, true);
    EXPECT_TRUE(starvation.hears_stream());
    live({}, false);
    EXPECT_FALSE(starvation.hears_stream());
}

TEST_F(StarvationTest, AnotherDataplaneHasHeardNothingYet) {
    for (int i = 0; i < 3; ++i) live({}, true);
    ASSERT_TRUE(starvation.hears_stream());
    starvation.start();
    frames = 0;
    live({}, false);
    EXPECT_FALSE(starvation.hears_stream());
    starvation.on_client_frames(++frames);
    EXPECT_FALSE(starvation.hears_stream()) << "a stream begins anew";
}

TEST_F(StarvationTest, WhoeverHearsNoClientWhileHalfOfTheOthersDoOffersNothing) {
    for (int i = 0; i < 3; ++i) live({2}, false);
    EXPECT_TRUE(starvation.starves());
    for (int i = 0; i < 3; ++i) live({2}, true);
    EXPECT_FALSE(starvation.starves()) << "clients are heard again";
}

// Host 3 dies as the last clients go: until it is buried its last word is a stream.
TEST_F(StarvationTest, TheLastWordOfADeadHostStarvesNobody) {
    for (int i = 0; i < 3; ++i) live({2, 3}, true);
    while (peers.is_live(3)) {
        pass(params.timing.period / 2);
        exchange({2}, 0);
        starvation.on_client_frames(frames);
        static_cast<void>(starvation.pass());
        ASSERT_FALSE(starvation.starves());
        if (listening.since(peers.at(3).last_rx) > params.timing.bury_after * 3 / 2) break;
    }
}

TEST_F(StarvationTest, AQuietClusterStarvesNobody) {
    for (int i = 0; i < 4; ++i) live({}, false);
    EXPECT_FALSE(starvation.starves());
}

TEST_F(StarvationTest, TheLastThatServesKeepsItsBuckets) {
    for (int i = 0; i < 3; ++i) live({2, 3}, false);
    ASSERT_TRUE(starvation.starves());
    pass(3 * params.timing.bury_after);
    EXPECT_TRUE(starvation.pass()) << "nobody else is heard";
    EXPECT_FALSE(starvation.starves());
}

TEST_F(StarvationTest, SilenceCountsOnlyWhileItIsAMember) {
    self.state = MembershipState::join;
    for (int i = 0; i < 4; ++i) live({2, 3}, false);
    EXPECT_FALSE(starvation.starves());
    self.state = MembershipState::member;
    live({2, 3}, false);
    EXPECT_FALSE(starvation.starves()) << "it has been one for less than T*P";
}

}  // namespace
}  // namespace nlb::test
