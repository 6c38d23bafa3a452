// What a recording leaves out of what the two programs say to each other: keys, what follows from
// keys (tags, seals, the hash key), and whatever a frame holds that nothing here follows from. What
// is left out is zeros, so that lengths stay.
#pragma once

#include <span>
#include <vector>

#include "core/base/fnv.hpp"
#include "core/base/types.hpp"
#include "core/ipc/messages.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

// A frame that the dataplane punted, as far as an agent reads it; `verdict`: what decoding it came
// to, none also of what is no cluster frame. A refused frame keeps its header. Decoded under keys
// that call its tag right or wrong as they were, it comes to the same.
[[nodiscard]] std::vector<Byte> without_secrets(std::span<const Byte> frame, FrameFault verdict);

// A message to the dataplane, whatever of it does not follow from a key.
void add_output(Fnv1a& digest, std::span<const Byte> datagram);

// The sender and the kind of a cluster frame, by its own word: frames that are alike. 0: it is
// none.
[[nodiscard]] std::uint32_t likeness_of(std::span<const Byte> frame);

}  // namespace nlb::controlplane
