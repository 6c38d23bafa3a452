// The seeded generator: a seed that failed once must fail everywhere and for ever.
#include "core/base/prng.hpp"

#include <gtest/gtest.h>

namespace nlb::test {
namespace {

TEST(Prng, GivesTheNumbersOfSplitmix64) {
    // The published numbers for the seed 1234567.
    Prng prng(1234567);
    for (const std::uint64_t expected :
         {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL,
          4593380528125082431ULL, 16408922859458223821ULL})
        EXPECT_EQ(prng.next(), expected);
}
TEST(Prng, ReachesBothEndsOfARangeAndLeavesItNever) {
    Prng prng(1);
    bool low = false, high = false;
    for (int turn = 0; turn < 10'000; ++turn) {
        const std::int64_t drawn = prng.between(-3, 4);
        ASSERT_GE(drawn, -3);
        ASSERT_LE(drawn, 4);
        low |= drawn == -3;
        high |= drawn == 4;
    }
    EXPECT_TRUE(low && high);
}
TEST(Prng, AChanceOfAMillionInAMillionIsAlwaysTaken) {
    Prng prng(2);
    for (int turn = 0; turn < 1000; ++turn) {
        EXPECT_TRUE(prng.chance(1'000'000));
        EXPECT_FALSE(prng.chance(0));
    }
}

}  // namespace
}  // namespace nlb::test
