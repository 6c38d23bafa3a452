// BLAKE2b (RFC 7693) without a key, 32 bytes: the digest by which hosts see that they hold the same
// configuration. It is written here, and not taken from libsodium, so that what decides about
// configurations can be linked without it; a test compares the two. It guards no secret: keys and
// tags are libsodium's alone.
#pragma once

#include <array>
#include <span>

#include "core/base/types.hpp"

namespace nlb::config {

// RFC 7693 section 3.3 with kk = 0, nn = 32. Takes any length, allocates nothing.
[[nodiscard]] std::array<Byte, 32> blake2b_256(std::span<const Byte> bytes);

}  // namespace nlb::config
