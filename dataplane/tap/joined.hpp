// TCP segments of one flow that follow one another become one large frame for the kernel, as an
// adapter with receive offload (GRO, LRO) gives them: its stack is passed once, not once for each.
// Joined is only what `Segments` cuts into the very same frames again, so whoever forwards or
// records them loses nothing: same headers, next sequence number, a payload of the same length but
// for the last, and a right checksum, because the kernel is told that it need not look. Frames
// with a tag, with IP options or extension headers, fragments, and all that is no plain TCP data
// go alone, and what a flow sent behind them goes behind them. Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/types.hpp"
#include "dataplane/tap/offload_notes.hpp"

namespace nlb::dataplane {

// Where the parts of a TCP frame begin, in bytes from its start.
struct TcpParts {
    std::uint16_t l4_offset;
    std::uint16_t payload_offset;
    std::uint16_t end;  // of IP's length: an adapter may have padded the frame
    bool is_data;       // nothing but ACK and PSH, and payload

    [[nodiscard]] std::uint16_t payload_bytes() const {
        return static_cast<std::uint16_t>(end - payload_offset);
    }
};
// Nothing: no whole TCP header right behind an Ethernet and an IP header without options.
[[nodiscard]] std::optional<TcpParts> tcp_parts_of(std::span<const Byte> frame);

// The frames of one turn, in their order.
class Joins {
public:
    static constexpr std::uint32_t kFramesMost = 64;
    static constexpr std::uint32_t kNone = kFramesMost;
    // Of a joined frame; the kernel takes 65,535 behind the Ethernet header.
    static constexpr std::uint32_t kBytesMax = 65'000;
    // So many flows are open at once; a further one closes the one that was opened first.
    static constexpr std::uint32_t kFlowsMost = 8;

    void clear() { count_ = open_ = 0; }
    // Of the frame with the next number. Empty: it goes alone. The bytes are looked at again until
    // clear(). Requires: fewer than kFramesMost were added since.
    void add(std::span<const Byte> frame);

    // Whether frame `i` begins what is written: alone, or with others behind it.
    [[nodiscard]] bool is_first(std::uint32_t i) const { return frames_[i].is_first; }
    // The frame whose payload goes behind that of frame `i`; kNone: the last one.
    [[nodiscard]] std::uint32_t behind(std::uint32_t i) const { return frames_[i].next; }
    // Requires: frame `i` is joined with others.
    [[nodiscard]] std::span<const Byte> payload_of(std::uint32_t i) const {
        const TcpParts& parts = frames_[i].parts;
        return frames_[i].bytes.subspan(parts.payload_offset, parts.payload_bytes());
    }

    // The headers of the large frame that begins with frame `first`, and what the kernel is told.
    struct Head {
        VirtioHeader note;
        std::array<Byte, 14 + 40 + 60> bytes;
        std::uint16_t count;
    };
    // Requires: is_first(first), and a frame is behind it.
    [[nodiscard]] Head head_of(std::uint32_t first) const;

private:
    struct Frame {
        std::span<const Byte> bytes;
        TcpParts parts;
        std::uint32_t next;
        bool is_first;
    };
    struct Flow {
        std::uint32_t first;
        std::uint32_t last;
        std::uint32_t frames;
        std::uint32_t total;  // bytes, headers included
    };
    [[nodiscard]] std::uint32_t find_flow(const Frame& frame) const;
    [[nodiscard]] bool follows(const Flow& flow, const Frame& frame) const;
    void open(std::uint32_t number);
    void close(std::uint32_t flow);

    std::array<Frame, kFramesMost> frames_;
    std::uint32_t count_ = 0;
    std::array<Flow, kFlowsMost> flows_;
    std::uint32_t open_ = 0;
};

}  // namespace nlb::dataplane
