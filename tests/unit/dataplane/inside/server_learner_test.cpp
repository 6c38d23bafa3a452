// A server is asked, answers, is replaced, is silent.
#include "dataplane/inside/server_learner.hpp"

#include <gtest/gtest.h>

#include "config/format.hpp"
#include "core/packet/checksum.hpp"

namespace nlb::dataplane {
namespace {

using std::chrono::milliseconds;

constexpr MacAddress kPort{{0x02, 0, 0, 0, 0, 0x99}};
constexpr MacAddress kServer{{0x02, 0, 0, 0, 0, 0x01}};
constexpr MacAddress kOther{{0x02, 0, 0, 0, 0, 0x02}};

IpAddress ip(const char* text) {
    return config::parse_ip(text).value();
}

Frame frame_of(std::vector<Byte>& bytes) {
    return {bytes.data(), static_cast<std::uint16_t>(bytes.size()),
            static_cast<std::uint16_t>(bytes.size())};
}

// What a server with that MAC says to the question.
std::vector<Byte> answer_to(std::vector<Byte> question, const MacAddress& server) {
    auto ethernet = load_header<EthernetHeader>(question.data());
    ethernet.destination = ethernet.source;
    ethernet.source = server;
    store_header(question.data(), ethernet);
    Byte* const at = question.data() + sizeof ethernet;
    if (ethernet.ethertype.host() == kEthertypeArp) {
        auto arp = load_header<ArpPacket>(at);
        std::swap(arp.sender_ip, arp.target_ip);
        arp.operation = be16{kArpReply};
        arp.target_mac = arp.sender_mac;
        arp.sender_mac = server;
        store_header(at, arp);
        return question;
    }
    auto header = load_header<Ipv6Header>(at);
    auto message = load_header<NeighbourMessage>(at + sizeof header);
    header.destination = header.source;
    header.source = message.target;
    store_header(at, header);
    message.type = kIcmpv6NeighbourAdvertisement;
    store_header(at + sizeof header, message);
    store_header(at + sizeof header + sizeof message,
                 LinkAddressOption{kOptionTargetLinkAddress, 1, server});
    return question;
}

class Learning : public ::testing::Test {
protected:
    Learning() { learner_.use({ip("192.0.2.11"), ip("192.0.2.80"), ip("2001:db8::80")}); }
    // The answer of whoever has that MAC to the next question, after that time.
    bool asked_and_answered(Duration pause, const MacAddress& server) {
        now_ += pause;
        const auto question = learner_.question(now_);
        EXPECT_TRUE(question);
        auto answer = answer_to(question.value_or(std::vector<Byte>(60)), server);
        return learner_.hear(frame_of(answer), now_);
    }
    ServerLearner learner_{kPort};
    Instant now_{std::chrono::hours{1}};
};

TEST_F(Learning, TheFirstThatAnswersIsTheServer) {
    EXPECT_FALSE(learner_.mac());
    EXPECT_TRUE(asked_and_answered({}, kServer));
    EXPECT_EQ(learner_.mac(), kServer);
    EXPECT_FALSE(asked_and_answered(kAskKnownEvery, kServer)) << "no news";
}

TEST_F(Learning, EachAddressIsAskedForInTurnUntilOneAnswers) {
    for (const char* target : {"192.0.2.11", "192.0.2.80"}) {
        const auto question = learner_.question(now_);
        ASSERT_TRUE(question);
        const auto arp = load_header<ArpPacket>(question->data() + sizeof(EthernetHeader));
        EXPECT_EQ(IpAddress::v4(arp.target_ip.host()), ip(target));
        EXPECT_EQ(arp.sender_ip.host(), 0U) << "it claims no address";
        EXPECT_FALSE(learner_.question(now_)) << "not before its time";
        now_ += kAskUnknownEvery;
    }
    EXPECT_TRUE(asked_and_answered({}, kServer)) << "the IPv6 one";
    const auto again = learner_.question(now_ += kAskKnownEvery);
    ASSERT_TRUE(again);
    EXPECT_EQ(load_header<EthernetHeader>(again->data()).ethertype.host(), kEthertypeIpv6);
}

TEST_F(Learning, ASolicitationIsWellFormedAndNoProbeForADuplicate) {
    const auto question = build_inside_question(ip("2001:db8::80"), kPort);
    const Byte* const at = question.data() + sizeof(EthernetHeader);
    const auto header = load_header<Ipv6Header>(at);
    EXPECT_EQ(header.source, ip("fe80::ff:fe00:99"));
    EXPECT_EQ(header.destination, ip("ff02::1:ff00:80"));
    const std::size_t length = header.payload_length.host();
    const std::uint64_t pseudo =
        pseudo_header_sum(header.source, header.destination, kProtocolIcmpv6, length);
    EXPECT_EQ(checksum_finish(checksum_add(pseudo, at + sizeof header, length)), 0);
    const auto option =
        load_header<LinkAddressOption>(at + sizeof header + sizeof(NeighbourMessage));
    EXPECT_EQ(option.type, kOptionSourceLinkAddress);
    EXPECT_EQ(option.mac, kPort);
}

TEST_F(Learning, ASecondOneThatAnswersChangesNothingWhileTheFirstDoes) {
    ASSERT_TRUE(asked_and_answered({}, kServer));
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(asked_and_answered(kAskKnownEvery, kServer));
        EXPECT_FALSE(asked_and_answered(kAskKnownEvery, kOther));
    }
    EXPECT_EQ(learner_.mac(), kServer);
}

TEST_F(Learning, AServerThatWasReplacedIsForgottenOnceItIsSilent) {
    ASSERT_TRUE(asked_and_answered({}, kServer));
    EXPECT_FALSE(asked_and_answered(kSilentLeast - milliseconds{1}, kOther));
    EXPECT_TRUE(asked_and_answered(kAskKnownEvery, kOther));
    EXPECT_EQ(learner_.mac(), kOther);
}

TEST_F(Learning, ASilentServerKeepsItsPlaceWhileNobodyElseAnswers) {
    ASSERT_TRUE(asked_and_answered({}, kServer));
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(learner_.question(now_ += kAskKnownEvery));
    EXPECT_EQ(learner_.mac(), kServer);
}

TEST_F(Learning, WhatIsNoAnswerToTheQuestionTeachesNothing) {
    const auto question = learner_.question(now_);
    ASSERT_TRUE(question);
    const auto heard = [&](std::vector<Byte> frame) {
        return learner_.hear(frame_of(frame), now_);
    };
    const auto spoilt = [&](auto&& spoil) {
        auto frame = answer_to(*question, kServer);
        Byte* const at = frame.data() + sizeof(EthernetHeader);
        auto arp = load_header<ArpPacket>(at);
        spoil(arp);
        store_header(at, arp);
        return heard(frame);
    };
    EXPECT_FALSE(spoilt([](ArpPacket& arp) { arp.operation = be16{kArpRequest}; }));
    EXPECT_FALSE(spoilt([](ArpPacket& arp) { arp.target_mac = kOther; }));
    EXPECT_FALSE(spoilt([](ArpPacket& arp) { arp.sender_ip = be32{0x0a000001}; }));
    EXPECT_FALSE(spoilt([](ArpPacket& arp) { arp.sender_mac = {{1, 0, 0, 0, 0, 1}}; }));
    EXPECT_FALSE(spoilt([](ArpPacket& arp) { arp.sender_mac = {}; }));
    EXPECT_FALSE(spoilt([](ArpPacket& arp) { arp.sender_mac = kPort; }));
    const auto whole = answer_to(*question, kServer);
    for (std::size_t length = 0; length < 42; ++length)
        EXPECT_FALSE(heard({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}));
    EXPECT_TRUE(heard(whole));
}

}  // namespace
}  // namespace nlb::dataplane
