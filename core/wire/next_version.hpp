// The version after this one, for tests that need hosts of two builds: with NLB_NEXT_VERSION a
// program speaks one version more, whose heartbeats bear one more field. Programs that are
// installed have none of it, as with NLB_MUTATIONS. For frame_codec.cpp alone.
#pragma once

#include "core/base/byte_stream.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

#ifdef NLB_NEXT_VERSION
inline constexpr std::uint8_t kNewestVersion = kFrameVersion + 1;

[[nodiscard]] inline std::uint32_t next_field(const FrameHeader& header) {
    return static_cast<std::uint32_t>(header.sequence) ^ header.incarnation.boot;
}
inline void write_next_field(ByteWriter& out, const FrameHeader& header) {
    if (header.version == kNewestVersion) out.u32(next_field(header));
}
[[nodiscard]] inline bool read_next_field(ByteReader& in, const FrameHeader& header) {
    return header.version != kNewestVersion || in.u32() == next_field(header);
}
#else
inline constexpr std::uint8_t kNewestVersion = kFrameVersion;

inline void write_next_field(ByteWriter&, const FrameHeader&) {}
[[nodiscard]] inline bool read_next_field(ByteReader&, const FrameHeader&) {
    return true;
}
#endif

}  // namespace nlb
