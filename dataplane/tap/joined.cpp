// The conditions are those of Linux (net/ipv4/tcp_offload.c, net/core/gro.c), none of them weaker.
#include "dataplane/tap/joined.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::size_t kL3 = 14;
constexpr std::uint8_t kPush = 0x08;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint8_t kPlainIpv4 = 0x45;

template <class Word>
Word word_at(std::span<const Byte> frame, std::size_t offset) {
    return load_big_endian<Word>(frame.data() + offset);
}

bool is_v4(std::span<const Byte> frame) {
    return word_at<std::uint16_t>(frame, kL3 - 2) == kEthertypeIpv4;
}

bool same(std::span<const Byte> one, std::span<const Byte> other, std::size_t from,
          std::size_t to) {
    return std::memcmp(one.data() + from, other.data() + from, to - from) == 0;
}

// Both addresses and both ports lie side by side.
bool same_flow(std::span<const Byte> one, std::span<const Byte> other, std::size_t l4_offset) {
    const std::size_t addresses = is_v4(one) ? 2 * sizeof(be32) : 2 * sizeof(IpAddress);
    return same(one, other, 0, kL3) &&
           same(one, other, l4_offset - addresses, l4_offset + 2 * sizeof(be16));
}

std::uint64_t pseudo_sum(std::span<const Byte> frame, std::size_t l4_bytes) {
    const Byte* const ip = frame.data() + kL3;
    const auto address = [&](std::size_t v4, std::size_t v6) {
        return is_v4(frame) ? mapped_from(ip + v4) : load_header<IpAddress>(ip + v6);
    };
    return pseudo_header_sum(
        address(offsetof(Ipv4Header, source), offsetof(Ipv6Header, source)),
        address(offsetof(Ipv4Header, destination), offsetof(Ipv6Header, destination)), kProtocolTcp,
        l4_bytes);
}

bool checksums_hold(std::span<const Byte> frame, const TcpParts& parts) {
    const std::size_t bytes = std::size_t{parts.end} - parts.l4_offset;
    if (is_v4(frame) && !ipv4_checksum_holds(frame.data() + kL3, sizeof(Ipv4Header))) return false;
    return checksum_finish(
               checksum_add(pseudo_sum(frame, bytes), frame.data() + parts.l4_offset, bytes)) == 0;
}

// What the IP headers say besides addresses and length. `distance`: how many frames lie between.
bool same_network(std::span<const Byte> first, std::span<const Byte> next, std::uint32_t distance) {
    constexpr std::size_t kFragment = kL3 + offsetof(Ipv4Header, fragment);
    constexpr std::size_t kIdentification = kL3 + offsetof(Ipv4Header, identification);
    if (!is_v4(first))
        return same(first, next, kL3, kL3 + offsetof(Ipv6Header, payload_length)) &&
               same(first, next, kL3 + offsetof(Ipv6Header, next_header),
                    kL3 + offsetof(Ipv6Header, source));
    // Of frames that may not be fragmented it says nothing (RFC 6864, section 4.1).
    const bool in_order =
        word_at<std::uint16_t>(first, kFragment) == kDontFragment ||
        word_at<std::uint16_t>(next, kIdentification) ==
            static_cast<std::uint16_t>(word_at<std::uint16_t>(first, kIdentification) + distance);
    return in_order && same(first, next, kL3, kL3 + offsetof(Ipv4Header, total_length)) &&
           same(first, next, kFragment, kL3 + offsetof(Ipv4Header, checksum));
}

bool same_transport(std::span<const Byte> first, std::span<const Byte> next,
                    const TcpParts& parts) {
    const auto at = [&](std::size_t offset) { return parts.l4_offset + offset; };
    const auto but_push = [&](std::span<const Byte> frame) {
        return frame[at(offsetof(TcpHeader, flags))] & ~kPush;
    };
    return but_push(first) == but_push(next) &&
           same(first, next, at(offsetof(TcpHeader, acknowledgement)),
                at(offsetof(TcpHeader, flags))) &&
           same(first, next, at(offsetof(TcpHeader, window)), at(offsetof(TcpHeader, checksum))) &&
           same(first, next, at(sizeof(TcpHeader)), parts.payload_offset);
}

}  // namespace

std::optional<TcpParts> tcp_parts_of(std::span<const Byte> frame) {
    if (frame.size() < kL3 + sizeof(Ipv4Header) + sizeof(TcpHeader)) return std::nullopt;
    const Byte* const ip = frame.data() + kL3;
    std::size_t l4 = 0;
    std::size_t end = kL3;
    if (is_v4(frame)) {
        const auto fragment = load_big_endian<std::uint16_t>(ip + offsetof(Ipv4Header, fragment));
        if (ip[0] != kPlainIpv4 || ip[offsetof(Ipv4Header, protocol)] != kProtocolTcp ||
            (fragment & ~kDontFragment) != 0)
            return std::nullopt;
        l4 = kL3 + sizeof(Ipv4Header);
        end += load_big_endian<std::uint16_t>(ip + offsetof(Ipv4Header, total_length));
    } else {
        if (word_at<std::uint16_t>(frame, kL3 - 2) != kEthertypeIpv6 ||
            ip[offsetof(Ipv6Header, next_header)] != kProtocolTcp)
            return std::nullopt;
        l4 = kL3 + sizeof(Ipv6Header);
        end += sizeof(Ipv6Header) +
               load_big_endian<std::uint16_t>(ip + offsetof(Ipv6Header, payload_length));
    }
    if (end > frame.size() || end < l4 + sizeof(TcpHeader)) return std::nullopt;
    const Byte* const tcp = frame.data() + l4;
    const std::size_t header = std::size_t{tcp[offsetof(TcpHeader, data_offset)]} / 16 * 4;
    if (header < sizeof(TcpHeader) || l4 + header > end) return std::nullopt;
    const bool plain = (tcp[offsetof(TcpHeader, flags)] & ~kPush) == kTcpAck &&
                       load_big_endian<std::uint16_t>(tcp + offsetof(TcpHeader, urgent)) == 0;
    return TcpParts{static_cast<std::uint16_t>(l4), static_cast<std::uint16_t>(l4 + header),
                    static_cast<std::uint16_t>(end), plain && l4 + header < end};
}

void Joins::add(std::span<const Byte> bytes) {
    NLB_ASSERT(count_ < kFramesMost);
    Frame& frame = frames_[count_++];
    frame = {bytes, {}, kNone, true};
    const auto parts = tcp_parts_of(bytes);
    if (!parts) return;
    frame.parts = *parts;
    const std::uint32_t number = count_ - 1;
    const std::uint32_t at = find_flow(frame);
    if (at == open_) return parts->is_data ? open(number) : void();
    Flow& flow = flows_[at];
    if (!follows(flow, frame)) {
        close(at);
        return parts->is_data ? open(number) : void();
    }
    frame.is_first = false;
    frames_[flow.last].next = number;
    flow.last = number;
    ++flow.frames;
    flow.total += parts->payload_bytes();
}

std::uint32_t Joins::find_flow(const Frame& frame) const {
    std::uint32_t at = 0;
    for (; at < open_; ++at) {
        const Frame& first = frames_[flows_[at].first];
        if (first.parts.l4_offset == frame.parts.l4_offset &&
            same_flow(first.bytes, frame.bytes, frame.parts.l4_offset))
            break;
    }
    return at;
}

// The cheap questions first. The first frame's checksum is asked for when a second one comes.
bool Joins::follows(const Flow& flow, const Frame& frame) const {
    const Frame& first = frames_[flow.first];
    const Frame& last = frames_[flow.last];
    const std::uint16_t payload = first.parts.payload_bytes();
    const std::size_t sequence_at = frame.parts.l4_offset + offsetof(TcpHeader, sequence);
    const std::uint32_t passed = flow.frames * payload;
    if (!frame.parts.is_data || frame.parts.payload_offset != first.parts.payload_offset ||
        last.parts.payload_bytes() != payload || frame.parts.payload_bytes() > payload ||
        flow.total + frame.parts.payload_bytes() > kBytesMax ||
        (last.bytes[last.parts.l4_offset + offsetof(TcpHeader, flags)] & kPush) != 0 ||
        word_at<std::uint32_t>(frame.bytes, sequence_at) !=
            word_at<std::uint32_t>(first.bytes, sequence_at) + passed)
        return false;
    return same_network(first.bytes, frame.bytes, flow.frames) &&
           same_transport(first.bytes, frame.bytes, first.parts) &&
           (flow.frames > 1 || checksums_hold(first.bytes, first.parts)) &&
           checksums_hold(frame.bytes, frame.parts);
}

void Joins::open(std::uint32_t number) {
    if (open_ == kFlowsMost) close(0);
    flows_[open_++] = {number, number, 1, frames_[number].parts.end};
}

void Joins::close(std::uint32_t flow) {
    std::copy(flows_.begin() + flow + 1, flows_.begin() + open_, flows_.begin() + flow);
    --open_;
}

Joins::Head Joins::head_of(std::uint32_t first) const {
    const Frame& begin = frames_[first];
    std::size_t payload = 0;
    std::uint32_t last = first;
    for (std::uint32_t i = first; i != kNone; last = i, i = frames_[i].next)
        payload += frames_[i].parts.payload_bytes();
    Head head{};
    head.count = begin.parts.payload_offset;
    std::memcpy(head.bytes.data(), begin.bytes.data(), head.count);
    Byte* const ip = head.bytes.data() + kL3;
    Byte* const tcp = head.bytes.data() + begin.parts.l4_offset;
    const std::size_t l3_bytes = head.count - kL3 + payload;
    const std::size_t l4_bytes = head.count - begin.parts.l4_offset + payload;
    const bool v4 = is_v4(begin.bytes);
    if (v4) {
        store_big_endian(ip + offsetof(Ipv4Header, total_length),
                         static_cast<std::uint16_t>(l3_bytes));
        store_big_endian(ip + offsetof(Ipv4Header, checksum), std::uint16_t{0});
        store_big_endian(ip + offsetof(Ipv4Header, checksum), checksum_of(ip, sizeof(Ipv4Header)));
    } else {
        store_big_endian(ip + offsetof(Ipv6Header, payload_length),
                         static_cast<std::uint16_t>(l4_bytes));
    }
    const Frame& end = frames_[last];
    const Byte last_flags = end.bytes[end.parts.l4_offset + offsetof(TcpHeader, flags)];
    tcp[offsetof(TcpHeader, flags)] |= static_cast<Byte>(last_flags & kPush);
    store_big_endian(
        tcp + offsetof(TcpHeader, checksum),
        static_cast<std::uint16_t>(~checksum_finish(pseudo_sum(begin.bytes, l4_bytes))));
    const OffloadNotes notes{static_cast<std::uint8_t>(v4 ? 4 : 6),
                             kProtocolTcp,
                             kL3,
                             begin.parts.l4_offset,
                             head.count,
                             begin.parts.payload_bytes()};
    head.note = header_of(notes, {head.bytes.data(), head.count});
    return head;
}

}  // namespace nlb::dataplane
