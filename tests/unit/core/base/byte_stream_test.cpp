// Runs of big-endian fields: what was written is read, and a reader never leaves its bytes.
#include "core/base/byte_stream.hpp"

#include <gtest/gtest.h>

namespace nlb::test {
namespace {

TEST(ByteStream, GivesBackWhatWasWrittenMostSignificantByteFirst) {
    ByteWriter writer;
    writer.u8(0x01);
    writer.u16(0x0203);
    writer.u32(0x04050607);
    writer.u64(0x08090a0b0c0d0e0fULL);
    writer.zeros(1);
    const std::vector<Byte> bytes = writer.take();
    ASSERT_EQ(bytes.size(), 16u);
    for (std::size_t at = 0; at < 15; ++at) EXPECT_EQ(bytes[at], at + 1);
    ByteReader reader(bytes);
    EXPECT_EQ(reader.u8(), 0x01);
    EXPECT_EQ(reader.u16(), 0x0203);
    EXPECT_EQ(reader.u32(), 0x04050607u);
    EXPECT_EQ(reader.u64(), 0x08090a0b0c0d0e0fULL);
    EXPECT_EQ(reader.rest().size(), 1u);
    EXPECT_TRUE(reader.ok());
}
TEST(ByteStream, AReaderPastItsEndYieldsZerosAndRemembersIt) {
    const std::vector<Byte> bytes{0xff, 0xff, 0xff};
    ByteReader reader(bytes);
    EXPECT_EQ(reader.u32(), 0u);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.left(), 0u);
    EXPECT_EQ(reader.u8(), 0u) << "what was left is gone too";
    EXPECT_FALSE(reader.ok());
}
TEST(ByteStream, OverwritingChangesTheNamedFieldOnly) {
    ByteWriter writer;
    writer.u32(0x11223344);
    writer.overwrite_u16(1, 0xabcd);
    EXPECT_EQ(writer.take(), (std::vector<Byte>{0x11, 0xab, 0xcd, 0x44}));
}

}  // namespace
}  // namespace nlb::test
