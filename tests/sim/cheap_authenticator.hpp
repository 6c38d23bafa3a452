// A keyed tag that costs little: good enough that no simulated bit flip or forgery passes, and
// nothing more. Seals are the product's own.
#pragma once

#include <cstdint>
#include <vector>

#include "core/wire/cluster_frames.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::sim {

struct SimulatedKey {
    std::uint16_t id = 0;
    std::uint64_t secret = 0;
};

class CheapAuthenticator : public Authenticator {
public:
    // The first key is used to send, all are accepted. Requires: not none.
    explicit CheapAuthenticator(std::vector<SimulatedKey> keys) : keys_(std::move(keys)) {}
    [[nodiscard]] std::uint16_t sending_key() const override { return keys_.front().id; }
    [[nodiscard]] bool holds(std::uint16_t key_id) const override;
    [[nodiscard]] std::array<Byte, kTagBytes> tag(std::uint16_t key_id,
                                                  std::span<const Byte> bytes) const override;
    [[nodiscard]] SealKeys seal_keys() const override;

private:
    std::vector<SimulatedKey> keys_;
};

}  // namespace nlb::sim
