// A cheap keyed tag; see the header.
#include "tests/sim/cheap_authenticator.hpp"

#include <algorithm>

#include "core/base/endian.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::sim {

bool CheapAuthenticator::holds(std::uint16_t key_id) const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [key_id](const SimulatedKey& key) { return key.id == key_id; });
}

std::array<Byte, kTagBytes> CheapAuthenticator::tag(std::uint16_t key_id,
                                                    std::span<const Byte> bytes) const {
    const auto key = std::find_if(keys_.begin(), keys_.end(),
                                  [key_id](const SimulatedKey& one) { return one.id == key_id; });
    const std::uint64_t secret = key->secret;
    std::uint64_t a = secret ^ key_id;
    std::uint64_t b = ~secret + bytes.size();
    const auto mix = [&](std::uint64_t word) {
        a = (a ^ word) * 0x9e3779b97f4a7c15ULL;
        a ^= a >> 32;
        b = (b + a) * 0xbf58476d1ce4e5b9ULL;
        b ^= b >> 29;
    };
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) mix(load_big_endian<std::uint64_t>(bytes.data() + at));
    std::uint64_t rest = 0;
    for (; at < bytes.size(); ++at) rest = rest << 8 | bytes[at];
    mix(rest);
    std::array<Byte, kTagBytes> tag{};
    store_big_endian(tag.data(), a);
    store_big_endian(tag.data() + 8, b);
    return tag;
}

SealKeys CheapAuthenticator::seal_keys() const {
    SealKeys seals;
    for (const SimulatedKey& key : keys_) {
        if (seals.count == kSealKeysMax) break;
        seals.keys[seals.count++] = SealKey{{key.secret, ~key.secret}};
    }
    return seals;
}

}  // namespace nlb::sim
