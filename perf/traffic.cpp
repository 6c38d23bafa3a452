// Frames are copied from templates that core's builder made, and patched; checksums are adjusted as
// NAT does it (RFC 1624).
#include "perf/traffic.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <memory>

#include "core/base/endian.hpp"
#include "core/packet/checksum.hpp"
#include "core/packet/frame_builder.hpp"
#include "core/packet/stages.hpp"

namespace nlb::perf {
namespace {

constexpr std::size_t kL3 = sizeof(EthernetHeader);
// behind the IP header: room for a TCP header, and a multiple of eight
constexpr std::size_t kFirstFragmentBytes = 24;
constexpr std::uint32_t kFirstClient = 0x0a00'0001;  // 10.0.0.1 and up
constexpr std::uint16_t kFirstPort = 1024;
constexpr std::uint32_t kPorts = 65536 - kFirstPort;

IpAddress address_of(std::uint32_t number, bool v6) {
    if (!v6) return IpAddress::v4(kFirstClient + number);
    IpAddress address{{0x20, 0x01, 0x0d, 0xb8, 0, 1}};
    store_big_endian(address.bytes.data() + 12, number + 1);
    return address;
}

std::uint16_t port_of(std::uint32_t number, std::uint32_t round) {
    return static_cast<std::uint16_t>(kFirstPort + (number * 7919ULL + round) % kPorts);
}

// Writes `value` over what is there and keeps the checksum true. Requires: an even offset and
// length.
void patch(Byte* at, const Byte* value, std::size_t bytes, Byte* checksum) {
    store_big_endian(checksum,
                     checksum_adjust(load_big_endian<std::uint16_t>(checksum), at, value, bytes));
    std::memcpy(at, value, bytes);
}

std::size_t checksum_offset(bool udp) {
    return udp ? offsetof(UdpHeader, checksum) : offsetof(TcpHeader, checksum);
}

std::vector<IpAddress> destinations(const TrafficWishes& wishes, const Tables& tables) {
    if (wishes.foreign)  // RFC 5737, 3849
        return {wishes.v6 ? IpAddress{{0x20, 0x01, 0x0d, 0xb8, 0xff, 0xff, 1}}
                          : IpAddress::v4(0xcb00'7101)};
    std::vector<IpAddress> vips;
    for (std::size_t i = 0; i < tables.vip_count && vips.size() < wishes.vips; ++i)
        if (tables.addresses[i].address.is_v4() != wishes.v6)
            vips.push_back(tables.addresses[i].address);
    return vips;
}

// For an address that is about to be written over the one at `at`.
void patch_v4_header(Byte* ip, Byte* at, const Byte* value) {
    Byte* const checksum = ip + offsetof(Ipv4Header, checksum);
    store_big_endian(checksum,
                     checksum_adjust(load_big_endian<std::uint16_t>(checksum), at, value, 4));
}

}  // namespace

std::optional<Stamp> read_stamp(const Byte* frame, std::size_t length) {
    if (length < kL3 + kStampBytes) return {};
    const Byte* const at = frame + length - kStampBytes;
    const Stamp stamp{load_big_endian<std::uint16_t>(at), load_big_endian<std::uint32_t>(at + 2),
                      load_big_endian<std::uint32_t>(at + 6)};
    if (stamp.mark != kStampMark) return {};
    return stamp;
}

std::uint32_t client_of(const Byte* frame) {
    const auto ethertype_at = [frame](std::size_t l3) {
        return load_big_endian<std::uint16_t>(frame + l3 - sizeof(be16));
    };
    const std::size_t l3 = kL3 + (ethertype_at(kL3) == kEthertypeVlan ? kVlanTagBytes : 0);
    const bool v6 = ethertype_at(l3) == kEthertypeIpv6;
    return load_big_endian<std::uint32_t>(
        frame + l3 + (v6 ? offsetof(Ipv6Header, source) + 12 : offsetof(Ipv4Header, source)));
}

Result<Traffic> Traffic::make(const TrafficWishes& wishes, const Tables& tables) {
    auto vips = destinations(wishes, tables);
    if (vips.empty())
        return Error{
            fmt::format("the tables have no IPv{} virtual address to send to", wishes.v6 ? 6 : 4)};
    if (vips.size() < wishes.vips)
        return Error{fmt::format("--vips: the tables have {} virtual addresses of IPv{}, not {}",
                                 vips.size(), wishes.v6 ? 6 : 4, wishes.vips)};
    if (wishes.v6 && wishes.fragments_percent != 0)
        return Error{"--fragments: expected IPv4 traffic, got --ip 6"};
    Traffic traffic(wishes, tables);
    traffic.vips_ = std::move(vips);
    if (auto built = traffic.build_templates(); !built) return built.error();
    if (auto chosen = traffic.choose_clients(tables); !chosen) return chosen.error();
    return traffic;
}

Traffic::Traffic(const TrafficWishes& wishes, const Tables& tables)
    : wishes_(wishes),
      destination_(tables.cluster_mac),
      vlan_(tables.vlan),
      l3_(kL3 + (vlan_ == 0 ? 0 : kVlanTagBytes)),
      random_(wishes.seed),
      draw_(wishes.spread, wishes.clients, wishes.zipf_exponent) {}

Status Traffic::build_templates() {
    FrameSpec spec;
    spec.destination_mac = destination_;
    spec.source = address_of(0, wishes_.v6);
    if (vlan_ != 0) spec.vlans = {vlan_};
    spec.destination = vips_.front();
    spec.protocol = wishes_.udp ? kProtocolUdp : kProtocolTcp;
    spec.destination_port = wishes_.port;
    spec.source_port = kFirstPort;
    spec.tcp_flags = kTcpAck;
    const std::size_t headers = build_frame(spec).size();
    for (const std::uint16_t size : wishes_.sizes) {
        const std::size_t least = headers + (wishes_.stamped ? kStampBytes : 0);
        // An even length keeps the stamp on the checksum's words.
        spec.payload.assign((std::max<std::size_t>(size, least) + 1) / 2 * 2 - headers, Byte{0});
        Template made{build_frame(spec),
                      headers - (wishes_.udp ? sizeof(UdpHeader) : sizeof(TcpHeader))};
        if (made.frame.size() > kFrameBytesMax)
            return Error{fmt::format("--size: expected up to {}, got {}", kFrameBytesMax, size)};
        templates_.push_back(std::move(made));
    }
    return Done{};
}

// Asks parse and classify, a burst at a time, whose each candidate is.
Status Traffic::choose_clients(const Tables& tables) {
    const std::uint64_t owned_wanted =
        wishes_.owned_percent ? std::uint64_t{wishes_.clients} * *wishes_.owned_percent / 100 : 0;
    std::array<std::uint64_t, 2> room{wishes_.clients - owned_wanted, owned_wanted};
    const auto burst = std::make_unique<Burst>();
    std::vector<Byte> bytes(kBurstMax * kFrameBytesMax);
    const PortAddresses ports{};
    const BurstContext context{tables, ports, Instant{}, true};
    constexpr std::uint32_t kCandidatesMax = 1U << 28;
    for (std::uint32_t number = 0; clients_.size() < wishes_.clients && number < kCandidatesMax;
         number += kBurstMax) {
        burst->count = kBurstMax;
        for (std::uint32_t i = 0; i < kBurstMax; ++i) {
            Client candidate{wishes_.first_client + number + i};
            Byte* const frame = bytes.data() + i * kFrameBytesMax;
            const auto length = static_cast<std::uint16_t>(write(frame, candidate, 0));
            burst->frames[i] = {frame, length, kFrameBytesMax};
        }
        parse(*burst, context);
        classify(*burst, context);
        for (std::uint32_t i = 0; i < kBurstMax && clients_.size() < wishes_.clients; ++i) {
            const PacketInfo& info = burst->info[i];
            if (burst->reasons[i] != Reason::live && !wishes_.unbalanced)
                return Error{"the tables do not balance this traffic: check --port and --protocol"};
            if (wishes_.owned_percent && burst->reasons[i] == Reason::live) {
                const bool owned = (tables.own[info.rule] >> info.bucket & 1U) != 0;
                if (room[owned] == 0) continue;
                --room[owned];
            }
            clients_.push_back({wishes_.first_client + number + i});
        }
    }
    if (clients_.size() == wishes_.clients) return Done{};
    return Error{
        fmt::format("--owned {}: this host owns {} buckets of that rule; no such crowd exists",
                    *wishes_.owned_percent, room[1] != 0 ? "no" : "all")};
}

std::size_t Traffic::next(Byte* frame, std::uint32_t now_ns) {
    if (!second_half_.empty()) {
        const std::size_t length = second_half_.size();
        std::memcpy(frame, second_half_.data(), length);
        second_half_.clear();
        return length;
    }
    const std::size_t length = write(frame, clients_[draw_.next(random_)], now_ns);
    if (wishes_.fragments_percent == 0 || random_.below(100) >= wishes_.fragments_percent)
        return length;
    return cut(frame, length);
}

std::uint8_t Traffic::next_flags(Client& client) const {
    const auto& [syns, datas, fins] = wishes_.mix;
    const std::uint32_t slot = client.sent;
    if (++client.sent == syns + datas + fins) {
        client.sent = 0;
        if (syns + fins != 0) ++client.round;
    }
    if (slot < syns) return kTcpSyn;
    if (slot < syns + datas) return kTcpAck;
    return wishes_.resets ? kTcpRst : kTcpFin | kTcpAck;
}

std::size_t Traffic::write(Byte* frame, Client& client, std::uint32_t now_ns) {
    const Template& from =
        templates_.size() == 1 ? templates_.front() : templates_[random_.below(templates_.size())];
    const std::size_t length = from.frame.size();
    std::memcpy(frame, from.frame.data(), length);
    Byte* const l4 = frame + from.l4;
    Byte* const checksum = l4 + checksum_offset(wishes_.udp);
    const std::uint16_t round = client.round;
    const IpAddress source = address_of(client.number, wishes_.v6);
    const std::size_t skip = wishes_.v6 ? 0 : 12;
    Byte* const source_at =
        frame + l3_ + (wishes_.v6 ? offsetof(Ipv6Header, source) : offsetof(Ipv4Header, source));
    if (!wishes_.v6) patch_v4_header(frame + l3_, source_at, source.bytes.data() + skip);
    patch(source_at, source.bytes.data() + skip, source.bytes.size() - skip, checksum);
    const be16 port{port_of(client.number, round)};
    patch(l4, reinterpret_cast<const Byte*>(&port), sizeof port, checksum);
    if (!wishes_.udp) {
        const std::array<Byte, 2> offset_flags{l4[offsetof(TcpHeader, data_offset)],
                                               next_flags(client)};
        patch(l4 + offsetof(TcpHeader, data_offset), offset_flags.data(), offset_flags.size(),
              checksum);
    }
    if (vips_.size() > 1 || wishes_.ports > 1) turn_to_next_destination(frame, l4, checksum);
    if (wishes_.stamped) stamp(frame, length, checksum, {kStampMark, client.sequence++, now_ns});
    return length;
}

void Traffic::turn_to_next_destination(Byte* frame, Byte* l4, Byte* checksum) {
    const IpAddress& vip = vips_[turn_ % vips_.size()];
    const be16 port{static_cast<std::uint16_t>(wishes_.port + turn_ % wishes_.ports)};
    ++turn_;
    const std::size_t skip = wishes_.v6 ? 0 : 12;
    Byte* const at =
        frame + l3_ +
        (wishes_.v6 ? offsetof(Ipv6Header, destination) : offsetof(Ipv4Header, destination));
    if (!wishes_.v6) patch_v4_header(frame + l3_, at, vip.bytes.data() + skip);
    patch(at, vip.bytes.data() + skip, vip.bytes.size() - skip, checksum);
    patch(l4 + sizeof port, reinterpret_cast<const Byte*>(&port), sizeof port, checksum);
}

void Traffic::stamp(Byte* frame, std::size_t length, Byte* checksum, const Stamp& stamp) {
    std::array<Byte, kStampBytes> bytes;
    store_big_endian(bytes.data(), stamp.mark);
    store_big_endian(bytes.data() + 2, stamp.sequence);
    store_big_endian(bytes.data() + 6, stamp.sent_ns);
    patch(frame + length - kStampBytes, bytes.data(), bytes.size(), checksum);
}

// The first part stays in `frame`; the second waits for its turn.
std::size_t Traffic::cut(Byte* frame, std::size_t length) {
    const std::size_t head = l3_ + sizeof(Ipv4Header);
    if (length <= head + kFirstFragmentBytes) return length;
    store_big_endian(frame + l3_ + offsetof(Ipv4Header, identification), ++identification_);
    const auto part = [&](Byte* to, std::size_t bytes, std::uint16_t fragment) {
        store_big_endian(to + l3_ + offsetof(Ipv4Header, total_length),
                         static_cast<std::uint16_t>(sizeof(Ipv4Header) + bytes));
        store_big_endian(to + l3_ + offsetof(Ipv4Header, fragment), fragment);
        Byte* const checksum = to + l3_ + offsetof(Ipv4Header, checksum);
        store_big_endian(checksum, std::uint16_t{0});
        store_big_endian(checksum, checksum_of(to + l3_, sizeof(Ipv4Header)));
    };
    const std::size_t rest = length - head - kFirstFragmentBytes;
    second_half_.assign(frame, frame + head);
    second_half_.insert(second_half_.end(), frame + head + kFirstFragmentBytes, frame + length);
    part(second_half_.data(), rest, kFirstFragmentBytes / 8);
    part(frame, kFirstFragmentBytes, kIpv4MoreFragments);
    return head + kFirstFragmentBytes;
}

}  // namespace nlb::perf
