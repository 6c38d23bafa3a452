// As Linux does it (net/ipv4/tcp_offload.c), by RFC 9293 and RFC 6864: identifications count up,
// FIN and PSH are the last segment's, CWR is the first one's (RFC 3168, 6.1.2).
#include "dataplane/tap/segments.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::uint8_t kFinPush = 0x09;
constexpr std::uint8_t kCongestionWindowReduced = 0x80;

template <class Word>
void add_to(Byte* at, std::uint32_t more) {
    store_big_endian(at, static_cast<Word>(load_big_endian<Word>(at) + more));
}

}  // namespace

Segments::Segments(std::span<const Byte> frame, const OffloadNotes& notes)
    : frame_(frame), notes_(notes) {
    NLB_ASSERT(notes.segment_bytes != 0 && notes.payload_offset <= frame.size());
    const std::size_t payload = frame.size() - notes.payload_offset;
    count_ = std::max<std::uint32_t>(
        1, static_cast<std::uint32_t>((payload + notes.segment_bytes - 1) / notes.segment_bytes));
}

std::size_t Segments::bytes_max() const {
    return std::min<std::size_t>(frame_.size(),
                                 std::size_t{notes_.payload_offset} + notes_.segment_bytes);
}

std::uint16_t Segments::write(std::uint32_t index, Byte* to) const {
    const std::size_t head = notes_.payload_offset;
    const std::size_t from = head + std::size_t{index} * notes_.segment_bytes;
    const std::size_t bytes = std::min<std::size_t>(notes_.segment_bytes, frame_.size() - from);
    std::memcpy(to, frame_.data(), head);
    std::memcpy(to + head, frame_.data() + from, bytes);
    const std::size_t length = head + bytes;
    write_network(to, length, index);
    write_transport(to, length, index);
    return static_cast<std::uint16_t>(length);
}

void Segments::write_network(Byte* to, std::size_t length, std::uint32_t index) const {
    Byte* const ip = to + notes_.l3_offset;
    const std::size_t bytes = length - notes_.l3_offset;
    if (notes_.ip_version == 6) {
        store_big_endian(ip + offsetof(Ipv6Header, payload_length),
                         static_cast<std::uint16_t>(bytes - sizeof(Ipv6Header)));
        return;
    }
    store_big_endian(ip + offsetof(Ipv4Header, total_length), static_cast<std::uint16_t>(bytes));
    add_to<std::uint16_t>(ip + offsetof(Ipv4Header, identification), index);
    store_big_endian(ip + offsetof(Ipv4Header, checksum), std::uint16_t{0});
    store_big_endian(ip + offsetof(Ipv4Header, checksum),
                     checksum_of(ip, std::size_t{notes_.l4_offset} - notes_.l3_offset));
}

void Segments::write_transport(Byte* to, std::size_t length, std::uint32_t index) const {
    Byte* const ip = to + notes_.l3_offset;
    Byte* const tcp = to + notes_.l4_offset;
    add_to<std::uint32_t>(tcp + offsetof(TcpHeader, sequence),
                          index * std::uint32_t{notes_.segment_bytes});
    if (index != 0) tcp[offsetof(TcpHeader, flags)] &= static_cast<Byte>(~kCongestionWindowReduced);
    if (index + 1 != count_) tcp[offsetof(TcpHeader, flags)] &= static_cast<Byte>(~kFinPush);
    const std::size_t bytes = length - notes_.l4_offset;
    const auto address = [&](std::size_t v4, std::size_t v6) {
        return notes_.ip_version == 4 ? mapped_from(ip + v4) : load_header<IpAddress>(ip + v6);
    };
    const std::uint64_t pseudo = pseudo_header_sum(
        address(offsetof(Ipv4Header, source), offsetof(Ipv6Header, source)),
        address(offsetof(Ipv4Header, destination), offsetof(Ipv6Header, destination)), kProtocolTcp,
        bytes);
    store_big_endian(tcp + offsetof(TcpHeader, checksum), std::uint16_t{0});
    store_big_endian(tcp + offsetof(TcpHeader, checksum),
                     checksum_finish(checksum_add(pseudo, tcp, bytes)));
}

}  // namespace nlb::dataplane
