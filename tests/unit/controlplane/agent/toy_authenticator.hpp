// Tags for tests of the agent, which must link without a cryptography library: several keys, each a
// number, and a mix that no accident passes. It protects nothing.
#pragma once

#include <algorithm>
#include <vector>

#include "core/base/endian.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane::testing {

class ToyAuthenticator : public Authenticator {
public:
    // The first one sends.
    explicit ToyAuthenticator(std::vector<std::uint16_t> keys) : keys_(std::move(keys)) {}

    [[nodiscard]] std::uint16_t sending_key() const override { return keys_.front(); }
    [[nodiscard]] bool holds(std::uint16_t key_id) const override {
        return std::find(keys_.begin(), keys_.end(), key_id) != keys_.end();
    }
    [[nodiscard]] std::array<Byte, kTagBytes> tag(std::uint16_t key_id,
                                                  std::span<const Byte> bytes) const override {
        std::uint64_t mixed = 0xcbf29ce484222325ULL ^ key_id;
        for (const Byte byte : bytes) mixed = (mixed ^ byte) * 0x100000001b3ULL;
        std::array<Byte, kTagBytes> tag{};
        store_big_endian(tag.data(), mixed);
        store_big_endian(tag.data() + 8, mixed * 0x9e3779b97f4a7c15ULL);
        return tag;
    }

private:
    std::vector<std::uint16_t> keys_;
};

}  // namespace nlb::controlplane::testing
