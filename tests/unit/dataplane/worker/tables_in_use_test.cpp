// New tables wait until what was received before them has been judged.
#include "dataplane/worker/tables_in_use.hpp"

#include <gtest/gtest.h>

namespace nlb::dataplane::test {
namespace {

constexpr std::uint32_t kBacklog = 1000;

struct TablesInUseTest : ::testing::Test {
    const IndexedTables first{Tables{}};
    const IndexedTables second{Tables{}};
    const IndexedTables third{Tables{}};
    TablesInUse in_use;
    // One poll; the tables that it judges by.
    const IndexedTables* poll(const IndexedTables& newest, std::uint32_t frames, bool emptied,
                              bool others_have_drained = true) {
        const IndexedTables* const by = &in_use.begin(&newest, others_have_drained);
        in_use.end(frames, emptied, kBacklog);
        return by;
    }
    TablesInUseTest() { poll(first, 0, true); }
};

TEST_F(TablesInUseTest, TheFirstOnesAreUsedAtOnce) {
    EXPECT_EQ(in_use.adopted(), &first);
    EXPECT_FALSE(in_use.waits());
}

TEST_F(TablesInUseTest, WhatWasReceivedBeforeIsJudgedByTheFormerOnes) {
    EXPECT_EQ(poll(second, 32, false), &first);
    EXPECT_TRUE(in_use.waits());
    EXPECT_EQ(poll(second, 32, false), &first);
    EXPECT_EQ(poll(second, 5, true), &first) << "the last of them";
    EXPECT_EQ(in_use.adopted(), &second);
    EXPECT_EQ(poll(second, 32, false), &second);
}

TEST_F(TablesInUseTest, ALaneThatIsNeverEmptyHasJudgedItAllAfterItsBacklog) {
    std::uint32_t frames = 0;
    while (in_use.adopted() != &second) {
        ASSERT_EQ(poll(second, 32, false), &first);
        frames += 32;
        ASSERT_LE(frames, kBacklog + 32);
    }
    EXPECT_GE(frames, kBacklog);
}

TEST_F(TablesInUseTest, StillNewerOnesBeginAnew) {
    poll(second, 900, false);
    poll(third, 900, false);
    EXPECT_EQ(in_use.adopted(), &first);
    EXPECT_EQ(poll(third, 5, true), &first);
    EXPECT_EQ(in_use.adopted(), &third);
}

TEST_F(TablesInUseTest, WhereLanesHandOverFramesAllComeToThatPointFirst) {
    in_use.set_alone(false);
    poll(second, 5, true, false);
    EXPECT_EQ(in_use.drained_for(), &second);
    EXPECT_EQ(in_use.adopted(), &first) << "another lane may still hand an old frame over";
    poll(second, 5, true, false);
    EXPECT_EQ(in_use.adopted(), &first);
    EXPECT_EQ(poll(second, 32, false, true), &first);
    EXPECT_EQ(in_use.adopted(), &first) << "what they handed over has not been judged";
    EXPECT_EQ(poll(second, 1, true, true), &first);
    EXPECT_EQ(in_use.adopted(), &second);
}

}  // namespace
}  // namespace nlb::dataplane::test
