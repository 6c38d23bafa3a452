// What a kernel leaves to a device when it sends through a tap, and what a device tells a kernel:
// checksums that are not written yet, and TCP frames that are to be cut into segments. The same
// facts as a header on the file descriptor (virtio 1.1, section 5.1.6) and as words in a DPDK
// buffer. It changes no frame. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <rte_mbuf.h>
#include <span>

#include "core/base/types.hpp"

namespace nlb::dataplane {

// What stands before each frame on the descriptor, in the machine's byte order
// (<linux/virtio_net.h> is no C++). Fields are the specification's: flags, gso_type, hdr_len,
// gso_size, csum_start, csum_offset.
struct VirtioHeader {
    std::uint8_t flags = 0;
    std::uint8_t gso_type = 0;
    std::uint16_t header_bytes = 0;
    std::uint16_t segment_bytes = 0;  // of payload
    std::uint16_t checksum_start = 0;
    std::uint16_t checksum_offset = 0;  // from checksum_start
};
static_assert(sizeof(VirtioHeader) == 10);
inline constexpr std::uint8_t kNeedsChecksum = 1;  // in flags
inline constexpr std::uint8_t kGsoNone = 0;        // in gso_type
inline constexpr std::uint8_t kGsoTcpV4 = 1;
inline constexpr std::uint8_t kGsoTcpV6 = 4;
inline constexpr std::uint8_t kGsoEcn = 0x80;  // with one of these

// Of a frame whose TCP or UDP checksum holds the pseudo header's sum alone.
struct OffloadNotes {
    std::uint8_t ip_version = 0;
    std::uint8_t protocol = 0;
    std::uint16_t l3_offset = 0;  // bytes from the start of the frame
    std::uint16_t l4_offset = 0;
    std::uint16_t payload_offset = 0;
    std::uint16_t segment_bytes = 0;  // of payload in each segment; 0: the frame is sent as it is
    bool operator==(const OffloadNotes&) const = default;

    // Of the checksum, from the start of the frame.
    [[nodiscard]] std::uint16_t checksum_at() const;
};

// Which notes a port takes with a frame. What it does not take has to be done before.
struct Offloads {
    bool checksums = false;  // of TCP and UDP, over IPv4 and IPv6
    bool segments = false;   // of TCP over IPv4 and IPv6, with their checksums
    [[nodiscard]] bool take(const OffloadNotes& notes) const {
        return notes.segment_bytes != 0 ? segments : checksums;
    }
};

// Whether the header asks for anything at all.
[[nodiscard]] inline bool asks(const VirtioHeader& header) {
    return (header.flags & kNeedsChecksum) != 0 || header.gso_type != kGsoNone;
}

// From what a kernel says of a frame. Nothing: header and frame contradict each other, or it is no
// TCP or UDP. `frame`: from the Ethernet header on. Requires: asks(header).
[[nodiscard]] std::optional<OffloadNotes> notes_of(const VirtioHeader& header,
                                                   std::span<const Byte> frame);
// What a kernel is told. `frame`: at least up to the payload.
[[nodiscard]] VirtioHeader header_of(const OffloadNotes& notes, std::span<const Byte> frame);

// Into and out of a buffer's words. Nothing: the buffer has none.
void put_notes(rte_mbuf& buffer, const OffloadNotes& notes);
[[nodiscard]] std::optional<OffloadNotes> notes_in(const rte_mbuf& buffer);

// The one's complement sum that a kernel left to the device, of any protocol: whole, from `start`
// to the end, into the word at `start` + `offset`. False: that word is not in the frame.
[[nodiscard]] bool complete_checksum(std::span<Byte> frame, std::size_t start, std::size_t offset);

}  // namespace nlb::dataplane
