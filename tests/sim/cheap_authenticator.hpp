// A keyed tag that costs little: good enough that no simulated bit flip or forgery passes, and
// nothing more.
#pragma once

#include <cstdint>

#include "core/wire/cluster_frames.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::sim {

inline constexpr std::uint16_t kSimulatedKey = 7;

class CheapAuthenticator final : public Authenticator {
public:
    explicit CheapAuthenticator(std::uint64_t secret) : secret_(secret) {}
    [[nodiscard]] std::uint16_t sending_key() const override { return kSimulatedKey; }
    [[nodiscard]] bool holds(std::uint16_t key_id) const override {
        return key_id == kSimulatedKey;
    }
    [[nodiscard]] std::array<Byte, kTagBytes> tag(std::uint16_t key_id,
                                                  std::span<const Byte> bytes) const override;

private:
    std::uint64_t secret_;
};

}  // namespace nlb::sim
