// Keys are derived once; libsodium's generic hash is BLAKE2b.
#include "controlplane/loop/sodium_authenticator.hpp"

#include <algorithm>
#include <sodium.h>

#include "core/base/assert.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

SodiumAuthenticator::SodiumAuthenticator(const config::ClusterKey& sending,
                                         const std::vector<config::ClusterKey>& former) {
    const auto add = [this](const config::ClusterKey& key) {
        Key derived{config::key_id(key), {}, {config::derive_seal_key(key)}};
        derived.bytes.bytes = config::derive_heartbeat_key(key);
        keys_.push_back(derived);
    };
    keys_.reserve(former.size() + 1);
    add(sending);
    for (const config::ClusterKey& key : former) add(key);
}

bool SodiumAuthenticator::holds(std::uint16_t key_id) const {
    return std::any_of(keys_.begin(), keys_.end(),
                       [key_id](const Key& key) { return key.id == key_id; });
}

std::array<Byte, kTagBytes> SodiumAuthenticator::tag(std::uint16_t key_id,
                                                     std::span<const Byte> bytes) const {
    const auto key = std::find_if(keys_.begin(), keys_.end(),
                                  [key_id](const Key& one) { return one.id == key_id; });
    NLB_ASSERT(key != keys_.end());
    std::array<Byte, kTagBytes> tag{};
    const int result = crypto_generichash(tag.data(), tag.size(), bytes.data(), bytes.size(),
                                          key->bytes.bytes.data(), key->bytes.bytes.size());
    NLB_ASSERT(result == 0);
    return tag;
}

SealKeys SodiumAuthenticator::seal_keys() const {
    SealKeys seals;
    for (; seals.count < std::min(keys_.size(), kSealKeysMax); ++seals.count)
        seals.keys[seals.count] = keys_[seals.count].seal;
    return seals;
}

Result<ClusterSecrets> read_secrets(const config::Cluster& cluster) {
    ClusterSecrets secrets;
    const auto sending = config::read_key(cluster.key_file);
    if (!sending) return sending.error();
    secrets.sending = sending.value();
    for (const std::string& path : cluster.former_key_files) {
        const auto former = config::read_key(path);
        if (!former) return former.error();
        secrets.former.push_back(former.value());
    }
    return secrets;
}

}  // namespace nlb::controlplane
