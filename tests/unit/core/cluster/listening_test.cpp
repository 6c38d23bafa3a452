// Listening time, and R12: what hearing nothing means, asked of Listening alone.
#include "core/cluster/listening.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::test {
namespace {

struct ListeningTest : ::testing::Test {
    const Timing timing = Timing::from(ms(100), 5);
    Listening listening{timing};
    Instant now{ms(5000)};
    ListeningTest() { listening.start(now); }
    bool pass(Duration time, bool dataplane_lives = true) {
        bool missed = false;
        for (const Instant end = now + time; now < end;) {
            now += ms(10);
            if (dataplane_lives) listening.on_dataplane_alive(now, kLongAgo);
            missed = listening.advance(now) > timing.drop_after || missed;
        }
        return missed;
    }
    using Deafness = Listening::Deafness;
    // How often witnesses were asked before it took itself for deaf.
    int asked_until_deaf(bool joins, bool company) {
        int asked = 0;
        for (int i = 0; i < 100; ++i) {
            const Deafness judged = listening.judge_deafness(joins, company, true);
            if (judged == Deafness::begins) return asked;
            asked += judged == Deafness::asks ? 1 : 0;
            pass(ms(10));
        }
        return -1;
    }
};

TEST_F(ListeningTest, OnlyTimeInWhichTheLoopRanAndTheDataplaneLivedCounts) {
    pass(ms(200));
    EXPECT_EQ(listening.time(), ms(200));
    now += ms(3000);  // a stopped loop
    listening.on_dataplane_alive(now, kLongAgo);
    EXPECT_GT(listening.advance(now), timing.drop_after) << "more than T1 was missed";
    EXPECT_EQ(listening.time(), ms(200) + 2 * timing.tick);
    const Duration before = listening.time();
    pass(ms(1000), false);  // a stopped dataplane
    EXPECT_EQ(listening.time(), before + timing.period);
}

TEST_F(ListeningTest, WhoeverStoodStillIsToldSoOnceForEachSilence) {
    pass(ms(500));
    EXPECT_FALSE(listening.stood_still());
    now += 2 * timing.tick + timing.answer_after + ms(1);  // a stopped loop
    static_cast<void>(listening.advance(now));
    EXPECT_TRUE(listening.stood_still());
    pass(ms(10));
    EXPECT_FALSE(listening.stood_still());
    int told = 0;
    for (int i = 0; i < 50; ++i) {  // a stopped dataplane; the loop goes on
        pass(ms(10), false);
        if (listening.stood_still()) ++told;
    }
    EXPECT_EQ(told, 1);
    EXPECT_GE(listening.mute_for(), ms(500));
    pass(ms(10));
    EXPECT_FALSE(listening.stood_still());
    EXPECT_EQ(listening.mute_for(), Duration::zero());
    pass(timing.answer_after + ms(10), false);
    EXPECT_TRUE(listening.stood_still()) << "the next silence";
}

TEST_F(ListeningTest, BeforeTheFirstStartNoTimeHasPassed) {
    Listening fresh{timing};
    EXPECT_EQ(fresh.advance(now), Duration::zero());
    EXPECT_EQ(fresh.time(), Duration::zero());
    EXPECT_EQ(fresh.now(), now);
}

TEST_F(ListeningTest, R12SilenceWithCompanyIsDeafness) {
    listening.note_reception();
    pass(timing.drop_after);
    EXPECT_EQ(listening.judge_deafness(false, true, true), Deafness::unchanged);
    pass(ms(10));
    EXPECT_EQ(listening.judge_deafness(false, false, true), Deafness::unchanged)
        << "a quiet wire without company proves nothing";
    EXPECT_EQ(asked_until_deaf(false, true), 3) << "a question may be lost";
    EXPECT_TRUE(listening.deaf());
    EXPECT_EQ(listening.judge_deafness(false, true, true), Deafness::unchanged);
    listening.note_reception();
    EXPECT_EQ(listening.judge_deafness(false, true, true), Deafness::ends);
    EXPECT_EQ(listening.listened_for(), Duration::zero()) << "it listens anew";
}

TEST_F(ListeningTest, R12AWitnessThatAnswersEndsTheSuspicion) {
    listening.note_reception();
    for (int i = 0; i < 10; ++i) {
        pass(timing.drop_after + ms(10));
        ASSERT_EQ(listening.judge_deafness(false, true, true), Deafness::asks) << i;
        pass(ms(10));
        listening.on_dataplane_alive(now, now);  // the answer, as the dataplane tells it
        ASSERT_EQ(listening.judge_deafness(false, true, true), Deafness::unchanged) << i;
    }
    EXPECT_FALSE(listening.deaf());
}

TEST_F(ListeningTest, R12WhoeverHearsForTheFirstTimeHearsOthersOutBeforeItAnswers) {
    EXPECT_FALSE(listening.hears_out(true));
    listening.hear_out();
    pass(timing.answer_after - ms(10));
    EXPECT_TRUE(listening.hears_out(false));
    pass(ms(10));
    EXPECT_FALSE(listening.hears_out(false));
    EXPECT_TRUE(listening.hears_out(true)) << "somebody is heard who may serve";
    listening.has_heard_out();
    EXPECT_FALSE(listening.hears_out(true));
}

TEST_F(ListeningTest, R12WhoeverBeginsInSilenceIsTakenForDeafUnlessItIsAloneByConfiguration) {
    pass(ms(300));
    EXPECT_EQ(listening.judge_deafness(true, false, false), Deafness::unchanged);
    EXPECT_EQ(asked_until_deaf(true, false), 3);
}

}  // namespace
}  // namespace nlb::test
