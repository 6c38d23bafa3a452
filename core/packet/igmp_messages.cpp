// Messages of eight bytes for versions 1 and 2, reports with one group record for version 3.
#include "core/packet/igmp_messages.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/parse_network.hpp"

namespace nlb {
namespace {

constexpr std::uint8_t kTypeReportV1 = 0x12;
constexpr std::uint8_t kTypeReportV2 = 0x16;
constexpr std::uint8_t kTypeLeave = 0x17;
constexpr std::uint8_t kTypeReportV3 = 0x22;
constexpr std::uint8_t kRecordIsExclude = 2;
constexpr std::uint8_t kRecordToInclude = 3;
constexpr std::uint8_t kRecordToExclude = 4;
constexpr std::uint32_t kAllRouters = 0xe000'0002;
constexpr std::uint32_t kAllIgmpV3Routers = 0xe000'0016;
constexpr std::size_t kShortBytes = 8;     // of a message of versions 1 and 2
constexpr std::size_t kQueryV3Bytes = 12;  // at least
constexpr std::size_t kReportV3Bytes = 16;
constexpr std::uint8_t kInternetworkControl = 0xc0;
constexpr std::uint32_t kRouterAlert = 0x9404'0000;  // RFC 2113
constexpr Duration kTenth = std::chrono::milliseconds{100};
constexpr Duration kResponseV1 = std::chrono::seconds{10};
constexpr std::size_t kFrameBytesMin = 60;

// RFC 3376 4.1.1: from 128 on a floating point number.
std::int64_t tenths_of(std::uint8_t code) {
    if (code < 128) return code;
    return std::int64_t{(code & 0x0f) | 0x10} << ((code >> 4 & 7) + 3);
}

std::optional<IgmpQuery> query_of(const Byte* message, std::size_t bytes) {
    if (bytes < kShortBytes || message[0] != kIgmpQuery || checksum_of(message, bytes) != 0)
        return std::nullopt;
    const auto group = load_big_endian<std::uint32_t>(message + 4);
    if (bytes >= kQueryV3Bytes)
        return IgmpQuery{IgmpVersion::v3, kTenth * tenths_of(message[1]), group};
    if (bytes != kShortBytes) return std::nullopt;
    if (message[1] == 0) return IgmpQuery{IgmpVersion::v1, kResponseV1, 0};
    return IgmpQuery{IgmpVersion::v2, kTenth * message[1], group};
}

std::vector<Byte> body_of(IgmpMessage message, std::uint32_t group) {
    const auto record = [&](std::uint8_t type) {
        std::vector<Byte> body(kReportV3Bytes);
        body[0] = kTypeReportV3;
        body[7] = 1;
        body[8] = type;
        store_big_endian(body.data() + 12, group);
        return body;
    };
    const auto plain = [&](std::uint8_t type) {
        std::vector<Byte> body(kShortBytes);
        body[0] = type;
        store_big_endian(body.data() + 4, group);
        return body;
    };
    switch (message) {
        case IgmpMessage::report_v1:
            return plain(kTypeReportV1);
        case IgmpMessage::report_v2:
            return plain(kTypeReportV2);
        case IgmpMessage::leave_v2:
            return plain(kTypeLeave);
        case IgmpMessage::report_v3:
            return record(kRecordIsExclude);
        case IgmpMessage::join_v3:
            return record(kRecordToExclude);
        case IgmpMessage::leave_v3:
            break;
    }
    return record(kRecordToInclude);
}

std::uint32_t destination_of(IgmpMessage message, std::uint32_t group) {
    if (message == IgmpMessage::leave_v2) return kAllRouters;
    return message == IgmpMessage::report_v1 || message == IgmpMessage::report_v2
               ? group
               : kAllIgmpV3Routers;
}

}  // namespace

std::optional<IgmpQuery> read_igmp_query(std::span<const Byte> frame) {
    if (frame.size() > 0xffff) return std::nullopt;
    const auto length = static_cast<std::uint16_t>(frame.size());
    const Frame whole{const_cast<Byte*>(frame.data()), length, length};  // the parser only reads
    const LinkLayer link = parse_link(whole);
    if (link.reason != Reason::live || link.ethertype != kEthertypeIpv4) return std::nullopt;
    PacketInfo info{};
    info.l3_offset = link.l3_offset;
    if (parse_ipv4(whole, info) != Reason::live || info.protocol != kProtocolIgmp ||
        info.traits != kTraitNoPorts)
        return std::nullopt;
    const auto ip = load_header<Ipv4Header>(frame.data() + info.l3_offset);
    return query_of(frame.data() + info.l4_offset,
                    info.l3_offset + std::size_t{ip.total_length.host()} - info.l4_offset);
}

std::vector<Byte> build_igmp(IgmpMessage message, std::uint32_t source, std::uint32_t group) {
    NLB_ASSERT(group >> 28 == 14);
    std::vector<Byte> body = body_of(message, group);
    store_big_endian(body.data() + 2, checksum_of(body.data(), body.size()));
    const std::uint32_t destination = destination_of(message, group);
    const bool alert = message != IgmpMessage::report_v1;
    const std::size_t header_bytes = sizeof(Ipv4Header) + (alert ? sizeof kRouterAlert : 0);
    std::vector<Byte> frame(
        std::max(kFrameBytesMin, sizeof(EthernetHeader) + header_bytes + body.size()));

    EthernetHeader ethernet{{{0x01, 0x00, 0x5e}}, {}, be16{kEthertypeIpv4}};
    for (std::size_t i = 0; i < 3; ++i)
        ethernet.destination.bytes[3 + i] = static_cast<Byte>(destination >> (16 - 8 * i));
    ethernet.destination.bytes[3] &= 0x7f;
    store_header(frame.data(), ethernet);
    Byte* const ip = frame.data() + sizeof ethernet;
    Ipv4Header header{};
    header.version_length = static_cast<std::uint8_t>(0x40 | header_bytes / 4);
    header.service = kInternetworkControl;
    header.total_length = be16{static_cast<std::uint16_t>(header_bytes + body.size())};
    header.time_to_live = 1;
    header.protocol = kProtocolIgmp;
    header.source = be32{source};
    header.destination = be32{destination};
    store_header(ip, header);
    if (alert) store_big_endian(ip + sizeof header, kRouterAlert);
    header.checksum = be16{checksum_of(ip, header_bytes)};
    store_header(ip, header);
    std::copy(body.begin(), body.end(), ip + header_bytes);
    return frame;
}

}  // namespace nlb
