// The capture reader against files made by hand: every format it promises, and every way in which
// they can be broken.
#include <gtest/gtest.h>

#include "cli/pcap_reader.hpp"
#include "tests/unit/cli/capture_bytes.hpp"
#include "tests/unit/cli/sandbox.hpp"

namespace nlb::cli {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

struct Contents {
    std::vector<CapturedPacket> packets;
    std::string error;  // of open or next
};

Contents read_all(const std::string& bytes) {
    const Sandbox sandbox;
    auto reader = PcapReader::open(sandbox.write("c.pcap", bytes));
    Contents contents;
    if (!reader) return {{}, reader.error().message};
    for (;;) {
        auto packet = reader.value().next();
        if (!packet) contents.error = packet.error().message;
        if (!packet || !packet.value()) return contents;
        contents.packets.push_back(*packet.value());
    }
}

std::string text_of(const CapturedPacket& packet) {
    return {packet.bytes.begin(), packet.bytes.end()};
}

TEST(Capture, ClassicFilesOfEitherByteOrderAndResolutionAreRead) {
    for (const bool big_endian : {false, true}) {
        for (const std::uint32_t magic : {kMicrosecondMagic, kNanosecondMagic}) {
            CaptureBytes file(big_endian);
            file.pcap_header(magic).record(5, 7, "first", 5).record(6, 0, "second packet", 1500);
            const Contents contents = read_all(file.text());
            ASSERT_EQ(contents.error, "");
            ASSERT_EQ(contents.packets.size(), 2U);
            EXPECT_EQ(text_of(contents.packets[0]), "first");
            EXPECT_EQ(contents.packets[0].time,
                      seconds{5} + nanoseconds{magic == kMicrosecondMagic ? 7000 : 7});
            EXPECT_EQ(text_of(contents.packets[1]), "second packet");
            EXPECT_EQ(contents.packets[1].wire_bytes, 1500U);
        }
    }
}

TEST(Capture, AnEmptyCaptureHoldsNoPacketsAndIsNoError) {
    const Contents contents = read_all(CaptureBytes(false).pcap_header(kMicrosecondMagic).text());
    EXPECT_TRUE(contents.packets.empty());
    EXPECT_EQ(contents.error, "");
}

CaptureBytes next_generation(bool big_endian) {
    CaptureBytes file(big_endian);
    // if_tsresol (option 9): 10^-9; then the end of options.
    const std::string interface = file.part()
                                      .u16(1)
                                      .u16(0)
                                      .u32(0)
                                      .u16(9)
                                      .u16(1)
                                      .run(std::string("\x09\0\0\0", 4))
                                      .u16(0)
                                      .u16(0)
                                      .text();
    file.section().block(1, interface);
    return file;
}

TEST(Capture, PcapngOfEitherByteOrderIsReadBlockByBlock) {
    for (const bool big_endian : {false, true}) {
        CaptureBytes file = next_generation(big_endian);
        file.block(6, file.part().u32(0).u32(1).u32(2).u32(5).u32(60).run("abcde").text());
        file.block(5, "statistics that nobody wants");
        file.block(3, file.part().u32(3).run("xyz").text());
        file.block(2, file.part().u16(0).u16(0).u32(0).u32(9).u32(2).u32(2).run("hi").text());
        const Contents contents = read_all(file.text());
        ASSERT_EQ(contents.error, "");
        ASSERT_EQ(contents.packets.size(), 3U);
        EXPECT_EQ(text_of(contents.packets[0]), "abcde");
        EXPECT_EQ(contents.packets[0].wire_bytes, 60U);
        EXPECT_EQ(contents.packets[0].time, nanoseconds{(std::int64_t{1} << 32) + 2});
        EXPECT_EQ(text_of(contents.packets[1]), "xyz");
        EXPECT_EQ(text_of(contents.packets[2]), "hi");
        EXPECT_EQ(contents.packets[2].time, nanoseconds{9});
    }
}

TEST(Capture, ASecondSectionMayHaveTheOtherByteOrder) {
    CaptureBytes little = next_generation(false);
    little.block(3, little.part().u32(1).run("l").text());
    CaptureBytes big = next_generation(true);
    big.block(3, big.part().u32(1).run("b").text());
    const Contents contents = read_all(little.text() + big.text());
    ASSERT_EQ(contents.error, "");
    ASSERT_EQ(contents.packets.size(), 2U);
    EXPECT_EQ(text_of(contents.packets[1]), "b");
}

TEST(Capture, ATruncatedFileGivesItsWholePacketsAndThenOneSentence) {
    CaptureBytes file(false);
    file.pcap_header(kMicrosecondMagic).record(1, 0, "whole", 5).record(2, 0, "cut short", 9);
    const std::string& text = file.text();
    for (std::size_t cut = 1; cut < 9 + 16; ++cut) {
        const Contents contents = read_all(text.substr(0, text.size() - cut));
        EXPECT_EQ(contents.packets.size(), 1U);
        EXPECT_NE(contents.error.find("packet 2: broken capture: the file ends"), std::string::npos)
            << contents.error;
        EXPECT_EQ(contents.error.find('\n'), std::string::npos);
    }
}

TEST(Capture, NoPrefixOfAPcapngFileIsMoreThanASentence) {
    CaptureBytes file = next_generation(false);
    file.block(6, file.part().u32(0).u32(0).u32(0).u32(5).u32(5).run("abcde").text());
    for (std::size_t length = 0; length < file.text().size(); ++length) {
        const Contents contents = read_all(file.text().substr(0, length));
        EXPECT_TRUE(contents.packets.empty());
        const bool whole_blocks = length == 28 || length == file.text().size() - 40;
        EXPECT_EQ(contents.error.empty(), whole_blocks) << length << ' ' << contents.error;
    }
}

TEST(Capture, LengthsThatCannotBeAreNotAllocated) {
    CaptureBytes file(false);
    file.pcap_header(kMicrosecondMagic).u32(0).u32(0).u32(0xfffffff0).u32(60);
    EXPECT_NE(read_all(file.text()).error.find("at most 262144"), std::string::npos);

    CaptureBytes block = next_generation(false);
    block.u32(6).u32(0xfffffffc);
    EXPECT_NE(read_all(block.text()).error.find("a block of 4294967292 bytes"), std::string::npos);

    CaptureBytes packet = next_generation(false);
    packet.block(6, packet.part().u32(0).u32(0).u32(0).u32(500).u32(500).run("abc").text());
    EXPECT_NE(read_all(packet.text()).error.find("do not fit"), std::string::npos);

    CaptureBytes stranger = next_generation(false);
    stranger.block(6, stranger.part().u32(7).u32(0).u32(0).u32(1).u32(1).run("a").text());
    EXPECT_NE(read_all(stranger.text()).error.find("interface 7"), std::string::npos);
}

// What `tcpdump -i any` writes: a packet of that type (linux/if_packet.h) from 02:00:00:00:00:09.
std::string cooked(std::uint32_t link_type, unsigned packet_type, const std::string& payload) {
    const std::string sender("\x02\0\0\0\0\x09\0\0", 8);
    CaptureBytes bytes(true);
    if (link_type == 113)
        bytes.u16(packet_type).u16(1).u16(6).run(sender).u16(0x0800);
    else
        bytes.u16(0x0800).u16(0).u32(3).u16(1).u16(packet_type << 8 | 6U).run(sender);
    return bytes.run(payload).text();
}

TEST(Capture, CookedFramesBecomeEthernetFramesThatLackTheirDestination) {
    const std::string source_and_type("\x02\0\0\0\0\x09\x08\0", 8);
    for (const std::uint32_t link_type : {113U, 276U}) {
        const std::string whole = cooked(link_type, 0, "packet");
        const std::string group = cooked(link_type, 1, "to all");
        CaptureBytes file(false);
        file.pcap_header(kMicrosecondMagic, link_type);
        file.record(1, 0, whole, static_cast<std::uint32_t>(whole.size() + 100));
        file.record(2, 0, group, static_cast<std::uint32_t>(group.size()));
        const Contents contents = read_all(file.text());
        ASSERT_EQ(contents.error, "");
        ASSERT_EQ(contents.packets.size(), 2U);
        EXPECT_EQ(text_of(contents.packets[0]), std::string(6, '\0') + source_and_type + "packet");
        EXPECT_TRUE(contents.packets[0].lacks_destination);
        EXPECT_EQ(contents.packets[0].wire_bytes, 14 + 6 + 100U) << "what was cut off is known";
        EXPECT_EQ(text_of(contents.packets[1]),
                  std::string(6, '\xff') + source_and_type + "to all");
        EXPECT_FALSE(contents.packets[1].lacks_destination) << "a broadcast says so";
    }
}

TEST(Capture, APcapngMayHaveACookedInterfaceBesideAnEthernetOne) {
    CaptureBytes file = next_generation(false);
    file.block(1, file.part().u16(276).u16(0).u32(0).text());
    const std::string frame = cooked(276, 4, "packet");
    const auto size = static_cast<std::uint32_t>(frame.size());
    file.block(6, file.part().u32(1).u32(0).u32(0).u32(size).u32(size).run(frame).text());
    file.block(6, file.part().u32(0).u32(0).u32(0).u32(5).u32(5).run("plain").text());
    const Contents contents = read_all(file.text());
    ASSERT_EQ(contents.error, "");
    ASSERT_EQ(contents.packets.size(), 2U);
    EXPECT_TRUE(contents.packets[0].lacks_destination);
    EXPECT_EQ(text_of(contents.packets[1]), "plain");
    EXPECT_FALSE(contents.packets[1].lacks_destination);
}

TEST(Capture, ACookedFrameThatEndsWithinItsHeaderIsASentence) {
    for (const auto& [link_type, header] : {std::pair{113U, 16U}, std::pair{276U, 20U}})
        for (std::size_t length = 0; length <= header; ++length) {
            CaptureBytes file(false);
            file.pcap_header(kMicrosecondMagic, link_type);
            const std::string frame = cooked(link_type, 0, "").substr(0, length);
            file.record(1, 0, frame, static_cast<std::uint32_t>(length));
            const Contents contents = read_all(file.text());
            EXPECT_EQ(contents.packets.size(), length == header ? 1U : 0U);
            EXPECT_EQ(contents.error.empty(), length == header) << contents.error;
        }
}

TEST(Capture, OtherLinkTypesAndOtherFilesAreRefused) {
    EXPECT_NE(read_all(CaptureBytes(false).pcap_header(kMicrosecondMagic, 147).text())
                  .error.find("link type 147"),
              std::string::npos);
    EXPECT_NE(read_all("#!/bin/sh\necho this is no capture\n").error.find("not a capture"),
              std::string::npos);
    EXPECT_NE(read_all("").error.find("not a capture"), std::string::npos);
    const auto missing = PcapReader::open("/nonexistent/c.pcap");
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace nlb::cli
