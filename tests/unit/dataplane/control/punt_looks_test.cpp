// When main looks for heartbeats that nobody rang for.
#include "dataplane/control/punt_looks.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

constexpr Duration ms(int count) {
    return std::chrono::milliseconds{count};
}

struct PuntLooksTest : ::testing::Test {
    PuntLooksTest() { looks.set_wait(ms(10)); }
    PuntLooks looks;
    Instant now{ms(1000)};
};

TEST_F(PuntLooksTest, WhereFramesAreRareEachOneRings) {
    for (int i = 0; i < 3; ++i) {
        looks.note(now, true);
        EXPECT_EQ(looks.next(), kForever);
        now += ms(33);
    }
}

TEST_F(PuntLooksTest, InQuickSuccessionTheyWaitForTheNextLook) {
    looks.note(now, true);
    now += ms(3);
    looks.note(now, true);
    EXPECT_EQ(looks.next(), now + ms(10));
    now += ms(4);
    looks.note(now, false);
    EXPECT_EQ(looks.next(), now + ms(6)) << "it was awake for something else";
    now += ms(6);
    looks.note(now, true);
    EXPECT_EQ(looks.next(), now + ms(10));
    now += ms(10);
    looks.note(now, false);
    EXPECT_EQ(looks.next(), kForever) << "a look in vain ends it";
}

TEST_F(PuntLooksTest, WhereNothingMayWaitThereAreNone) {
    looks.set_wait(Duration{});
    looks.note(now, true);
    looks.note(now, true);
    EXPECT_EQ(looks.next(), kForever);
}

}  // namespace
}  // namespace nlb::dataplane
