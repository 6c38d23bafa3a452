// What a kernel leaves to a device survives the way through a buffer, and lies are refused.
#include "dataplane/tap/offload_notes.hpp"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tap/tcp_frame.hpp"

namespace nlb::dataplane {
namespace {

bool same(const VirtioHeader& one, const VirtioHeader& other) {
    return one.flags == other.flags && one.gso_type == other.gso_type &&
           one.segment_bytes == other.segment_bytes && one.checksum_start == other.checksum_start &&
           one.checksum_offset == other.checksum_offset;
}

TEST(OffloadNotes, OfALargeFrameReachTheOtherKernelAsTheyWere) {
    for (const int version : {4, 6})
        for (const std::size_t tags : {0, 1, 2}) {
            const TcpFrame tcp{.version = version, .tags = tags, .flags = 0x18};
            const std::vector<Byte> frame = tcp.bytes();
            const VirtioHeader given = tcp.header(1448);
            const auto notes = notes_of(given, frame);
            ASSERT_TRUE(notes);
            rte_mbuf buffer{};
            put_notes(buffer, *notes);
            ASSERT_EQ(notes_in(buffer), notes);
            const VirtioHeader told = header_of(*notes, frame);
            EXPECT_TRUE(same(told, given));
            EXPECT_EQ(told.header_bytes, tcp.head());
        }
}

TEST(OffloadNotes, AFrameThatReducesTheCongestionWindowSaysSoToTheOtherKernel) {
    const TcpFrame tcp{.flags = 0x90};
    VirtioHeader given = tcp.header(1448);
    given.gso_type |= kGsoEcn;
    const auto notes = notes_of(given, tcp.bytes());
    ASSERT_TRUE(notes);
    EXPECT_EQ(header_of(*notes, tcp.bytes()).gso_type, given.gso_type);
}

TEST(OffloadNotes, AFrameWithoutSegmentsAsksForItsChecksumAlone) {
    const TcpFrame tcp{.payload = 100};
    const auto notes = notes_of(tcp.header(0), tcp.bytes());
    ASSERT_TRUE(notes);
    EXPECT_EQ(notes->segment_bytes, 0);
    EXPECT_TRUE((Offloads{.checksums = true, .segments = false}.take(*notes)));
    EXPECT_FALSE((Offloads{.checksums = false, .segments = true}.take(*notes)));
    rte_mbuf buffer{};
    put_notes(buffer, *notes);
    EXPECT_EQ(notes_in(buffer), notes);
}

TEST(OffloadNotes, ABufferOfAnAdapterHasNone) {
    rte_mbuf buffer{};
    buffer.ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_RSS_HASH;
    EXPECT_EQ(notes_in(buffer), std::nullopt);
}

TEST(OffloadNotes, AHeaderThatContradictsItsFrameIsRefused) {
    const TcpFrame tcp;
    const std::vector<Byte> frame = tcp.bytes();
    const auto refused = [&](auto&& change, std::size_t length) {
        VirtioHeader header = tcp.header(1448);
        change(header);
        return !notes_of(header, std::span{frame}.first(length));
    };
    EXPECT_FALSE(refused([](VirtioHeader&) {}, frame.size()));
    EXPECT_TRUE(refused([](VirtioHeader& h) { h.flags = 0; }, frame.size()));
    EXPECT_TRUE(refused([](VirtioHeader& h) { h.gso_type = kGsoTcpV6; }, frame.size()));
    EXPECT_TRUE(refused([](VirtioHeader& h) { h.gso_type = 3; }, frame.size()));  // UDP
    EXPECT_TRUE(refused([](VirtioHeader& h) { h.segment_bytes = 0; }, frame.size()));
    EXPECT_TRUE(refused([](VirtioHeader& h) { h.checksum_start += 4; }, frame.size()));
    EXPECT_TRUE(refused([](VirtioHeader& h) { h.checksum_start = 0xffff; }, frame.size()));
    EXPECT_TRUE(refused([](VirtioHeader& h) { h.checksum_offset = 6; }, frame.size()));
    for (std::size_t length = 0; length < tcp.head(); ++length)
        EXPECT_TRUE(refused([](VirtioHeader&) {}, length)) << length;
}

TEST(OffloadNotes, AChecksumThatWasLeftIsCompleted) {
    const TcpFrame tcp{.payload = 101};
    std::vector<Byte> frame = tcp.bytes();
    ASSERT_FALSE(tcp.checksum_holds(frame));
    ASSERT_TRUE(complete_checksum(frame, tcp.l4(), 16));
    EXPECT_TRUE(tcp.checksum_holds(frame));
    EXPECT_FALSE(complete_checksum(frame, frame.size() - 1, 0));
    EXPECT_FALSE(complete_checksum(frame, frame.size(), 16));
}

}  // namespace
}  // namespace nlb::dataplane
