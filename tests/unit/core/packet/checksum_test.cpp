// The Internet checksum (RFC 1071) and its update in place (RFC 1624).
#include "core/packet/checksum.hpp"

#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

TEST(Checksum, MatchesTheExampleOfRfc1071) {
    const std::vector<Byte> data{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    EXPECT_EQ(checksum_of(data.data(), data.size()), static_cast<std::uint16_t>(~0xddf2));
}
TEST(Checksum, OddLengthsArePaddedWithZero) {
    const std::vector<Byte> odd{1, 2, 3, 4, 5};
    const std::vector<Byte> even{1, 2, 3, 4, 5, 0};
    EXPECT_EQ(checksum_of(odd.data(), odd.size()), checksum_of(even.data(), even.size()));
}
TEST(Checksum, AgreesWithAWordByWordSum) {
    Prng random(9);
    for (int i = 0; i < 3000; ++i) {
        std::vector<Byte> data(random.below(200));
        for (Byte& byte : data)
            byte = random.chance(500'000) ? Byte{0xff} : static_cast<Byte>(random.next());
        std::uint32_t sum = 0;
        for (std::size_t at = 0; at < data.size(); ++at)
            sum += at % 2 == 0 ? std::uint32_t{data[at]} << 8 : data[at];
        while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
        ASSERT_EQ(checksum_of(data.data(), data.size()), static_cast<std::uint16_t>(~sum));
    }
}
TEST(Checksum, AdjustingEqualsRecomputing) {
    Prng random(10);
    for (int i = 0; i < 3000; ++i) {
        std::vector<Byte> data(40);
        for (Byte& byte : data) byte = static_cast<Byte>(random.next());
        const std::vector<Byte> before = data;
        for (std::size_t at = 8; at < 16; ++at) data[at] = static_cast<Byte>(random.next());
        EXPECT_EQ(checksum_adjust(checksum_of(before.data(), before.size()), before.data() + 8,
                                  data.data() + 8, 8),
                  checksum_of(data.data(), data.size()));
    }
}

}  // namespace
}  // namespace nlb::test
