// What is joined is what would be cut into the same frames again, and nothing else.
#include "dataplane/tap/joined.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "dataplane/tap/segments.hpp"
#include "tests/unit/dataplane/tap/tcp_frame.hpp"

namespace nlb::dataplane {
namespace {

using Bytes = std::vector<Byte>;
constexpr std::uint8_t kAckPush = 0x18;

std::vector<Bytes> cut(const TcpFrame& tcp, std::uint16_t segment_bytes) {
    const Bytes frame = tcp.bytes();
    const Segments segments(frame, notes_of(tcp.header(segment_bytes), frame).value());
    std::vector<Bytes> cut;
    for (std::uint32_t i = 0; i < segments.count(); ++i) {
        Bytes one(segments.bytes_max());
        one.resize(segments.write(i, one.data()));
        cut.push_back(std::move(one));
    }
    return cut;
}

// The numbers of the frames that are written together.
using Writes = std::vector<std::vector<std::uint32_t>>;

struct Joined {
    explicit Joined(const std::vector<Bytes>& frames) {
        for (const Bytes& frame : frames) joins.add(frame);
        for (std::uint32_t i = 0; i < frames.size(); ++i) {
            if (!joins.is_first(i)) continue;
            writes.emplace_back();
            for (std::uint32_t at = i; at != Joins::kNone; at = joins.behind(at))
                writes.back().push_back(at);
        }
    }
    [[nodiscard]] Bytes whole(std::uint32_t first) const {
        const Joins::Head head = joins.head_of(first);
        Bytes bytes(head.bytes.begin(), head.bytes.begin() + head.count);
        for (std::uint32_t at = first; at != Joins::kNone; at = joins.behind(at)) {
            const auto payload = joins.payload_of(at);
            bytes.insert(bytes.end(), payload.begin(), payload.end());
        }
        return bytes;
    }
    Joins joins;
    Writes writes;
};

Writes writes_of(const std::vector<Bytes>& frames) {
    return Joined(frames).writes;
}

// Of a frame whose TCP header was changed.
void mend_checksum(const TcpFrame& tcp, Bytes& frame) {
    store_big_endian(&frame[tcp.l4() + 16], std::uint16_t{0});
    store_big_endian(&frame[tcp.l4() + 16],
                     checksum_finish(checksum_add(tcp.pseudo(frame), &frame[tcp.l4()],
                                                  frame.size() - tcp.l4())));
}

class Join : public testing::TestWithParam<int> {
protected:
    [[nodiscard]] TcpFrame tcp() const {
        return {.version = GetParam(), .payload = 5000, .flags = kAckPush};
    }
};

TEST_P(Join, WhatWasCutIsTheSameFrameAgain) {
    for (const std::size_t options : {0U, 12U, 40U}) {
        TcpFrame large = tcp();
        large.options = options;
        const auto frames = cut(large, 1400);
        ASSERT_EQ(frames.size(), 4U);
        const Joined joined(frames);
        ASSERT_EQ(joined.writes, (Writes{{0, 1, 2, 3}}));
        EXPECT_EQ(joined.whole(0), large.bytes());
        const VirtioHeader note = joined.joins.head_of(0).note;
        EXPECT_EQ(note.flags, kNeedsChecksum);
        EXPECT_EQ(note.gso_type, large.version == 4 ? kGsoTcpV4 : kGsoTcpV6);
        EXPECT_EQ(note.segment_bytes, 1400);
        EXPECT_EQ(note.header_bytes, large.head());
        EXPECT_EQ(note.checksum_start, large.l4());
        EXPECT_EQ(note.checksum_offset, 16);
    }
}

TEST_P(Join, FlowsAreJoinedBesideOneAnotherInTheirOrder) {
    const auto one = cut(tcp(), 1400);
    auto other = cut(tcp(), 1000);
    for (Bytes& frame : other) {
        store_big_endian(&frame[tcp().l4()], std::uint16_t{81});
        mend_checksum(tcp(), frame);
    }
    EXPECT_EQ(writes_of({one[0], other[0], one[1], other[1], other[2], one[2]}),
              (Writes{{0, 2, 5}, {1, 3, 4}}));
}

TEST_P(Join, AnyOtherFrameOfTheFlowStaysBetween) {
    const auto frames = cut(tcp(), 1000);
    Bytes acknowledgement = frames[1];
    acknowledgement.resize(tcp().head());
    const auto bytes = static_cast<std::uint16_t>(acknowledgement.size() - tcp().l3());
    store_big_endian(&acknowledgement[tcp().l3() + (GetParam() == 4 ? 2 : 4)],
                     static_cast<std::uint16_t>(GetParam() == 4 ? bytes : bytes - 40));
    EXPECT_EQ(writes_of({frames[0], acknowledgement, frames[1], frames[2]}),
              (Writes{{0}, {1}, {2, 3}}));
    for (const int flags : {0x11, 0x12, 0x14, 0x30, 0x50, 0x90, 0x00}) {
        Bytes special = frames[1];
        special[tcp().l4() + 13] = static_cast<Byte>(flags);
        mend_checksum(tcp(), special);
        EXPECT_EQ(writes_of({frames[0], special, frames[2], frames[3]}), (Writes{{0}, {1}, {2, 3}}))
            << flags;
    }
}

TEST_P(Join, ALastShortSegmentOrAPushEndsWhatIsJoined) {
    const auto frames = cut(tcp(), 1400);  // 1400, 1400, 1400, 800
    EXPECT_EQ(writes_of({frames[2], frames[3], frames[3]}), (Writes{{0, 1}, {2}}));
    Bytes pushed = frames[1];
    pushed[tcp().l4() + 13] = kAckPush;
    mend_checksum(tcp(), pushed);
    EXPECT_EQ(writes_of({frames[0], pushed, frames[2], frames[3]}), (Writes{{0, 1}, {2, 3}}));
    EXPECT_EQ(writes_of({frames[3], frames[0]}), (Writes{{0}, {1}})) << "a longer one behind";
}

TEST_P(Join, WhatIsMissingOrOutOfOrderIsNotJoined) {
    const auto frames = cut(tcp(), 1000);
    EXPECT_EQ(writes_of({frames[0], frames[2], frames[3]}), (Writes{{0}, {1, 2}}));
    EXPECT_EQ(writes_of({frames[1], frames[0]}), (Writes{{0}, {1}}));
    EXPECT_EQ(writes_of({frames[0], frames[0]}), (Writes{{0}, {1}}));
}

TEST_P(Join, ADifferenceAnywhereInTheHeadersKeepsTwoApart) {
    const auto frames = cut(tcp(), 1400);
    ASSERT_EQ(writes_of({frames[0], frames[1]}), (Writes{{0, 1}}));
    const std::size_t push = (tcp().l4() + 13) * 8 + 4;  // from the least significant bit
    for (std::size_t bit = 0; bit < (tcp().head() + 40) * 8; ++bit) {
        for (const std::uint32_t which : {0U, 1U}) {
            std::vector<Bytes> changed{frames[0], frames[1]};
            changed[which][bit / 8] ^= static_cast<Byte>(1U << (7 - bit % 8));
            EXPECT_EQ(writes_of(changed), (Writes{{0}, {1}})) << "bit " << bit << " of " << which;
            // Whoever changed it may have mended the checksum.
            if (bit / 8 < tcp().l4() || bit / 8 >= tcp().head()) continue;
            const bool checksum = bit / 8 - tcp().l4() == 16 || bit / 8 - tcp().l4() == 17;
            if (checksum || (bit == push && which == 1)) continue;
            if (bit / 8 - tcp().l4() == 12) continue;  // the length of the header itself
            mend_checksum(tcp(), changed[which]);
            EXPECT_EQ(writes_of(changed), (Writes{{0}, {1}})) << "bit " << bit << " of " << which;
        }
    }
}

TEST_P(Join, TagsOptionsAndFragmentsGoAlone) {
    TcpFrame tagged = tcp();
    tagged.tags = 1;
    const auto frames = cut(tagged, 1400);
    EXPECT_EQ(writes_of({frames[0], frames[1]}), (Writes{{0}, {1}}));
    EXPECT_FALSE(tcp_parts_of(frames[0]));
    EXPECT_FALSE(tcp_parts_of({}));
}

TEST_P(Join, APaddedFrameIsWhatItsHeaderSays) {
    auto frames = cut(tcp(), 1400);
    frames[3].resize(frames[3].size() + 6);
    const Joined joined(frames);
    ASSERT_EQ(joined.writes, (Writes{{0, 1, 2, 3}}));
    EXPECT_EQ(joined.whole(0), tcp().bytes());
}

TEST_P(Join, AJoinedFrameIsNoLongerThanTheKernelTakes) {
    TcpFrame large = tcp();
    large.payload = 64'900;
    const auto frames = cut(large, 8000);
    ASSERT_EQ(frames.size(), 9U);
    EXPECT_EQ(writes_of(frames), (Writes{{0, 1, 2, 3, 4, 5, 6, 7, 8}}));
    large.payload = 65'100;
    const auto longer = cut(large, 8000);
    EXPECT_EQ(writes_of(longer), (Writes{{0, 1, 2, 3, 4, 5, 6, 7}, {8}}));
}

TEST_P(Join, ManyFlowsAtOnceLoseNoFrame) {
    Prng random{static_cast<std::uint64_t>(GetParam())};
    for (int turn = 0; turn < 200; ++turn) {
        std::vector<Bytes> frames;
        std::vector<std::vector<Bytes>> flows;
        for (std::uint16_t flow = 0; flow < 12; ++flow) {
            flows.push_back(cut(tcp(), 1000));
            for (Bytes& frame : flows.back()) {
                store_big_endian(&frame[tcp().l4()], static_cast<std::uint16_t>(1000 + flow));
                mend_checksum(tcp(), frame);
            }
        }
        std::array<std::size_t, 12> sent{};
        while (frames.size() < Joins::kFramesMost && frames.size() < 60) {
            const auto flow = random.below(12);
            if (sent[flow] == flows[flow].size()) continue;
            frames.push_back(flows[flow][sent[flow]++]);
        }
        std::vector<bool> seen(frames.size());
        std::array<std::uint32_t, 12> next{};  // of each flow, the newest that was written
        for (const auto& write : writes_of(frames))
            for (const std::uint32_t i : write) {
                EXPECT_FALSE(seen[i]);
                seen[i] = true;
                const auto flow = load_big_endian<std::uint16_t>(&frames[i][tcp().l4()]) - 1000U;
                EXPECT_GE(i, next[flow]) << "in their order";
                next[flow] = i;
            }
        EXPECT_EQ(std::count(seen.begin(), seen.end(), false), 0);
    }
}

// The promise of the header, on frames whose bytes were changed here and there.
TEST_P(Join, WhateverIsJoinedIsCutIntoTheSameFramesAgain) {
    Prng random{7U + static_cast<std::uint64_t>(GetParam())};
    std::uint32_t joined_frames = 0;
    for (int turn = 0; turn < 3000; ++turn) {
        TcpFrame large = tcp();
        large.payload = 1 + random.below(9000);
        large.options = 4 * random.below(11);
        auto frames = cut(large, static_cast<std::uint16_t>(200 + random.below(1300)));
        frames.resize(std::min<std::size_t>(frames.size(), Joins::kFramesMost));
        for (Bytes& frame : frames) {
            if (random.below(8) != 0) continue;
            frame[random.below(frame.size())] ^= static_cast<Byte>(1U << random.below(8));
            if (random.below(2) == 0) mend_checksum(large, frame);
            if (random.below(8) == 0) frame.resize(random.below(frame.size() + 1));
        }
        const Joined joined(frames);
        for (const auto& write : joined.writes) {
            if (write.size() == 1) continue;
            const Bytes whole = joined.whole(write[0]);
            const auto notes = notes_of(joined.joins.head_of(write[0]).note, whole);
            ASSERT_TRUE(notes);
            const Segments segments(whole, *notes);
            ASSERT_EQ(segments.count(), write.size());
            for (std::uint32_t i = 0; i < segments.count(); ++i, ++joined_frames) {
                Bytes again(segments.bytes_max());
                again.resize(segments.write(i, again.data()));
                ASSERT_EQ(again, frames[write[i]]) << "turn " << turn;
            }
        }
    }
    EXPECT_GT(joined_frames, 10'000U);
}

INSTANTIATE_TEST_SUITE_P(Versions, Join, testing::Values(4, 6));

TEST(JoinIpv4, IdentificationsCountUnlessNothingMayBeFragmented) {
    const TcpFrame tcp{.payload = 3000, .flags = kAckPush};
    auto frames = cut(tcp, 1000);
    const auto renumber = [&](std::uint16_t identification, std::uint16_t fragment) {
        for (Bytes& frame : frames) {
            store_big_endian(&frame[18], identification);
            store_big_endian(&frame[20], fragment);
            store_big_endian(&frame[24], std::uint16_t{0});
            store_big_endian(&frame[24], checksum_of(&frame[14], 20));
        }
    };
    EXPECT_EQ(writes_of(frames), (Writes{{0, 1, 2}})) << "65534, 65535, 0";
    renumber(7, 0);
    EXPECT_EQ(writes_of(frames), (Writes{{0}, {1}, {2}}));
    renumber(7, 0x4000);
    EXPECT_EQ(writes_of(frames), (Writes{{0, 1, 2}}));
    renumber(7, 0x2000);
    EXPECT_EQ(writes_of(frames), (Writes{{0}, {1}, {2}}));
}

}  // namespace
}  // namespace nlb::dataplane
