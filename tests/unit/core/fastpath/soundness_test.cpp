// What a sound TCP or UDP header, and a possible client, is: the parser and both versions of the
// fast parse say the same of all header lengths, flags, ports and checksum fields, and of all
// classes of addresses.
#include <gtest/gtest.h>

#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/fast_path.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/stages.hpp"
#include "core/packet/transport_headers.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr std::size_t kL4OfV4 = sizeof(EthernetHeader) + sizeof(Ipv4Header);
constexpr std::size_t kL4OfV6 = sizeof(EthernetHeader) + sizeof(Ipv6Header);
constexpr std::size_t kTransportBytesMost = 72;  // beyond the longest TCP header of 60
// As many as the AVX2 version takes at once, so that none is left over for the other one.
constexpr std::uint32_t kGroup = 8;

// One frame, offered eight times, to all that judge it.
class Judges {
public:
    void judge(const std::vector<Byte>& frame) {
        for (std::uint32_t i = 0; i < kGroup; ++i) {
            bytes_[i] = frame;
            const auto size = static_cast<std::uint16_t>(frame.size());
            burst_.frames[i] = {bytes_[i].data(), size, size};
        }
        burst_.count = kGroup;
        const bool by_stages = pass_the_stages();
        EXPECT_EQ(on_the_fast_path(), by_stages);
        const bool is_v4 = frame[12] == 0x08 && frame[13] == 0x00;
        EXPECT_EQ(parse_with(is_v4 ? fast_parse_portable : fast_parse_v6_portable), by_stages);
        if (has_avx2()) {
            EXPECT_EQ(parse_with(is_v4 ? fast_parse_avx2 : fast_parse_v6_avx2), by_stages);
        }
        ++(by_stages ? sound : unsound);
    }
    int sound = 0;
    int unsound = 0;

private:
    // Parsed, and for a virtual address.
    bool pass_the_stages() {
        burst_.on_fast_path = 0;
        parse(burst_, host_.context());
        classify(burst_, host_.context());
        for (std::uint32_t i = 1; i < kGroup; ++i) EXPECT_EQ(burst_.reasons[i], burst_.reasons[0]);
        return burst_.reasons[0] == Reason::live;
    }
    bool on_the_fast_path() {
        fast_path(burst_, host_.context(), host_.connections->flow_index());
        EXPECT_TRUE(burst_.on_fast_path == 0 || burst_.on_fast_path == all_slots(burst_));
        return burst_.on_fast_path != 0;
    }
    bool parse_with(FastParser* version) {
        burst_.on_fast_path = 0;
        FastParse parsed;
        const std::uint64_t usual = version(burst_, MatchKeys(host_.context()), parsed);
        EXPECT_TRUE(usual == 0 || usual == all_slots(burst_));
        return usual != 0;
    }

    Host host_{1};
    Burst burst_;
    std::array<std::vector<Byte>, kGroup> bytes_;
};

// `bytes` of transport in the packet, and `padding` behind it in the frame.
std::vector<Byte> cut(std::vector<Byte> frame, std::size_t bytes, std::size_t padding) {
    const bool is_v4 = frame[12] == 0x08;
    frame.resize((is_v4 ? kL4OfV4 : kL4OfV6) + bytes + padding);
    Byte* const ip = frame.data() + sizeof(EthernetHeader);
    if (is_v4) {
        store_big_endian(ip + offsetof(Ipv4Header, total_length),
                         static_cast<std::uint16_t>(sizeof(Ipv4Header) + bytes));
        store_big_endian(ip + offsetof(Ipv4Header, checksum), std::uint16_t{0});
        store_big_endian(ip + offsetof(Ipv4Header, checksum), checksum_of(ip, sizeof(Ipv4Header)));
    } else {
        store_big_endian(ip + offsetof(Ipv6Header, payload_length),
                         static_cast<std::uint16_t>(bytes));
    }
    return frame;
}

template <class Use>
void for_each_cut(FrameSpec spec, const Use& use) {
    for (const FrameSpec& each : {spec, over_v6(spec)}) {
        FrameSpec long_one = each;
        long_one.payload.resize(kTransportBytesMost);
        const std::vector<Byte> frame = build_frame(long_one);
        const std::size_t l4 = each.source.is_v4() ? kL4OfV4 : kL4OfV6;
        for (std::size_t bytes = 0; bytes <= kTransportBytesMost; ++bytes)
            for (const std::size_t padding : {0, 30}) use(cut(frame, bytes, padding), l4);
    }
}

TEST(Soundness, OfTcpHeadersIsTheSameForAllLengths) {
    Judges judges;
    for_each_cut(tcp(kTcpAck), [&](std::vector<Byte> frame, std::size_t l4) {
        const std::size_t at = l4 + offsetof(TcpHeader, data_offset);
        for (unsigned offset = 0; offset < 16; ++offset) {
            if (at < frame.size()) frame[at] = static_cast<Byte>(offset << 4 | (offset & 1));
            judges.judge(frame);
            if (::testing::Test::HasFailure()) FAIL() << frame.size() << " offset " << offset;
        }
    });
    EXPECT_GT(judges.sound, 500);
    EXPECT_GT(judges.unsound, 500);
}

TEST(Soundness, OfUdpHeadersIsTheSameForAllLengths) {
    Judges judges;
    for_each_cut(udp(53), [&](std::vector<Byte> frame, std::size_t l4) {
        const std::size_t at = l4 + offsetof(UdpHeader, length);
        for (const unsigned length :
             {0U, 1U, 7U, 8U, 9U, 20U, 30U, 70U, 71U, 72U, 73U, 256U, 0x0800U, 0xffffU}) {
            if (at + 2 <= frame.size())
                store_big_endian(frame.data() + at, static_cast<std::uint16_t>(length));
            judges.judge(frame);
            if (::testing::Test::HasFailure()) FAIL() << frame.size() << " length " << length;
        }
    });
    EXPECT_GT(judges.sound, 500);
    EXPECT_GT(judges.unsound, 500);
}

TEST(Soundness, DoesNotDependOnPortsFlagsAndChecksums) {
    Judges judges;
    for (FrameSpec spec : {tcp(kTcpAck), over_v6(tcp(kTcpAck)), udp(53), over_v6(udp(53))}) {
        const bool is_tcp = spec.protocol == kProtocolTcp;
        const std::size_t l4 = spec.source.is_v4() ? kL4OfV4 : kL4OfV6;
        spec.payload.resize(16);
        const std::vector<Byte> frame = build_frame(spec);
        const auto with = [&](std::size_t at, unsigned value) {
            std::vector<Byte> changed = frame;
            changed[l4 + at] = static_cast<Byte>(value);
            judges.judge(changed);
        };
        const std::size_t checksum =
            is_tcp ? offsetof(TcpHeader, checksum) : offsetof(UdpHeader, checksum);
        for (unsigned value = 0; value < 256; ++value) {
            if (is_tcp) with(offsetof(TcpHeader, flags), value);
            with(offsetof(UdpHeader, source), value);
            with(checksum, value);
            with(checksum + 1, value);
        }
    }
    EXPECT_EQ(judges.unsound, 0);
}

TEST(Soundness, OfClientsAddressesIsTheSameForAllClasses) {
    Judges judges;
    const auto from = [&](std::uint32_t client) {
        FrameSpec spec = tcp(kTcpAck, client);
        spec.payload.resize(16);
        judges.judge(build_frame(spec));
        if (::testing::Test::HasFailure()) FAIL() << std::hex << client;
    };
    for (std::uint32_t first = 0; first < 256; ++first)
        for (const std::uint32_t rest : {0U, 1U, 0x010203U, 0xfffffeU, 0xffffffU})
            from(first << 24 | rest);
    for (const std::uint32_t client : {kVip, kSecondVip, kSubnetBroadcast, dedicated(2)})
        from(client);
    EXPECT_GT(judges.sound, 1000);
    EXPECT_GT(judges.unsound, 80);
}

}  // namespace
}  // namespace nlb::test
