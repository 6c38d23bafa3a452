// The sealer of remote control's frames: XChaCha20-Poly1305 by libsodium, under keys derived from
// the key file of remote control, one for each direction, and one for cookies that is drawn when
// the object is made. Keys never leave it.
#pragma once

#include "config/key_file.hpp"
#include "core/remote/remote_frames.hpp"

namespace nlb::config {

// Thread: any, it never changes. Requires: libsodium is initialised.
class RemoteSealer : public remote::Sealer {
public:
    explicit RemoteSealer(const ClusterKey& key);

    void draw(std::span<Byte> into) const override;
    [[nodiscard]] std::vector<Byte> seal(remote::Way way, const remote::Nonce& nonce,
                                         std::span<const Byte> with,
                                         std::span<const Byte> plain) const override;
    [[nodiscard]] std::optional<std::vector<Byte>> open(
        remote::Way way, const remote::Nonce& nonce, std::span<const Byte> with,
        std::span<const Byte> sealed) const override;

private:
    [[nodiscard]] const ClusterKey& key_of(remote::Way way) const;

    ClusterKey to_host_;
    ClusterKey to_client_;
    ClusterKey cookie_;
};

// Makes libsodium ready; an error where it finds no source of random numbers. Thread: any.
[[nodiscard]] Status prepare_sealing();

}  // namespace nlb::config
