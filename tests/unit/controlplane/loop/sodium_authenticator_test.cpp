// Tags against vectors made with Python's hashlib: blake2b(frame, digest_size=16, key=derived).
#include "controlplane/loop/sodium_authenticator.hpp"

#include <gtest/gtest.h>

#include "controlplane/agent/frame_envelope.hpp"
#include "core/wire/frame_codec.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

config::ClusterKey key_of(Byte fill) {
    config::ClusterKey key;
    key.bytes.fill(fill);
    return key;
}

TEST(SodiumAuthenticator, TagsAreKeyedBlake2b) {
    const SodiumAuthenticator authenticator(key_of(7));
    const std::vector<Byte> text{'h', 'e', 'a', 'r', 't', 'b', 'e', 'a', 't'};
    const auto tag = authenticator.tag(authenticator.sending_key(), text);
    const std::array<Byte, 16> expected{0x4b, 0xc1, 0x40, 0x9a, 0x70, 0xb4, 0xbf, 0x51,
                                        0x48, 0xd6, 0xc0, 0x41, 0x06, 0x12, 0xb4, 0xc8};
    EXPECT_EQ(tag, expected);
}

TEST(SodiumAuthenticator, AFormerKeyIsAcceptedButNotUsed) {
    const SodiumAuthenticator old_host(key_of(1));
    const SodiumAuthenticator new_host(key_of(2), {key_of(1)});
    EXPECT_TRUE(new_host.holds(old_host.sending_key()));
    EXPECT_FALSE(old_host.holds(new_host.sending_key()));
    Heartbeat beat;
    beat.header.cluster = 9;
    beat.header.id = 3;
    beat.header.slots = 1;
    beat.header.incarnation = {5, 1};
    beat.header.sequence = 1;
    EXPECT_EQ(decode_frame(encode_frame(beat, old_host), 9, new_host).fault, FrameFault::none);
    EXPECT_EQ(decode_frame(encode_frame(beat, new_host), 9, old_host).fault, FrameFault::key);
}

TEST(SodiumAuthenticator, AFlippedBitIsNoticed) {
    const SodiumAuthenticator authenticator(key_of(7));
    Heartbeat beat;
    beat.header.cluster = 9;
    beat.header.id = 3;
    beat.header.slots = 1;
    auto bytes = encode_frame(beat, authenticator);
    bytes[bytes.size() - 1] ^= 1;
    EXPECT_EQ(decode_frame(bytes, 9, authenticator).fault, FrameFault::tag);
}

TEST(ClusterFrames, GoToEverybodyInUnicastModeElseToTheGroup) {
    config::Cluster cluster = testing::small_cluster();
    const auto destination = [&](LinkMode mode) {
        cluster.mode = mode;
        return heartbeat_destination(cluster);
    };
    EXPECT_EQ(destination(LinkMode::unicast), (MacAddress{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}));
    EXPECT_EQ(destination(LinkMode::multicast), (MacAddress{{0x03, 0xbf, 0xc0, 0x00, 0x02, 0x50}}));
    EXPECT_EQ(destination(LinkMode::igmp), (MacAddress{{0x01, 0x00, 0x5e, 0x7f, 0x02, 0x50}}));
    cluster.mac = MacAddress{{0x03, 1, 2, 3, 4, 5}};
    EXPECT_EQ(destination(LinkMode::multicast), *cluster.mac) << "by hand";
    EXPECT_EQ(cluster_number(cluster), 0xc0000250U) << "the address alone names the cluster";
}

TEST(ClusterFrames, AreFoundBehindUpToTwoVlanTags) {
    const std::vector<Byte> body{1, 2, 3};
    auto frame = wrap_frame(heartbeat_destination(testing::small_cluster()), body);
    ASSERT_EQ(frame.size(), 17U);
    for (int tags = 0; tags <= 3; ++tags) {
        const auto found = unwrap_frame(frame);
        ASSERT_EQ(found.has_value(), tags <= 2) << tags;
        if (found) {
            EXPECT_EQ(std::vector<Byte>(found->body.begin(), found->body.end()), body);
            EXPECT_EQ(found->vlan, tags == 0 ? 0 : 5);
        }
        const std::vector<Byte> tag{0x81, 0x00, 0x00, 0x05};
        frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    }
    EXPECT_FALSE(unwrap_frame(std::vector<Byte>(13, Byte{0x88})).has_value());
    EXPECT_FALSE(unwrap_frame(std::vector<Byte>(60, Byte{0})).has_value());
}

}  // namespace
}  // namespace nlb::controlplane
