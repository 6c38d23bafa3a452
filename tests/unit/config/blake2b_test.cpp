// The digest against libsodium's, which shares no code with it, and against a value of RFC 7693's
// own algorithm as Python computes it.
#include "config/blake2b.hpp"

#include <gtest/gtest.h>
#include <sodium.h>
#include <vector>

#include "core/base/prng.hpp"

namespace nlb::config {
namespace {

// hashlib.blake2b(b"abc", digest_size=32).hexdigest()
TEST(Blake2b, ThePinnedValueHolds) {
    const std::array<Byte, 3> abc = {'a', 'b', 'c'};
    const auto digest = blake2b_256(abc);
    const std::array<Byte, 8> begin = {0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72};
    EXPECT_TRUE(std::equal(begin.begin(), begin.end(), digest.begin()));
}

TEST(Blake2b, EveryLengthOverSeveralBlocksIsAsLibsodiumHasIt) {
    Prng prng(1);
    std::vector<Byte> bytes;
    for (std::size_t length = 0; length <= 4 * 128 + 1; ++length) {
        std::array<Byte, 32> expected{};
        ASSERT_EQ(crypto_generichash(expected.data(), expected.size(), bytes.data(), bytes.size(),
                                     nullptr, 0),
                  0);
        ASSERT_EQ(blake2b_256(bytes), expected) << length << " bytes";
        bytes.push_back(static_cast<Byte>(prng.next()));
    }
}

}  // namespace
}  // namespace nlb::config
