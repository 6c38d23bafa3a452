// What is sent to many: the newest for everybody, nothing kept for the slow.
#include "controlplane/api/http_streams.hpp"

#include <array>
#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

class HttpStreamsTest : public ::testing::Test {
protected:
    // What a reader gets that takes `max` bytes; "(waits)", "(over)".
    std::string read(HttpStreams::Stream& stream, std::size_t max = 64) {
        std::array<char, 64> part{};
        const auto bytes = streams_.read(stream, part.data(), max, [this] { ++waits_; });
        if (!bytes) return "(over)";
        return *bytes == 0 ? "(waits)" : std::string(part.data(), *bytes);
    }
    HttpStreams streams_{2};
    HttpStreams::Stream one_{[this] { ++woken_; }, nullptr, 0, 0, false};
    HttpStreams::Stream other_{[] {}, nullptr, 0, 0, false};
    int waits_ = 0;
    int woken_ = 0;
};

TEST_F(HttpStreamsTest, WhoeverWaitsIsWokenOnceByTheNextMessage) {
    ASSERT_TRUE(streams_.open(one_));
    EXPECT_EQ(read(one_), "(waits)");
    EXPECT_EQ(waits_, 1);
    streams_.publish("first");
    streams_.publish("second");
    EXPECT_EQ(woken_, 1);
    EXPECT_EQ(read(one_), "second");
    EXPECT_EQ(read(one_), "(waits)");
}

TEST_F(HttpStreamsTest, ASlowReaderEndsItsMessageAndSkipsToTheNewest) {
    ASSERT_TRUE(streams_.open(one_));
    streams_.publish("abcdef");
    EXPECT_EQ(read(one_, 4), "abcd");
    streams_.publish("lost");
    streams_.publish("newest");
    EXPECT_EQ(read(one_, 4), "ef");
    EXPECT_EQ(read(one_), "newest");
}

TEST_F(HttpStreamsTest, WhatWasPublishedBeforeIsOldForANewcomer) {
    streams_.publish("old");
    EXPECT_FALSE(streams_.take_newcomers());
    ASSERT_TRUE(streams_.open(one_));
    EXPECT_TRUE(streams_.take_newcomers());
    EXPECT_FALSE(streams_.take_newcomers());
    EXPECT_EQ(read(one_), "(waits)");
}

TEST_F(HttpStreamsTest, StreamsAreBoundedAndAPlaceIsFreeAgain) {
    HttpStreams::Stream third{[] {}, nullptr, 0, 0, false};
    ASSERT_TRUE(streams_.open(one_));
    ASSERT_TRUE(streams_.open(other_));
    EXPECT_FALSE(streams_.open(third));
    streams_.close(one_);
    EXPECT_EQ(streams_.count(), 1U);
    EXPECT_TRUE(streams_.open(third));
}

TEST_F(HttpStreamsTest, TheEndWakesWhoeverWaitsAndNobodyWaitsAfterIt) {
    ASSERT_TRUE(streams_.open(one_));
    EXPECT_EQ(read(one_), "(waits)");
    streams_.end_all();
    EXPECT_EQ(woken_, 1);
    EXPECT_EQ(read(one_), "(over)");
    ASSERT_TRUE(streams_.open(other_));
    EXPECT_EQ(read(other_), "(over)");
}

}  // namespace
}  // namespace nlb::controlplane
