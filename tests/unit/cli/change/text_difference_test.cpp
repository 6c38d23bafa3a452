// Two texts and what a reader is shown of them.
#include "cli/change/text_difference.hpp"

#include <gtest/gtest.h>

namespace nlb::cli {
namespace {

TEST(TextDifference, EqualTextsHaveNone) {
    EXPECT_EQ("", difference_of("a\nb\n", "a\nb\n"));
    EXPECT_EQ("", difference_of("", ""));
}

TEST(TextDifference, ALineIsShownWithItsNeighbours) {
    EXPECT_EQ("@@ line 3 @@\n c\n d\n-e\n+E\n f\n g\n",
              difference_of("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\n"));
}

TEST(TextDifference, PlacesThatAreFarApartAreShownApart) {
    EXPECT_EQ("@@ line 1 @@\n-1\n+x\n 2\n 3\n@@ line 8 @@\n 8\n 9\n+y\n",
              difference_of("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\n9\ny\n"));
}

TEST(TextDifference, LineEndsOfWindowsAreNotShown) {
    EXPECT_EQ("@@ line 1 @@\n a\n+b\n", difference_of("a\r\n", "a\r\nb\r\n"));
}

TEST(TextDifference, VeryLargeTextsAreShownWhole) {
    std::string before;
    std::string after;
    for (int i = 0; i < 3000; ++i) {
        before += "a" + std::to_string(i) + "\n";
        after += "b" + std::to_string(i) + "\n";
    }
    const std::string shown = difference_of(before, after);
    EXPECT_NE(std::string::npos, shown.find("-a2999\n+b0\n"));
}

}  // namespace
}  // namespace nlb::cli
