// What a host remembers, sends and refuses, datagram by datagram.
#include "core/remote/remote_host.hpp"

#include "tests/unit/core/remote/sealed.hpp"

namespace nlb::remote {
namespace {

class RemoteHostCase : public ::testing::Test {
protected:
    RemoteHostCase() : sealer(key_of(7)), edge1("edge1", 1) {}

    // The challenge that the host gives this client.
    Challenge challenged(Instant now, const Token& of, const Peer& from = kClient) {
        const auto wishes = edge1.hear(now, encode(Hello{of, ""}, sealer), from);
        EXPECT_TRUE(wishes.send);
        const auto decoded = decode(Way::to_client, wishes.send->bytes, sealer);
        EXPECT_EQ(decoded.fault, Fault::none);
        return std::get<Challenge>(decoded.frame);
    }
    std::vector<Byte> request(const Challenge& challenge) const {
        return encode(Request{challenge.client, challenge.boot, challenge.cookie, "text"}, sealer);
    }
    std::vector<Answer> parts(Instant now) {
        std::vector<Answer> parts;
        for (const auto& one : edge1.host.on_tick(now))
            parts.push_back(std::get<Answer>(decode(Way::to_client, one.bytes, sealer).frame));
        return parts;
    }
    config::RemoteSealer sealer;
    TestHost edge1;
    Token client{1};
};

TEST_F(RemoteHostCase, WithoutTheKeyNobodyGetsAWord) {
    const config::RemoteSealer other(key_of(8));
    EXPECT_FALSE(edge1.hear(kStart, encode(Hello{client, ""}, other)).send);
    EXPECT_FALSE(edge1.hear(kStart, std::vector<Byte>(300, 0x55)).send);
    EXPECT_FALSE(edge1.hear(kStart, {}).send);
    EXPECT_EQ(edge1.counted(Outcome::unsealed), 3U);
    EXPECT_TRUE(edge1.host.on_tick(kStart).empty());
}

TEST_F(RemoteHostCase, ARequestIsTakenOnceAndItsRecordingIsRefused) {
    const auto bytes = request(challenged(kStart, client));
    EXPECT_TRUE(edge1.hear(kStart, bytes).run);
    EXPECT_FALSE(edge1.hear(kStart + kMs, bytes).run);
    edge1.host.on_answer(kStart + kMs, client, "done");
    // Long after the session is forgotten the cookie is too old.
    EXPECT_FALSE(edge1.hear(kStart + RemoteHost::kCookieLife, bytes).run);
    EXPECT_FALSE(edge1.hear(kStart + std::chrono::minutes{1}, bytes).run);
    EXPECT_EQ(edge1.counted(Outcome::replayed), 2U);
    EXPECT_EQ(edge1.counted(Outcome::stale), 1U);
    EXPECT_EQ(edge1.runs.size(), 1U);
}

TEST_F(RemoteHostCase, ACookieIsGoodForItsClientAlone) {
    const Challenge challenge = challenged(kStart, client);
    Peer elsewhere = kClient;
    elsewhere.address = IpAddress::v4(0xc6336402);
    EXPECT_FALSE(edge1.hear(kStart, request(challenge), elsewhere).run);
    Peer other_port = kClient;
    ++other_port.port;
    EXPECT_FALSE(edge1.hear(kStart, request(challenge), other_port).run);
    Challenge of_another = challenge;
    of_another.client = Token{2};
    EXPECT_FALSE(edge1.hear(kStart, request(of_another)).run);
    EXPECT_EQ(edge1.counted(Outcome::stale), 3U);
    EXPECT_TRUE(edge1.hear(kStart, request(challenge)).run);
}

TEST_F(RemoteHostCase, ACookieOfALifeBeforeIsNobodys) {
    const Challenge challenge = challenged(kStart, client);
    TestHost restarted("edge1", 1);
    EXPECT_FALSE(restarted.hear(kStart, request(challenge)).run);
    EXPECT_EQ(restarted.counted(Outcome::other_host), 1U);
    // Even one that claims to be of this life.
    Challenge forged = challenge;
    const auto mine = restarted.hear(kStart, encode(Hello{client, ""}, sealer));
    forged.boot = std::get<Challenge>(decode(Way::to_client, mine.send->bytes, sealer).frame).boot;
    EXPECT_FALSE(restarted.hear(kStart, request(forged)).run);
    EXPECT_EQ(restarted.counted(Outcome::stale), 1U);
}

TEST_F(RemoteHostCase, OnlyTheHostThatIsMeantAnswers) {
    EXPECT_TRUE(edge1.hear(kStart, encode(Hello{client, "edge1"}, sealer)).send);
    EXPECT_TRUE(edge1.hear(kStart, encode(Hello{client, "1"}, sealer)).send);
    EXPECT_TRUE(edge1.hear(kStart, encode(Hello{client, "all"}, sealer)).send);
    EXPECT_FALSE(edge1.hear(kStart, encode(Hello{client, "edge2"}, sealer)).send);
    EXPECT_EQ(edge1.counted(Outcome::other_host), 1U);
}

TEST_F(RemoteHostCase, PartsLeaveAFewAtATime) {
    static_cast<void>(edge1.hear(kStart, request(challenged(kStart, client))));
    const std::size_t count = 2 * RemoteHost::kPartsAtOnce + 3;
    edge1.host.on_answer(kStart, client, std::string((count - 1) * kPartBytesMax + 1, 'a'));
    EXPECT_EQ(parts(kStart).size(), RemoteHost::kPartsAtOnce);
    EXPECT_TRUE(parts(kStart + kMs).empty());
    EXPECT_EQ(edge1.host.next_wake(), kStart + RemoteHost::kPartsEvery);
    EXPECT_EQ(parts(kStart + RemoteHost::kPartsEvery).size(), RemoteHost::kPartsAtOnce);
    EXPECT_EQ(parts(kStart + 2 * RemoteHost::kPartsEvery).size(), 3U);
    EXPECT_EQ(edge1.host.next_wake(), kForever);
}

TEST_F(RemoteHostCase, WhatWasLostIsSentAgainSoManyTimesAndNoMore) {
    const Challenge challenge = challenged(kStart, client);
    static_cast<void>(edge1.hear(kStart, request(challenge)));
    More more{client, challenge.boot, 1, {1}};
    // Not ready: the client hears that it is worth waiting.
    auto pending = edge1.hear(kStart, encode(more, sealer));
    ASSERT_TRUE(pending.send);
    EXPECT_EQ(std::get<Answer>(decode(Way::to_client, pending.send->bytes, sealer).frame).state,
              AnswerState::pending);
    edge1.host.on_answer(kStart, client, std::string(kPartBytesMax + 1, 'a'));
    EXPECT_EQ(parts(kStart).size(), 2U);
    // The same question again is a recording.
    EXPECT_FALSE(edge1.hear(kStart, encode(more, sealer)).send);
    EXPECT_TRUE(parts(kStart + kMs).empty());
    EXPECT_EQ(edge1.counted(Outcome::replayed), 1U);
    std::size_t again = 0;
    for (more.round = 2; more.round < 100; ++more.round) {
        static_cast<void>(edge1.hear(kStart, encode(more, sealer)));
        again += parts(kStart + std::chrono::seconds{1}).size();
    }
    EXPECT_EQ(again, RemoteHost::kResendsPerPart * 2);
}

TEST_F(RemoteHostCase, WhoAsksForMoreOfNothingHearsThatTheRequestIsUnknown) {
    const Challenge challenge = challenged(kStart, client);
    const auto wishes = edge1.hear(kStart, encode(More{client, challenge.boot, 1, {}}, sealer));
    ASSERT_TRUE(wishes.send);
    EXPECT_EQ(std::get<Answer>(decode(Way::to_client, wishes.send->bytes, sealer).frame).state,
              AnswerState::unknown);
}

TEST_F(RemoteHostCase, WhatIsRememberedIsBounded) {
    for (std::size_t i = 0; i < RemoteHost::kSessionsMax; ++i) {
        const Token one{static_cast<Byte>(i + 10)};
        EXPECT_TRUE(edge1.hear(kStart, request(challenged(kStart, one))).run);
    }
    // All of them wait for an answer: the next one finds no room, until one is finished.
    EXPECT_FALSE(edge1.hear(kStart, request(challenged(kStart, Token{9}))).run);
    EXPECT_EQ(edge1.counted(Outcome::busy), 1U);
    edge1.host.on_answer(kStart, Token{10}, "done");
    EXPECT_TRUE(edge1.hear(kStart, request(challenged(kStart, Token{9}))).run);
}

TEST_F(RemoteHostCase, UsedCookiesAreForgottenWhenTheyAreTooOldAndNotBefore) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < RemoteHost::kUsedCookiesMax + 5; ++i) {
        const Token one{static_cast<Byte>(i), static_cast<Byte>(i >> 8)};
        const auto wishes = edge1.hear(kStart, request(challenged(kStart, one)));
        if (!wishes.run) continue;
        ++taken;
        edge1.host.on_answer(kStart, one, "done");
    }
    EXPECT_EQ(taken, RemoteHost::kUsedCookiesMax);
    const Instant later = kStart + RemoteHost::kCookieLife + kMs;
    EXPECT_TRUE(edge1.hear(later, request(challenged(later, Token{0xff, 0xff}))).run);
}

}  // namespace
}  // namespace nlb::remote
