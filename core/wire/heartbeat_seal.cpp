#include "core/wire/heartbeat_seal.hpp"

#include <algorithm>
#include <bit>

#include "core/base/endian.hpp"

namespace nlb {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t load_little_endian(const Byte* bytes) {
    return __builtin_bswap64(load_big_endian<std::uint64_t>(bytes));
}

// Fewer than eight bytes.
std::uint64_t load_rest(std::span<const Byte> bytes) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
    return word;
}

struct SipState {
    std::uint64_t v0, v1, v2, v3;

    explicit SipState(const SealKey& key)
        : v0(key.words[0] ^ 0x736f6d6570736575ULL),
          v1(key.words[1] ^ 0x646f72616e646f6dULL),
          v2(key.words[0] ^ 0x6c7967656e657261ULL),
          v3(key.words[1] ^ 0x7465646279746573ULL) {}

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
};

std::array<Byte, kSealBytes> seal_of(std::span<const Byte> body, const SealKey& key) {
    const std::uint64_t hash = siphash(key, body.first(kSealOffset));
    return {static_cast<Byte>(hash >> 16), static_cast<Byte>(hash >> 8), static_cast<Byte>(hash)};
}

}  // namespace

std::uint64_t siphash(const SealKey& key, std::span<const Byte> bytes) {
    SipState state(key);
    std::size_t at = 0;
    for (; at + kWord <= bytes.size(); at += kWord)
        state.take(load_little_endian(bytes.data() + at));
    state.take(std::uint64_t{bytes.size()} << 56 | load_rest(bytes.subspan(at)));
    state.v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

void seal(std::span<Byte> body, const SealKey& key) {
    const auto bytes = seal_of(body, key);
    std::copy(bytes.begin(), bytes.end(), body.begin() + kSealOffset);
}

bool is_sealed(std::span<const Byte> body, const SealKeys& keys) {
    const auto borne = body.subspan(kSealOffset, kSealBytes);
    for (std::size_t i = 0; i < std::min<std::uint64_t>(keys.count, kSealKeysMax); ++i) {
        const auto expected = seal_of(body, keys.keys[i]);
        if (std::equal(borne.begin(), borne.end(), expected.begin())) return true;
    }
    return false;
}

}  // namespace nlb
