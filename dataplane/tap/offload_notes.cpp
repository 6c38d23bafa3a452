// Headers are read, and believed only as far as they agree with what the kernel says of them.
#include "dataplane/tap/offload_notes.hpp"

#include <cstddef>

#include "core/base/endian.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::size_t kTagsMax = 2;
constexpr std::uint8_t kCongestionWindowReduced = 0x80;
// mbuf: l2_len has 7 bits, l3_len 9, l4_len 8
constexpr std::size_t kL3BytesMax = 511;

// Where the IP header begins, and which it is.
struct Network {
    std::uint16_t offset;
    std::uint8_t version;
};

std::optional<Network> network_of(std::span<const Byte> frame) {
    std::size_t at = 2 * sizeof(MacAddress);
    for (std::size_t tags = 0; tags <= kTagsMax; ++tags, at += kVlanTagBytes) {
        if (frame.size() < at + 2) return std::nullopt;
        const auto ethertype = load_big_endian<std::uint16_t>(frame.data() + at);
        if (ethertype == kEthertypeIpv4) return Network{static_cast<std::uint16_t>(at + 2), 4};
        if (ethertype == kEthertypeIpv6) return Network{static_cast<std::uint16_t>(at + 2), 6};
        if (ethertype != kEthertypeVlan && ethertype != kEthertypeServiceVlan) break;
    }
    return std::nullopt;
}

// 0: the header of that protocol is not whole, or it is none of these.
std::size_t transport_bytes(std::span<const Byte> frame, std::size_t at, std::uint8_t protocol) {
    if (protocol == kProtocolUdp) return frame.size() < at + sizeof(UdpHeader) ? 0 : 8;
    if (frame.size() < at + sizeof(TcpHeader)) return 0;
    const std::size_t bytes =
        std::size_t{frame[at + offsetof(TcpHeader, data_offset)]} / 16 * sizeof(be32);
    return bytes < sizeof(TcpHeader) || frame.size() < at + bytes ? 0 : bytes;
}

// The kernel's word for IPv6 extension headers, and its checksum's place, tell the protocol.
std::optional<std::uint8_t> protocol_of(const VirtioHeader& header) {
    if (header.checksum_offset == offsetof(TcpHeader, checksum)) return kProtocolTcp;
    if (header.checksum_offset == offsetof(UdpHeader, checksum)) return kProtocolUdp;
    return std::nullopt;
}

std::uint16_t narrow(std::size_t value) {
    return static_cast<std::uint16_t>(value);
}

}  // namespace

std::uint16_t OffloadNotes::checksum_at() const {
    return narrow(l4_offset + (protocol == kProtocolTcp ? offsetof(TcpHeader, checksum)
                                                        : offsetof(UdpHeader, checksum)));
}

std::optional<OffloadNotes> notes_of(const VirtioHeader& header, std::span<const Byte> frame) {
    if ((header.flags & kNeedsChecksum) == 0) return std::nullopt;
    const auto network = network_of(frame);
    const auto protocol = protocol_of(header);
    if (!network || !protocol) return std::nullopt;
    const std::size_t l3 = network->offset;
    const std::size_t l4 = header.checksum_start;
    const std::size_t l3_least = network->version == 4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
    if (l4 < l3 + l3_least || l4 - l3 > kL3BytesMax) return std::nullopt;
    if (network->version == 4 && (frame.size() <= l3 || l4 - l3 != (frame[l3] & 0x0fU) * 4U ||
                                  frame[l3 + offsetof(Ipv4Header, protocol)] != *protocol))
        return std::nullopt;
    const std::size_t l4_bytes = transport_bytes(frame, l4, *protocol);
    if (l4_bytes == 0) return std::nullopt;
    OffloadNotes notes{network->version, *protocol, narrow(l3), narrow(l4), narrow(l4 + l4_bytes)};
    const auto kind = static_cast<std::uint8_t>(header.gso_type & ~kGsoEcn);
    if (kind == kGsoNone) return notes;
    const bool agrees =
        *protocol == kProtocolTcp && kind == (network->version == 4 ? kGsoTcpV4 : kGsoTcpV6);
    if (!agrees || header.segment_bytes == 0) return std::nullopt;
    notes.segment_bytes = header.segment_bytes;
    return notes;
}

VirtioHeader header_of(const OffloadNotes& notes, std::span<const Byte> frame) {
    VirtioHeader header{};
    header.flags = kNeedsChecksum;
    header.checksum_start = notes.l4_offset;
    header.checksum_offset = narrow(notes.checksum_at() - notes.l4_offset);
    header.header_bytes = notes.payload_offset;
    if (notes.segment_bytes == 0) return header;
    header.segment_bytes = notes.segment_bytes;
    header.gso_type = notes.ip_version == 4 ? kGsoTcpV4 : kGsoTcpV6;
    const std::uint8_t flags = frame[notes.l4_offset + offsetof(TcpHeader, flags)];
    if ((flags & kCongestionWindowReduced) != 0) header.gso_type |= kGsoEcn;
    return header;
}

void put_notes(rte_mbuf& buffer, const OffloadNotes& notes) {
    buffer.ol_flags |=
        notes.protocol == kProtocolTcp ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM;
    buffer.ol_flags |= notes.ip_version == 4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
    buffer.l2_len = notes.l3_offset & 0x7fU;
    buffer.l3_len = static_cast<std::uint16_t>(notes.l4_offset - notes.l3_offset) & 0x1ffU;
    buffer.l4_len = static_cast<std::uint8_t>(notes.payload_offset - notes.l4_offset);
    buffer.tso_segsz = notes.segment_bytes;
    if (notes.segment_bytes == 0) return;
    buffer.ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
    // Each segment has an IPv4 header of its own.
    if (notes.ip_version == 4) buffer.ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
}

std::optional<OffloadNotes> notes_in(const rte_mbuf& buffer) {
    const std::uint64_t which = buffer.ol_flags & RTE_MBUF_F_TX_L4_MASK;
    if (which != RTE_MBUF_F_TX_TCP_CKSUM && which != RTE_MBUF_F_TX_UDP_CKSUM) return std::nullopt;
    const std::size_t l3 = buffer.l2_len;
    const std::size_t l4 = l3 + buffer.l3_len;
    return OffloadNotes{
        static_cast<std::uint8_t>((buffer.ol_flags & RTE_MBUF_F_TX_IPV4) != 0 ? 4 : 6),
        which == RTE_MBUF_F_TX_TCP_CKSUM ? kProtocolTcp : kProtocolUdp,
        narrow(l3),
        narrow(l4),
        narrow(l4 + buffer.l4_len),
        (buffer.ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0 ? narrow(buffer.tso_segsz)
                                                       : std::uint16_t{0}};
}

bool complete_checksum(std::span<Byte> frame, std::size_t start, std::size_t offset) {
    if (start + offset + sizeof(be16) > frame.size()) return false;
    const std::uint16_t checksum = checksum_of(frame.data() + start, frame.size() - start);
    // UDP writes no zero (RFC 768); elsewhere both mean the same.
    store_big_endian(frame.data() + start + offset,
                     checksum == 0 ? std::uint16_t{0xffff} : checksum);
    return true;
}

}  // namespace nlb::dataplane
