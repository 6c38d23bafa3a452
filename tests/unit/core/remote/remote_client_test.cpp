// Whole conversations on a wire that loses.
#include "core/remote/remote_client.hpp"

#include <memory>

#include "core/base/prng.hpp"
#include "tests/unit/core/remote/sealed.hpp"

namespace nlb::remote {
namespace {

std::string long_text(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += std::to_string(text.size()) + ' ';
    text.resize(bytes);
    return text;
}

TEST(RemoteClient, EveryHostAnswersAtAVirtualAddress) {
    TestHost edge1("edge1", 1, 3);
    TestHost edge2("edge2", 2, 3);
    TestHost edge3("edge3", 3, 3);
    edge1.answer = "one";
    edge2.answer = long_text(5000);
    edge3.answer = "three";
    Conversation talk(errand(Wanted::all), {&edge1, &edge2, &edge3});
    const auto replies = talk.run().replies();
    ASSERT_EQ(replies.size(), 3U);
    EXPECT_EQ(replies[0].text, "one");
    EXPECT_EQ(replies[1].text, edge2.answer);
    EXPECT_EQ(replies[2].host, "edge3");
    for (const auto& reply : replies) EXPECT_TRUE(reply.whole) << reply.host;
    EXPECT_LT(talk.ended - kStart, RemoteClient::kGather);
    for (const TestHost* host : {&edge1, &edge2, &edge3}) EXPECT_EQ(host->runs.size(), 1U);
}

TEST(RemoteClient, WhoIsSilentIsNotWaitedForLong) {
    TestHost edge1("edge1", 1, 3);
    edge1.answer = "one";
    Conversation talk(errand(Wanted::all), {&edge1});
    ASSERT_EQ(talk.run().replies().size(), 1U);
    EXPECT_LT(talk.ended - kStart, 2 * RemoteClient::kGather);
}

TEST(RemoteClient, AllAreAskedAtTheSameTime) {
    std::vector<std::unique_ptr<TestHost>> made;
    std::vector<TestHost*> hosts;
    for (HostId id = 1; id < kHostsMax; ++id) {
        made.push_back(std::make_unique<TestHost>("edge" + std::to_string(id), id));
        made.back()->answer = long_text(40'000 + id);
        hosts.push_back(made.back().get());
    }
    Conversation talk(errand_to_each(hosts.size()), hosts);
    const auto replies = talk.run().replies();
    ASSERT_EQ(replies.size(), hosts.size());
    for (const auto& reply : replies) EXPECT_TRUE(reply.whole) << reply.host;
    // One host's parts alone need three turns of kPartsEvery.
    EXPECT_LT(talk.ended - kStart, 10 * RemoteHost::kPartsEvery);
    EXPECT_EQ(talk.said.size(), 2 * hosts.size()) << "a hello and a request for each";
}

TEST(RemoteClient, WhoIsProbablyGoneIsGivenLessTimeAndTheOthersTheWholeOfIt) {
    for (const bool is_doubtful : {true, false}) {
        TestHost edge1("edge1", 1);
        TestHost edge2("edge2", 2);
        edge1.answer = edge2.answer = "here";
        Conversation talk(errand_to_each(3, is_doubtful ? std::vector<std::size_t>{2}
                                                        : std::vector<std::size_t>{}),
                          {&edge1, &edge2});
        EXPECT_EQ(talk.run().replies().size(), 2U);
        const Duration lasted = talk.ended - kStart;
        EXPECT_GE(lasted, is_doubtful ? RemoteClient::kGatherDoubtful : RemoteClient::kGather);
        EXPECT_LT(lasted, is_doubtful ? RemoteClient::kGather : 2 * RemoteClient::kGather);
    }
}

TEST(RemoteClient, WhoIsProbablyGoneAndAnswersIsAsked) {
    TestHost edge1("edge1", 1);
    TestHost edge2("edge2", 2);
    edge1.answer = edge2.answer = "here";
    Conversation talk(errand_to_each(2, {0, 1}), {&edge1, &edge2});
    EXPECT_EQ(talk.run().replies().size(), 2U);
    EXPECT_LT(talk.ended - kStart, RemoteClient::kGatherDoubtful);
}

TEST(RemoteClient, APartThatIsMissingAfterTheLastOneIsAskedForAtOnce) {
    TestHost edge1("edge1", 1);
    edge1.answer = long_text(5000);
    Conversation talk(errand(Wanted::named, "edge1"), {&edge1});
    // Hello, challenge, request, and the second of five parts.
    talk.lost = [](std::size_t n) { return n == 4; };
    EXPECT_EQ(talk.run().replies().at(0).text, edge1.answer);
    EXPECT_LT(talk.ended - kStart, RemoteClient::kAskAgain);
}

TEST(RemoteClient, ANamedHostIsTheOnlyOneThatIsAsked) {
    TestHost edge1("edge1", 1, 2);
    TestHost edge2("edge2", 2, 2);
    edge2.answer = "two";
    Conversation talk(errand(Wanted::named, "edge2"), {&edge1, &edge2});
    const auto replies = talk.run().replies();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].text, "two");
    EXPECT_TRUE(edge1.runs.empty());
}

TEST(RemoteClient, WhoMeansOneAndReachesSeveralAsksNobody) {
    TestHost edge1("edge1", 1, 2);
    TestHost edge2("edge2", 2, 2);
    Conversation talk(errand(Wanted::one), {&edge1, &edge2});
    EXPECT_TRUE(talk.run().ambiguous());
    EXPECT_TRUE(edge1.runs.empty());
    EXPECT_TRUE(edge2.runs.empty());
}

TEST(RemoteClient, OneOfSeveralConfiguredHostsIsAskedWhenNoOtherSpeaks) {
    TestHost edge1("edge1", 1, 2);
    edge1.answer = "one";
    Conversation talk(errand(Wanted::one), {&edge1});
    EXPECT_EQ(talk.run().replies().at(0).text, "one");
    EXPECT_GE(talk.ended - kStart, RemoteClient::kGather);
}

TEST(RemoteClient, AnyOfThemIsEnoughWhereAllKnowTheSame) {
    TestHost edge1("edge1", 1, 2);
    TestHost edge2("edge2", 2, 2);
    edge1.answer = edge2.answer = "map";
    Conversation talk(errand(Wanted::any), {&edge1, &edge2});
    ASSERT_EQ(talk.run().replies().size(), 1U);
    EXPECT_EQ(edge1.runs.size() + edge2.runs.size(), 1U);
}

// Whatever is lost, the request is carried out once and the answer is whole.
TEST(RemoteClient, WhatIsLostIsAskedForAgain) {
    for (std::size_t each = 3; each < 12; ++each) {
        TestHost edge1("edge1", 1);
        edge1.answer = long_text(40'000);
        Conversation talk(errand(Wanted::one), {&edge1});
        Prng random(each);
        talk.lost = [&](std::size_t) { return random.below(each) == 0; };
        const auto replies = talk.run().replies();
        ASSERT_EQ(replies.size(), 1U) << each;
        EXPECT_EQ(replies[0].text, edge1.answer) << each;
        EXPECT_EQ(edge1.runs.size(), 1U) << each;
    }
}

TEST(RemoteClient, ALostRequestIsSentAgainUnderTheSameCookie) {
    TestHost edge1("edge1", 1);
    edge1.answer = "one";
    Conversation talk(errand(Wanted::one), {&edge1});
    talk.lost = [](std::size_t n) { return n == 2; };  // hello, challenge, request
    EXPECT_EQ(talk.run().replies().at(0).text, "one");
    EXPECT_EQ(edge1.runs.size(), 1U);
    EXPECT_EQ(edge1.counted(Outcome::replayed), 0U);
}

TEST(RemoteClient, AnAnswerThatIsNeverReadyEndsAtTheDeadline) {
    TestHost edge1("edge1", 1);
    Conversation talk(errand(Wanted::one), {&edge1});
    const auto replies = talk.run().replies();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_FALSE(replies[0].whole);
    EXPECT_EQ(talk.ended, kStart + std::chrono::seconds{4});
    EXPECT_LT(talk.said.size(), 20);
}

TEST(RemoteClient, AnotherKeyHearsNothing) {
    TestHost edge1("edge1", 1);
    edge1.answer = "one";
    Conversation talk(errand(Wanted::one), {&edge1}, 8);
    EXPECT_TRUE(talk.run().replies().empty());
    EXPECT_EQ(talk.back, 0U);
}

TEST(RemoteClient, ARecordedConversationChangesNothing) {
    TestHost edge1("edge1", 1);
    edge1.answer = "one";
    Conversation talk(errand(Wanted::one), {&edge1});
    static_cast<void>(talk.run());
    for (const auto& bytes : talk.said) static_cast<void>(edge1.hear(kStart + kMs, bytes));
    EXPECT_EQ(edge1.runs.size(), 1U);
}

}  // namespace
}  // namespace nlb::remote
