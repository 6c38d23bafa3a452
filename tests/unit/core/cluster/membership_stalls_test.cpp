// Whoever stood still, or cannot use what it hears, takes nothing from the others: seen from
// outside, at every length and phase.
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::test {
namespace {

constexpr Duration kSettled = ms(2000);

// Hosts 1 and 2 are members; 3 is heard and hears them, and is not admitted: another configuration.
struct BesideAJoiner : SmallCluster {
    BesideAJoiner() : SmallCluster({50, 50, 50}) {
        MembershipParams other = params(3, 3, false);
        other.config_digest = 43;
        (*this)[3].membership = std::make_unique<Membership>(other, desired(3, 50));
        perform(3, (*this)[3].membership->on_start(now(), 103, std::nullopt));
        run(kSettled);
    }
    void expect_untouched(const char* what, int length) {
        EXPECT_EQ(owned(1) + owned(2), kBuckets) << what << " " << length;
        EXPECT_FALSE(reported(1, Report::Kind::reset)) << what << " " << length;
        EXPECT_FALSE(reported(2, Report::Kind::reset)) << what << " " << length;
    }
    void hear_nobody_at_3() {
        cut(1, 3);
        cut(2, 3);
    }
    void set_link_of_3(bool up) {
        if (!up) {
            hear_nobody_at_3();
            cut(3, 1);
            cut(3, 2);
        } else {
            heal();
        }
        perform(3, (*this)[3].membership->on_link(now(), up));
    }
};

TEST(MembershipStalls, AJoinerWhoseLoopStoodStillFencesNobody) {
    for (int stall = 150; stall < 600; stall += 7) {
        BesideAJoiner cluster;
        cluster[3].running = false;
        cluster.run(ms(stall));
        cluster[3].running = true;
        cluster.run(ms(1000));
        cluster.expect_untouched("stopped for ms:", stall);
    }
}

TEST(MembershipStalls, AJoinerWhoseLinkWasDownFencesNobody) {
    for (int down = 50; down < 600; down += 7) {
        BesideAJoiner cluster;
        cluster.set_link_of_3(false);
        cluster.run(ms(down));
        cluster.set_link_of_3(true);
        cluster.run(ms(1000));
        cluster.expect_untouched("down for ms:", down);
    }
}

TEST(MembershipStalls, AMemberWhoseDataplaneStoodStillFencesNobody) {
    for (int stall = 150; stall < 600; stall += 7) {
        SmallCluster cluster({50, 50, 50});
        cluster.run(kSettled);
        cluster[3].mute = true;
        cluster.run(ms(stall));
        cluster[3].mute = false;
        cluster.run(ms(1500));
        EXPECT_FALSE(cluster.reported(1, Report::Kind::reset)) << stall;
        EXPECT_FALSE(cluster.reported(2, Report::Kind::reset)) << stall;
        EXPECT_EQ(cluster.owned(3), 20U) << stall;
    }
}

// A joiner listens anew after its dataplane stood still: others may have begun meanwhile.
TEST(MembershipStalls, ABeginnerWhoseDataplaneStoodStillHearsTheOthersFirst) {
    SmallCluster cluster({50, 50});
    cluster.crash(1);
    cluster.run(ms(900));
    cluster[2].mute = true;
    cluster[1].running = true;
    cluster.perform(1, cluster[1].membership->on_start(cluster.now(), 7, std::nullopt));
    cluster.run(ms(3000));
    ASSERT_EQ(cluster.owned(1), kBuckets);
    cluster[2].mute = false;
    cluster.run(kSettled);  // two owners would end the test
    EXPECT_EQ(cluster.owned(1), 30U);
    EXPECT_EQ(cluster.owned(2), 30U);
}

// It has only the former key: the members changed theirs, hear it, and are not heard by it.
TEST(MembershipStalls, AJoinerThatCannotVerifyTheMembersSaysThatNobodyNeedsToWaitForIt) {
    BesideAJoiner cluster;
    cluster.hear_nobody_at_3();
    const auto see_signs = [&](Duration time) {
        for (Duration passed{}; passed < time; passed += ms(50)) {
            cluster[3].membership->note_sign({.kind = Sign::Kind::unverifiable, .host = 1});
            cluster.run(ms(50));
        }
    };
    see_signs(ms(10'000));
    cluster.expect_untouched("signs for ms:", 10'000);
    EXPECT_EQ(cluster.owned(3), 0U);
    // Without signs it may begin, and the members wait for it again before it does.
    cluster.run(ms(2000));
    EXPECT_EQ(cluster.owned(1) + cluster.owned(2), 0U);
    EXPECT_EQ(cluster.owned(3), kBuckets);
}

}  // namespace
}  // namespace nlb::test
