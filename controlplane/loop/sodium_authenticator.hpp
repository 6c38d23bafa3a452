// Tags of cluster frames: keyed BLAKE2b, 16 bytes, by libsodium. One key to send, former ones still
// accepted while keys rotate. Comparing tags in constant time is decode_frame's; keys never leave
// this object.
#pragma once

#include <vector>

#include "config/key_file.hpp"
#include "config/schema.hpp"
#include "core/base/result.hpp"
#include "core/wire/cluster_frames.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

// Thread: any, it never changes. Requires: libsodium is initialised.
class SodiumAuthenticator : public Authenticator {
public:
    // Frames are sent under `sending`; a frame under any of them is accepted.
    explicit SodiumAuthenticator(const config::ClusterKey& sending,
                                 const std::vector<config::ClusterKey>& former = {});

    [[nodiscard]] std::uint16_t sending_key() const override { return keys_.front().id; }
    [[nodiscard]] bool holds(std::uint16_t key_id) const override;
    [[nodiscard]] std::array<Byte, kTagBytes> tag(std::uint16_t key_id,
                                                  std::span<const Byte> bytes) const override;
    [[nodiscard]] SealKeys seal_keys() const override;

private:
    struct Key {
        std::uint16_t id;
        config::ClusterKey bytes;  // derived; wiped when it goes
        SealKey seal;
    };
    std::vector<Key> keys_;  // the sending one first
};

// What a cluster's key files give. An error names the file and the remedy.
struct ClusterSecrets {
    config::ClusterKey sending;
    std::vector<config::ClusterKey> former;
};
[[nodiscard]] Result<ClusterSecrets> read_secrets(const config::Cluster& cluster);

}  // namespace nlb::controlplane
