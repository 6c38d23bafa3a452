// Pieces in any way that a channel may bring them.
#include "controlplane/api/piece_collector.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

using std::chrono::seconds;

class Pieces : public testing::Test {
protected:
    Result<PieceCollector::Taken> take(const std::string& digest, std::uint64_t size,
                                       std::uint64_t offset, std::string_view bytes) {
        return pieces_.take(now_, {digest, size, offset, bytes});
    }
    PieceCollector pieces_;
    Instant now_{seconds{100}};
};

TEST_F(Pieces, InOrderMakeTheWholeAndNothingIsKeptOfIt) {
    EXPECT_EQ(3U, take("a", 6, 0, "abc").value().have);
    const auto whole = take("a", 6, 3, "def");
    EXPECT_EQ("abcdef", whole.value().whole);
    EXPECT_EQ(1U, take("b", 2, 0, "x").value().have) << "another file has its turn at once";
}

TEST_F(Pieces, OneThatComesTwiceOrOverlapsIsNoMistake) {
    EXPECT_EQ(3U, take("a", 6, 0, "abc").value().have);
    EXPECT_EQ(3U, take("a", 6, 0, "abc").value().have);
    EXPECT_EQ("abcdef", take("a", 6, 2, "cdef").value().whole);
}

TEST_F(Pieces, AGapIsAnsweredWithWhereToGoOn) {
    EXPECT_EQ(0U, take("a", 6, 3, "def").value().have);
    EXPECT_EQ(3U, take("a", 6, 0, "abc").value().have);
    EXPECT_EQ(3U, take("a", 6, 5, "f").value().have);
}

TEST_F(Pieces, WhatIsTooLargeOrGoesBeyondItsEndIsRefused) {
    EXPECT_FALSE(take("a", 0, 0, ""));
    EXPECT_FALSE(take("a", PieceCollector::kBytesMax + 1, 0, "a"));
    EXPECT_FALSE(take("a", 2, 0, "abc"));
    EXPECT_FALSE(take("b", 2, ~std::uint64_t{0}, "c").value().whole);
}

TEST_F(Pieces, AnotherFileWaitsUntilNobodyGoesOnWithTheFirst) {
    EXPECT_TRUE(take("a", 6, 0, "abc"));
    EXPECT_FALSE(take("b", 6, 0, "xyz"));
    now_ += PieceCollector::kAbandonedAfter;
    EXPECT_TRUE(take("b", 6, 0, "xyz"));
    EXPECT_FALSE(take("a", 6, 3, "def"));
}

TEST_F(Pieces, AQuestionKeepsNothing) {
    EXPECT_EQ(0U, take("asked", 1, 0, "").value().have);
    EXPECT_EQ(3U, take("a", 6, 0, "abc").value().have);
    EXPECT_FALSE(take("asked", 1, 0, "")) << "somebody brings a file";
    EXPECT_EQ("abcdef", take("a", 6, 3, "def").value().whole);
}

}  // namespace
}  // namespace nlb::controlplane
