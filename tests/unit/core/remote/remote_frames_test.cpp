// What is written is read, and nothing else is.
#include "core/remote/remote_frames.hpp"

#include "tests/unit/core/remote/sealed.hpp"

namespace nlb::remote {
namespace {

class RemoteFrames : public ::testing::Test {
protected:
    RemoteFrames() : sealer(key_of(7)), other(key_of(8)) {}
    config::RemoteSealer sealer;
    config::RemoteSealer other;
    Token client{1, 2, 3};
    Token boot{4, 5, 6};
};

TEST_F(RemoteFrames, EachFrameIsReadAsItWasWritten) {
    const auto hello = decode(Way::to_host, encode(Hello{client, "edge1"}, sealer), sealer);
    ASSERT_EQ(hello.fault, Fault::none);
    EXPECT_EQ(std::get<Hello>(hello.frame).host, "edge1");

    const Challenge challenge{client, boot, 3, "edge2", "web", Cookie{9}};
    const auto heard = decode(Way::to_client, encode(challenge, sealer), sealer);
    ASSERT_EQ(heard.fault, Fault::none);
    EXPECT_EQ(std::get<Challenge>(heard.frame).cluster, "web");
    EXPECT_EQ(std::get<Challenge>(heard.frame).cookie, challenge.cookie);

    const auto request =
        decode(Way::to_host, encode(Request{client, boot, Cookie{9}, "text"}, sealer), sealer);
    ASSERT_EQ(request.fault, Fault::none);
    EXPECT_EQ(std::get<Request>(request.frame).text, "text");

    const auto more = decode(Way::to_host, encode(More{client, boot, 5, {3, 1}}, sealer), sealer);
    ASSERT_EQ(more.fault, Fault::none);
    EXPECT_EQ(std::get<More>(more.frame).missing, (std::vector<std::uint16_t>{3, 1}));

    const Answer answer{client, boot, AnswerState::part, 1, 2, {'a', 'b'}};
    const auto part = decode(Way::to_client, encode(answer, sealer), sealer);
    ASSERT_EQ(part.fault, Fault::none);
    EXPECT_EQ(std::get<Answer>(part.frame).part, answer.part);
}

TEST_F(RemoteFrames, TheLargestOfEachKindFitsADatagram) {
    EXPECT_LE(encode(Request{client, boot, {}, std::string(kRequestTextMax, 'x')}, sealer).size(),
              kDatagramBytesMax);
    EXPECT_LE(
        encode(Answer{client, boot, AnswerState::part, 0, 1, std::vector<Byte>(kPartBytesMax)},
               sealer)
            .size(),
        kDatagramBytesMax);
    EXPECT_LE(encode(More{client, boot, 1, std::vector<std::uint16_t>(kPartsMax)}, sealer).size(),
              kDatagramBytesMax);
}

TEST_F(RemoteFrames, AChallengeIsNeverLargerThanTheHelloThatAskedForIt) {
    const std::string longest(kNameBytesMax, 'n');
    EXPECT_EQ(encode(Hello{client, ""}, sealer).size(), kHelloBytes);
    EXPECT_EQ(encode(Hello{client, longest}, sealer).size(), kHelloBytes);
    EXPECT_LE(encode(Challenge{client, boot, 32, longest, longest, {}}, sealer).size(),
              kHelloBytes);
}

TEST_F(RemoteFrames, AnotherKeyAndEveryFlippedBitAndEveryShorterOneIsUnsealed) {
    const auto bytes = encode(Hello{client, "edge1"}, sealer);
    EXPECT_EQ(decode(Way::to_host, bytes, other).fault, Fault::unsealed);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto broken = bytes;
        broken[i] ^= 0x10;
        EXPECT_EQ(decode(Way::to_host, broken, sealer).fault, Fault::unsealed) << i;
        EXPECT_EQ(decode(Way::to_host, std::span{bytes}.first(i), sealer).fault, Fault::unsealed);
    }
}

TEST_F(RemoteFrames, WhatOneEndSaidCannotBePlayedToIt) {
    const auto hello = encode(Hello{client, ""}, sealer);
    EXPECT_EQ(decode(Way::to_client, hello, sealer).fault, Fault::unsealed);
    const auto answer = encode(Answer{client, boot, AnswerState::part, 0, 1, {}}, sealer);
    EXPECT_EQ(decode(Way::to_host, answer, sealer).fault, Fault::unsealed);
}

// Whoever holds the key may still say nonsense.
TEST_F(RemoteFrames, ImpossibleFieldsUnderAGoodSealAreMalformed) {
    const Answer beyond{client, boot, AnswerState::part, 2, 2, {}};
    EXPECT_EQ(decode(Way::to_client, encode(beyond, sealer), sealer).fault, Fault::malformed);
    const Challenge nobody{client, boot, 0, "edge1", "web", {}};
    EXPECT_EQ(decode(Way::to_client, encode(nobody, sealer), sealer).fault, Fault::malformed);
}

}  // namespace
}  // namespace nlb::remote
