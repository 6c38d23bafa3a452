// A segment's file: what is whole counts, what is cut is known to be, what is damaged is refused.
#include "controlplane/flight/segment.hpp"

#include <gtest/gtest.h>

#include "core/base/prng.hpp"

namespace nlb::controlplane {
namespace {

SegmentHead head() {
    SegmentHead head;
    head.version = "1.2.3";
    head.host = "edge1";
    head.cluster = "web";
    head.boot = 4711;
    head.number = 3;
    head.state = {1, 2, 3};
    return head;
}

std::vector<Byte> file_of(const std::vector<std::vector<Byte>>& blocks) {
    SegmentEncoder encoder;
    std::vector<Byte> file = encoder.begin(head());
    for (const auto& block : blocks) {
        const auto added = encoder.append(block);
        file.insert(file.end(), added.begin(), added.end());
    }
    return file;
}

TEST(Segment, ComesBackAsItWasWritten) {
    const auto read = read_segment(file_of({{1, 2}, {3}, {}}), "x");
    ASSERT_TRUE(read);
    EXPECT_EQ(read.value().head.host, "edge1");
    EXPECT_EQ(read.value().head.number, 3U);
    EXPECT_EQ(read.value().head.state, (std::vector<Byte>{1, 2, 3}));
    EXPECT_EQ(read.value().records, (std::vector<Byte>{1, 2, 3}));
    EXPECT_FALSE(read.value().cut);
}

TEST(Segment, IsReadUpToTheLastWholeBlockWhereverItIsCut) {
    const std::size_t begun = file_of({}).size();
    const std::vector<Byte> whole = file_of({{1, 2, 3}, {4, 5, 6}});
    for (std::size_t bytes = 0; bytes <= whole.size(); ++bytes) {
        const auto read = read_segment(std::span{whole}.first(bytes), "x");
        ASSERT_EQ(read.ok(), bytes >= begun) << bytes;
        if (!read) continue;
        const auto& records = read.value().records;
        EXPECT_TRUE(records.empty() || records.size() == 3 || records.size() == 6);
        EXPECT_EQ(read.value().cut,
                  bytes != begun && bytes != whole.size() && bytes != file_of({{1, 2, 3}}).size());
    }
}

TEST(Segment, AFlippedBitIsNeverTakenForARecord) {
    std::vector<Byte> records(500);
    for (std::size_t i = 0; i < records.size(); ++i) records[i] = static_cast<Byte>(i * 7);
    const std::vector<Byte> whole = file_of({records});
    Prng prng{3};
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        std::vector<Byte> bytes = whole;
        bytes[bit / 8] = static_cast<Byte>(bytes[bit / 8] ^ 1U << bit % 8);
        const auto read = read_segment(bytes, "web.flight");
        if (!read) {
            ++refused;
            EXPECT_EQ(read.error().message.find("web.flight: "), 0U);
            EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
            continue;
        }
        EXPECT_TRUE(read.value().records == records || read.value().cut) << bit;
    }
    EXPECT_GT(refused, whole.size() * 7);
}

TEST(Segment, AnotherFileIsNamed) {
    const std::string text = "%PDF-1.4 or anything else";
    const auto read =
        read_segment({reinterpret_cast<const Byte*>(text.data()), text.size()}, "x.flight");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message, "x.flight: no recording of this program");
}

}  // namespace
}  // namespace nlb::controlplane
