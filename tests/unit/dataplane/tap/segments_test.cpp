// Segments carry every byte once, in order, under headers that a receiver believes.
#include "dataplane/tap/segments.hpp"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tap/tcp_frame.hpp"

namespace nlb::dataplane {
namespace {

std::vector<std::vector<Byte>> cut(const TcpFrame& tcp, std::uint16_t segment_bytes) {
    const std::vector<Byte> frame = tcp.bytes();
    const Segments segments(frame, notes_of(tcp.header(segment_bytes), frame).value());
    std::vector<std::vector<Byte>> cut;
    for (std::uint32_t i = 0; i < segments.count(); ++i) {
        std::vector<Byte> one(segments.bytes_max());
        one.resize(segments.write(i, one.data()));
        cut.push_back(std::move(one));
    }
    return cut;
}

class EachVersion : public testing::TestWithParam<int> {};

TEST_P(EachVersion, EveryByteComesOnceWithItsSequenceNumber) {
    const TcpFrame tcp{.version = GetParam()};
    const std::vector<Byte> whole = tcp.bytes();
    std::vector<Byte> payload;
    std::uint32_t sequence = 0xffff'f000U;
    const auto segments = cut(tcp, 1448);
    EXPECT_EQ(segments.size(), 4U);
    for (const auto& segment : segments) {
        EXPECT_EQ(load_big_endian<std::uint32_t>(&segment[tcp.l4() + 4]), sequence);
        sequence += static_cast<std::uint32_t>(segment.size() - tcp.head());
        payload.insert(payload.end(), segment.begin() + static_cast<std::ptrdiff_t>(tcp.head()),
                       segment.end());
    }
    EXPECT_TRUE(std::equal(payload.begin(), payload.end(),
                           whole.begin() + static_cast<std::ptrdiff_t>(tcp.head()), whole.end()));
}

TEST_P(EachVersion, EachSegmentHasLengthsAndChecksumsOfItsOwn) {
    for (const std::size_t tags : {0, 2}) {
        const TcpFrame tcp{.version = GetParam(), .payload = 3001, .tags = tags};
        std::uint16_t identification = 0xfffe;
        for (const auto& segment : cut(tcp, 1000)) {
            EXPECT_TRUE(tcp.checksum_holds(segment));
            const Byte* const ip = &segment[tcp.l3()];
            const std::size_t bytes = segment.size() - tcp.l3();
            if (tcp.version == 6) {
                EXPECT_EQ(load_big_endian<std::uint16_t>(ip + 4), bytes - 40);
                continue;
            }
            EXPECT_EQ(load_big_endian<std::uint16_t>(ip + 2), bytes);
            EXPECT_EQ(load_big_endian<std::uint16_t>(ip + 4), identification++);
            EXPECT_TRUE(ipv4_checksum_holds(ip, 20));
        }
    }
}

TEST_P(EachVersion, TheLastSegmentEndsAndTheFirstReducesTheWindow) {
    const TcpFrame tcp{.version = GetParam()};
    const auto segments = cut(tcp, 2000);
    ASSERT_EQ(segments.size(), 3U);
    const auto flags = [&](std::size_t i) { return segments[i][tcp.l4() + 13]; };
    EXPECT_EQ(flags(0), 0x90);
    EXPECT_EQ(flags(1), 0x10);
    EXPECT_EQ(flags(2), 0x19);
}

TEST_P(EachVersion, AFrameOfOneSegmentStaysOne) {
    const TcpFrame tcp{.version = GetParam(), .payload = 1448};
    const auto segments = cut(tcp, 1448);
    ASSERT_EQ(segments.size(), 1U);
    EXPECT_TRUE(tcp.checksum_holds(segments[0]));
    EXPECT_EQ(segments[0][tcp.l4() + 13], 0x99);
    EXPECT_EQ(cut({.version = GetParam(), .payload = 0}, 1448).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Segments, EachVersion, testing::Values(4, 6));

}  // namespace
}  // namespace nlb::dataplane
