// Frames that are no member's of this cluster: which are a sign, and what people read.
#include "controlplane/agent/strangers.hpp"

#include <gtest/gtest.h>

#include "controlplane/agent/cause_words.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb::controlplane::test {
namespace {

constexpr std::uint32_t kCluster = 0xc0000250;
using nlb::test::PlainAuthenticator;

struct StrangersTest : ::testing::Test {
    Heartbeat beat;
    std::vector<Byte> bytes;
    Envelope envelope{.source = MacAddress{{2, 2, 192, 0, 2, 80}}};
    StrangersTest() {
        beat.header.cluster = kCluster;
        beat.header.id = 2;
        beat.header.state = MemberState::member;
        beat.header.slots = 2;
        beat.header.incarnation = {5, 1};
        beat.header.sequence = 9;
    }
    // As a host with that key sends it.
    void arrives_under(std::uint64_t key) {
        bytes = encode_frame(beat, PlainAuthenticator{key});
        envelope.body = bytes;
    }
    [[nodiscard]] std::optional<Sign> sign() const {
        const FrameFault fault = decode_frame(bytes, kCluster, PlainAuthenticator{7}).fault;
        return sign_of_refused(envelope, fault, kCluster);
    }
};

TEST_F(StrangersTest, AMemberUnderAnotherKeyIsASign) {
    arrives_under(9);
    ASSERT_TRUE(sign());
    EXPECT_EQ(sign()->kind, Sign::Kind::unverifiable);
    EXPECT_EQ(sign()->host, 2);
    EXPECT_EQ(sign()->key_id, 9);
    EXPECT_EQ(sign()->mac, envelope.source);
    EXPECT_EQ(words_of(*sign(), frame_versions()),
              "host 2 serves this cluster under key id 9 and frame version " +
                  std::to_string(unsigned{kFrameVersion}) +
                  ", and its tag is not one of a key of this host: compare the key files");
}

TEST_F(StrangersTest, AMemberOfAnotherVersionIsASign) {
    arrives_under(7);
    bytes[4] = 99;
    ASSERT_TRUE(sign());
    EXPECT_EQ(sign()->version, 99);
    EXPECT_EQ(words_of(*sign(), frame_versions()),
              "host 2 serves this cluster in frames of version 99, and this program reads " +
                  std::to_string(unsigned{kFrameVersion}) +
                  ": it does not hear this host, or the two builds do not fit together");
}

TEST_F(StrangersTest, WhoeverDoesNotServeOrIsOfAnotherClusterIsNone) {
    arrives_under(7);
    EXPECT_FALSE(sign()) << "it is ours";
    beat.header.state = MemberState::join;
    arrives_under(9);
    EXPECT_FALSE(sign()) << "a beginner with a wrong key holds nobody up";
    beat.header.state = MemberState::member;
    beat.header.cluster = 1;
    arrives_under(9);
    EXPECT_FALSE(sign());
    bytes.resize(20);
    envelope.body = bytes;
    EXPECT_FALSE(sign());
}

TEST_F(StrangersTest, AMemberInAnotherVlanIsASign) {
    envelope.vlan = 30;
    const auto tagged = sign_of_tagged(envelope, beat.header);
    ASSERT_TRUE(tagged);
    EXPECT_EQ(tagged->kind, Sign::Kind::other_vlan);
    EXPECT_EQ(tagged->vlan, 30);
    beat.header.state = MemberState::join;
    EXPECT_FALSE(sign_of_tagged(envelope, beat.header));
}

TEST_F(StrangersTest, PeopleAreToldOnceAMinuteAndAForgerFillsNoMemory) {
    Strangers strangers;
    Instant now{std::chrono::hours{1}};
    Sign one{.kind = Sign::Kind::unverifiable, .host = 2, .key_id = 9};
    EXPECT_TRUE(strangers.should_tell(one, now));
    EXPECT_FALSE(strangers.should_tell(one, now + std::chrono::seconds{59}));
    EXPECT_TRUE(strangers.should_tell(one, now + std::chrono::seconds{60}));
    int told = 0;
    for (std::uint16_t key = 100; key < 2000; ++key) {
        one.key_id = key;
        told += strangers.should_tell(one, now) ? 1 : 0;
    }
    EXPECT_LT(told, 64);
}

}  // namespace
}  // namespace nlb::controlplane::test
