// Claims about the frames: the largest fit, damage of any kind is refused by reason, and nonsense
// from an insider stays in range.
#include "core/wire/cluster_frames.hpp"

#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "core/wire/frame_codec.hpp"
#include "core/wire/map_parts.hpp"
#include "tests/unit/core/cluster/small_cluster.hpp"

namespace nlb {
namespace {

using test::PlainAuthenticator;
constexpr std::uint32_t kCluster = 0xc0000250;

FrameHeader largest_header() {
    FrameHeader header;
    header.key_id = 7;
    header.cluster = kCluster;
    header.id = 32;
    header.state = MemberState::member;
    header.flags = kFlagDraining | kFlagListened;
    header.slots = kRuleSlots;
    header.incarnation = {0xdeadbeef, 3};
    header.sequence = 1ULL << 40;
    header.epoch = {99, 1};
    return header;
}

Heartbeat largest_heartbeat() {
    Heartbeat beat;
    beat.header = largest_header();
    beat.view = HostSet{0xffffffff};
    beat.config_digest = 0x0123456789abcdef;
    beat.generation = 5;
    beat.map_digest = 6;
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        beat.rules[slot] = {kAllBuckets ^ slot, slot, static_cast<std::uint8_t>(slot),
                            slot % 2 == 0 ? RuleState::draining : RuleState::failed};
    beat.staged = {0x5a, kRuleSlots, {}};
    beat.staged.offers.fill(100);
    for (std::size_t i = 0; i < peer_reports_most(kRuleSlots, kRuleSlots); ++i)
        beat.peers.push_back({static_cast<HostId>(1 + i % kHostsMax),
                              kReportSilent,
                              {static_cast<std::uint32_t>(i), 2},
                              i});
    return beat;
}

ClusterMap largest_map() {
    ClusterMap map;
    map.epoch = {99, 32};
    map.version = kFrameVersion;
    map.inputs_digest = 17;
    for (HostId id = 1; id <= kHostsMax; ++id) map.members.push_back({id, {id * 1000U, id}});
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        for (std::size_t b = 0; b < kBuckets; ++b)
            map.targets[slot][b] = static_cast<HostId>((slot + b) % (kHostsMax + 1));
    return map;
}

TEST(Heartbeat, TheLargestFitsAnMtuOf1280AndComesBackWhole) {
    const PlainAuthenticator authenticator;
    const auto bytes = encode_frame(largest_heartbeat(), authenticator);
    EXPECT_LE(bytes.size(), 1280U);
    EXPECT_GT(bytes.size(), 1280U - kPeerReportBytes) << "no room is left unused";
    const auto decoded = decode_frame(bytes, kCluster, authenticator);
    ASSERT_EQ(decoded.fault, FrameFault::none);
    EXPECT_EQ(std::get<Heartbeat>(decoded.frame), largest_heartbeat());
}

TEST(Heartbeat, TheLargestMapTakesThreePartsThatFit) {
    const PlainAuthenticator authenticator;
    const auto parts = split_map(largest_map(), largest_header());
    ASSERT_EQ(parts.size(), 3U);
    for (const MapPart& part : parts) {
        const auto bytes = encode_frame(part, authenticator);
        EXPECT_LE(bytes.size(), 1280U);
        const auto decoded = decode_frame(bytes, kCluster, authenticator);
        ASSERT_EQ(decoded.fault, FrameFault::none);
        EXPECT_EQ(std::get<MapPart>(decoded.frame), part);
    }
}

TEST(Heartbeat, EveryReportOfFlagsAndIdComesBackAndSoDoesEveryStateBesideItsBuckets) {
    const PlainAuthenticator authenticator;
    Heartbeat beat = largest_heartbeat();
    beat.header.slots = 4;
    beat.staged = {};
    beat.rules = {};
    for (std::size_t slot = 0; slot < 3; ++slot)
        beat.rules[slot] = {kAllBuckets, kAllBuckets, 100, static_cast<RuleState>(slot)};
    beat.rules[kDefaultRule] = {0, 0, 0x80 | 33, RuleState::failed};
    for (std::uint8_t flags = 0; flags < 8; ++flags) {
        beat.peers.clear();
        for (HostId id = 1; id <= kHostsMax; ++id) beat.peers.push_back({id, flags, {1, 2}, ~0ULL});
        const auto decoded =
            decode_frame(encode_frame(beat, authenticator), kCluster, authenticator);
        ASSERT_EQ(decoded.fault, FrameFault::none);
        EXPECT_EQ(std::get<Heartbeat>(decoded.frame), beat);
    }
}

TEST(Heartbeat, AllLinesOfAConfigurationArriveInFramesThatFit) {
    const PlainAuthenticator authenticator;
    std::string text;
    while (text.size() < kConfigPartsMax * kConfigTextBytesMax) text += std::to_string(text.size());
    text.resize(kConfigPartsMax * kConfigTextBytesMax);
    std::string again;
    for (const ConfigPart& part : split_config(43, text, largest_header())) {
        const auto bytes = encode_frame(part, authenticator);
        EXPECT_LE(bytes.size(), 1280U);
        const auto decoded = decode_frame(bytes, kCluster, authenticator);
        ASSERT_EQ(decoded.fault, FrameFault::none);
        again += std::get<ConfigPart>(decoded.frame).text;
    }
    EXPECT_EQ(again, text);
}

TEST(Heartbeat, AMapOfMorePartsThanTheLargestTakesIsRefused) {
    const PlainAuthenticator authenticator;
    MapPart part = split_map(largest_map(), largest_header())[1];
    part.parts = kMapPartsMax;
    EXPECT_EQ(decode_frame(encode_frame(part, authenticator), kCluster, authenticator).fault,
              FrameFault::none);
    part.parts = kMapPartsMax + 1;
    EXPECT_EQ(decode_frame(encode_frame(part, authenticator), kCluster, authenticator).fault,
              FrameFault::field);
    part.part = 125;
    part.parts = 126;
    EXPECT_EQ(decode_frame(encode_frame(part, authenticator), kCluster, authenticator).fault,
              FrameFault::field);
}

TEST(Heartbeat, EthernetPaddingIsIgnored) {
    const PlainAuthenticator authenticator;
    auto bytes = encode_frame(largest_heartbeat(), authenticator);
    bytes.resize(bytes.size() + 4);
    EXPECT_EQ(decode_frame(bytes, kCluster, authenticator).fault, FrameFault::none);
}

TEST(Heartbeat, EveryTruncationIsRefused) {
    const PlainAuthenticator authenticator;
    const auto bytes = encode_frame(largest_heartbeat(), authenticator);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_EQ(decode_frame(std::span{bytes}.first(length), kCluster, authenticator).fault,
                  FrameFault::truncated)
            << length;
}

TEST(Heartbeat, EveryFlippedBitIsRefused) {
    const PlainAuthenticator authenticator;
    auto bytes = encode_frame(split_map(largest_map(), largest_header())[0], authenticator);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] = static_cast<Byte>(bytes[bit / 8] ^ (1U << bit % 8));
        EXPECT_NE(decode_frame(bytes, kCluster, authenticator).fault, FrameFault::none) << bit;
        bytes[bit / 8] = static_cast<Byte>(bytes[bit / 8] ^ (1U << bit % 8));
    }
}

TEST(Heartbeat, AnotherKeyAnotherClusterAndAForgeryAreToldApart) {
    const auto bytes = encode_frame(largest_heartbeat(), PlainAuthenticator{7});
    EXPECT_EQ(decode_frame(bytes, kCluster, PlainAuthenticator{8}).fault, FrameFault::key);
    EXPECT_EQ(decode_frame(bytes, kCluster, PlainAuthenticator{7 + 65536}).fault, FrameFault::tag);
    EXPECT_EQ(decode_frame(bytes, kCluster + 1, PlainAuthenticator{7}).fault, FrameFault::cluster);
}

// An insider's nonsense: rightly signed, yet no index of it may leave its range.
TEST(Heartbeat, RightlySignedNonsenseIsRefusedOrSound) {
    const PlainAuthenticator authenticator;
    Prng random(9);
    const auto good = encode_frame(split_map(largest_map(), largest_header())[1], authenticator);
    for (int round = 0; round < 20'000; ++round) {
        auto bytes = good;
        for (std::size_t i = 0; i < 1 + random.below(4); ++i)
            bytes[28 + random.below(bytes.size() - 28)] = static_cast<Byte>(random.next());
        std::fill_n(bytes.begin() + 12, kTagBytes, Byte{0});
        const auto tag = authenticator.tag(7, bytes);
        std::copy(tag.begin(), tag.end(), bytes.begin() + 12);
        const auto decoded = decode_frame(bytes, kCluster, authenticator);
        if (decoded.fault != FrameFault::none) continue;
        const auto* part = std::get_if<MapPart>(&decoded.frame);
        ASSERT_NE(part, nullptr);
        ASSERT_LE(part->first_slot + part->targets.size(), kRuleSlots);
        for (const auto& owners : part->targets)
            for (const HostId owner : owners) ASSERT_LE(owner, kHostsMax);
    }
}

TEST(Heartbeat, AFrameIsReadByWhoeverSpeaksItsVersionAndRefusedByNameElsewhere) {
    const PlainAuthenticator authenticator;
    Heartbeat beat = largest_heartbeat();
    const auto fault_for = [&](std::uint8_t version, FrameVersions spoken, FrameVersions reader) {
        beat.header.version = version;
        beat.header.spoken = spoken;
        return decode_frame(encode_frame(beat, authenticator), kCluster, authenticator, reader)
            .fault;
    };
    EXPECT_EQ(fault_for(3, {3, 4}, {3, 3}), FrameFault::none);
    EXPECT_EQ(fault_for(4, {3, 4}, {3, 4}), FrameFault::none);
    EXPECT_EQ(fault_for(4, {3, 4}, {3, 3}), FrameFault::other_version) << "it will speak 3";
    EXPECT_EQ(fault_for(3, {3, 4}, {4, 5}), FrameFault::other_version);
    EXPECT_EQ(fault_for(4, {4, 5}, {3, 3}), FrameFault::version);
    EXPECT_EQ(fault_for(99, {3, 4}, {3, 3}), FrameFault::version) << "it cannot speak what it says";
    EXPECT_EQ(fault_for(2, {0, 0}, {3, 3}), FrameFault::version) << "before there were ranges";
    EXPECT_EQ(fault_for(3, {4, 5}, {3, 5}), FrameFault::field) << "it cannot speak what it says";
    EXPECT_EQ(fault_for(3, {3, 4}, {0, 0}), FrameFault::version);
}

// Made with an FNV-1a written in Python, which shares no code.
TEST(Heartbeat, AMapsDigestIsPinned) {
    EXPECT_EQ(digest_of(largest_map(), kRuleSlots), 12557965229347142180ULL);
}

}  // namespace
}  // namespace nlb
