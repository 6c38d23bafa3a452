// Names as in RFC 7693: v is the working vector, m the message block, h the state.
#include "config/blake2b.hpp"

#include <algorithm>
#include <bit>

namespace nlb::config {
namespace {

constexpr std::size_t kBlockBytes = 128;
constexpr std::size_t kRounds = 12;
constexpr std::size_t kDigestBytes = 32;
using State = std::array<std::uint64_t, 8>;
using Block = std::array<std::uint64_t, 16>;

// RFC 7693 section 2.6: the fractional parts of the square roots of the first eight primes.
constexpr State kInitial = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                            0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                            0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

// Section 2.7: which word of the block each mixing takes; rounds 10 and 11 begin anew.
constexpr std::array<std::array<std::uint8_t, 16>, 10> kSchedule = {{
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
}};

// Section 3.1.
void mix(Block& v, std::size_t a, std::size_t b, std::size_t c, std::size_t d, std::uint64_t x,
         std::uint64_t y) {
    v[a] += v[b] + x;
    v[d] = std::rotr(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = std::rotr(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = std::rotr(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = std::rotr(v[b] ^ v[c], 63);
}

Block words_of(std::span<const Byte> bytes) {
    std::array<Byte, kBlockBytes> padded{};
    std::copy(bytes.begin(), bytes.end(), padded.begin());
    Block words{};
    for (std::size_t i = 0; i < kBlockBytes; ++i)
        words[i / 8] |= std::uint64_t{padded[i]} << (8 * (i % 8));
    return words;
}

// Section 3.2. `total`: bytes up to the end of this block.
void compress(State& h, const Block& m, std::uint64_t total, bool last) {
    Block v{};
    std::copy(h.begin(), h.end(), v.begin());
    std::copy(kInitial.begin(), kInitial.end(), v.begin() + 8);
    v[12] ^= total;
    if (last) v[14] = ~v[14];
    for (std::size_t round = 0; round < kRounds; ++round) {
        const auto& s = kSchedule[round % kSchedule.size()];
        for (std::size_t i = 0; i < 4; ++i)
            mix(v, i, 4 + i, 8 + i, 12 + i, m[s[2 * i]], m[s[2 * i + 1]]);
        for (std::size_t i = 0; i < 4; ++i)
            mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[s[8 + 2 * i]],
                m[s[9 + 2 * i]]);
    }
    for (std::size_t i = 0; i < h.size(); ++i) h[i] ^= v[i] ^ v[i + 8];
}

}  // namespace

std::array<Byte, kDigestBytes> blake2b_256(std::span<const Byte> bytes) {
    State h = kInitial;
    h[0] ^= 0x01010000 ^ kDigestBytes;
    const std::uint64_t total = bytes.size();
    // The last block is compressed apart, also when it is a whole one or empty.
    while (bytes.size() > kBlockBytes) {
        const std::uint64_t done = total - bytes.size() + kBlockBytes;
        compress(h, words_of(bytes.first(kBlockBytes)), done, false);
        bytes = bytes.subspan(kBlockBytes);
    }
    compress(h, words_of(bytes), total, true);
    std::array<Byte, kDigestBytes> digest{};
    for (std::size_t i = 0; i < digest.size(); ++i)
        digest[i] = static_cast<Byte>(h[i / 8] >> (8 * (i % 8)));
    return digest;
}

}  // namespace nlb::config
