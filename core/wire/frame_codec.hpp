// Cluster frames as bytes, and back. Decoding checks shape, key and tag, in this order, before it
// believes any field; it allocates only on success. It knows no peer and no time: what a
// well-formed frame means is the membership's to decide. The layout is drawn in
// core/wire/cluster_frames.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"
#include "core/wire/heartbeat_seal.hpp"

namespace nlb {

inline constexpr std::size_t kTagBytes = 16;

// Why a frame on the heartbeat's ethertype was refused; each is a label of
// nlb_heartbeats_rejected_total.
enum class FrameFault : std::uint8_t {
    none,
    truncated,
    magic,
    version,
    other_version,  // not read here, of a sender that speaks one that is read here, too
    type,
    key,
    tag,
    cluster,
    field,  // found by decoding, in this order
    own,
    replayed,
    unbelieved,
    buried_incarnation,
    unknown_host,
    config,  // found by the membership
};
[[nodiscard]] std::string_view name_of(FrameFault fault);
inline constexpr std::size_t kFrameFaults = 16;

// Makes and checks the 16-byte tag. The control plane's uses libsodium; simulators bring a cheaper
// one.
class Authenticator {
public:
    virtual ~Authenticator() = default;
    // The key that frames are sent under.
    [[nodiscard]] virtual std::uint16_t sending_key() const = 0;
    // Whether a key of that id is held (the present or a former one).
    [[nodiscard]] virtual bool holds(std::uint16_t key_id) const = 0;
    // Requires: holds(key_id).
    [[nodiscard]] virtual std::array<Byte, kTagBytes> tag(std::uint16_t key_id,
                                                          std::span<const Byte> bytes) const = 0;
    // What frames are sealed with, and may be sealed with; none where no cores stand before the
    // decoder.
    [[nodiscard]] virtual SealKeys seal_keys() const { return {}; }
};

struct DecodedFrame {
    FrameFault fault = FrameFault::none;
    ClusterFrame frame;  // meaningful when fault is none
};

// What a frame of this protocol says of itself before anything of it is verified: words for people,
// and a sign for a host that begins (R6). Whoever sent it may have made it up.
struct UnverifiedHeader {
    std::uint8_t version = 0;
    std::uint16_t key_id = 0;
    std::uint32_t cluster = 0;
    HostId host = kNoHost;  // kNoHost also for what is no host's id
    bool member = false;
};
// Nothing when the frame is too short, or none of this protocol.
[[nodiscard]] std::optional<UnverifiedHeader> read_unverified_header(std::span<const Byte> bytes);

// `bytes` begin after the Ethernet header; trailing padding is allowed. Frames of another cluster
// id have fault `cluster`, those that are not written by one of `versions` fault `version`, or
// `other_version` where the sender says that it can.
[[nodiscard]] DecodedFrame decode_frame(std::span<const Byte> bytes, std::uint32_t cluster,
                                        const Authenticator& authenticator,
                                        const FrameVersions& versions = frame_versions());
// At most kClusterFrameBytesMax; header.key_id is set to the sending key. Written by
// header.version.
[[nodiscard]] std::vector<Byte> encode_frame(const ClusterFrame& frame,
                                             const Authenticator& authenticator);

}  // namespace nlb
