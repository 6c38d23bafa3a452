// Cuts a large TCP frame into segments that the wire takes, each with headers and checksums of its
// own: what an adapter does with segmentation offload, for those that have none. IPv4 and IPv6,
// with whatever options and extension headers the frame has. Thread: any.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/types.hpp"
#include "dataplane/tap/offload_notes.hpp"

namespace nlb::dataplane {

class Segments {
public:
    // Requires: notes.segment_bytes != 0, and `notes` are of this frame, which outlives it.
    Segments(std::span<const Byte> frame, const OffloadNotes& notes);

    // At least 1.
    [[nodiscard]] std::uint32_t count() const { return count_; }
    // The longest one, headers included.
    [[nodiscard]] std::size_t bytes_max() const;
    // Writes segment `index`; its length. Requires: index < count(), bytes_max() writable bytes.
    std::uint16_t write(std::uint32_t index, Byte* to) const;

private:
    void write_network(Byte* to, std::size_t length, std::uint32_t index) const;
    void write_transport(Byte* to, std::size_t length, std::uint32_t index) const;

    const std::span<const Byte> frame_;
    const OffloadNotes notes_;
    std::uint32_t count_;
};

}  // namespace nlb::dataplane
