// A cluster of four hosts for packet tests: every bucket of every rule has one owner, and each host
// decides with its own tables and its own descriptors. Addresses are those of RFC 5737 and RFC
// 3849.
#pragma once

#include <memory>
#include <ostream>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/explain.hpp"
#include "core/fastpath/tables_index.hpp"
#include "core/packet/frame_builder.hpp"

namespace nlb {
// So that a failed expectation names the reason.
// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest looks for it by this name
inline void PrintTo(Reason reason, std::ostream* out) {
    *out << info_of(reason).name;
}
}  // namespace nlb

namespace nlb::test {

inline constexpr std::size_t kHosts = 4;
inline constexpr std::uint32_t kVip = 0xc000'0250;        // 192.0.2.80, primary
inline constexpr std::uint32_t kSecondVip = 0xc000'0251;  // 192.0.2.81
inline constexpr std::uint32_t kSubnetBroadcast = 0xc000'02ff;
inline constexpr std::uint32_t kClient = 0xc633'6407;  // 198.51.100.7
inline constexpr std::uint32_t kRouter = 0xc000'0201;  // 192.0.2.1

[[nodiscard]] constexpr std::uint32_t dedicated(HostId host) {
    return 0xc000'020a + host;
}
[[nodiscard]] constexpr IpAddress v6(std::uint16_t seventh, std::uint16_t last) {
    IpAddress a{{0x20, 0x01, 0x0d, 0xb8}};
    a.bytes[12] = static_cast<Byte>(seventh >> 8);
    a.bytes[13] = static_cast<Byte>(seventh);
    a.bytes[14] = static_cast<Byte>(last >> 8);
    a.bytes[15] = static_cast<Byte>(last);
    return a;
}
inline constexpr IpAddress kVip6 = v6(0, 0x80);
inline constexpr IpAddress kClient6 = v6(1, 7);
[[nodiscard]] constexpr IpAddress dedicated6(HostId host) {
    return v6(0, static_cast<std::uint16_t>(0x10 + host));
}

inline constexpr MacAddress kClientMac{{0x02, 0xc1, 0, 0, 0, 1}};
inline constexpr MacAddress kOutsideMac{{0x02, 0x0a, 0, 0, 0, 1}};
inline constexpr MacAddress kInsideMac{{0x02, 0x0b, 0, 0, 0, 1}};

// Exact bytes; blanks are for the reader.
[[nodiscard]] std::vector<Byte> from_hex(std::string_view text);

// Rules, in this order.
inline constexpr RuleId kHttp = 0;        // tcp 80, every VIP, single affinity
inline constexpr RuleId kDns = 1;         // both 53, every VIP, affinity none
inline constexpr RuleId kAdmin = 2;       // tcp 8443 of the second VIP, mode single: host 2
inline constexpr RuleId kClosed = 3;      // both 100-200, disabled
inline constexpr RuleId kNetwork = 4;     // tcp 8080, network affinity
inline constexpr RuleId kSecondHttp = 5;  // tcp 80 of the second VIP, affinity none

[[nodiscard]] inline HostId owner_of(RuleId rule, BucketId bucket) {
    if (rule == kDefaultRule) return 1;
    if (rule == kAdmin) return 2;
    return static_cast<HostId>(bucket % kHosts + 1);
}

[[nodiscard]] Tables make_tables(HostId self, LinkMode mode = LinkMode::unicast);

// One host. `in` and `out` offer a frame to it and remember what was decided.
struct Host {
    explicit Host(HostId id, LinkMode mode = LinkMode::unicast, std::size_t capacity = 65536)
        : tables(make_tables(id, mode)),
          connections(std::make_unique<SimpleConnections>(capacity)),
          fragments(std::make_unique<FragmentTable>(1)) {}

    Tables tables;
    PortAddresses ports{kOutsideMac, kInsideMac};
    Instant now{std::chrono::hours{10}};
    bool fence_holds = true;
    std::unique_ptr<SimpleConnections> connections;
    std::unique_ptr<FragmentTable> fragments;
    std::unique_ptr<ClientTable> clients;  // of those who test rules with a time-out
    std::unique_ptr<IndexMemory> indexes = std::make_unique<IndexMemory>();
    Explanation last{};

    [[nodiscard]] BurstContext context() const {
        return {tables, ports, now, fence_holds, 0, 1, clients.get(), {}, &indexes->of(tables)};
    }
    Reason in(const std::vector<Byte>& frame) {
        last = explain(frame, context(), *connections, *fragments);
        return last.reason;
    }
    Reason out(const std::vector<Byte>& frame) {
        last = explain_egress(frame, context(), *connections);
        return last.reason;
    }
    void wait(std::uint32_t seconds) { now += std::chrono::seconds{seconds}; }

    void own(RuleId rule, BucketId bucket, bool mine) {
        const BucketMask bit = BucketMask{1} << bucket;
        tables.own[rule] = mine ? tables.own[rule] | bit : tables.own[rule] & ~bit;
        tables.owner[rule][bucket] =
            mine ? tables.self : static_cast<HostId>(tables.self % kHosts + 1);
    }
    void dirty_elsewhere(RuleId rule, BucketId bucket, bool dirty) {
        const BucketMask bit = BucketMask{1} << bucket;
        tables.dirty_elsewhere[rule] =
            dirty ? tables.dirty_elsewhere[rule] | bit : tables.dirty_elsewhere[rule] & ~bit;
    }
    [[nodiscard]] Descriptor* descriptor(const FrameSpec& spec) {
        return connections->find({spec.source,
                                  spec.destination,
                                  spec.source_port,
                                  spec.destination_port,
                                  kProtocolTcp,
                                  {}});
    }
};

// A client's TCP packet to the primary VIP's port 80.
[[nodiscard]] inline FrameSpec tcp(std::uint8_t flags = kTcpSyn, std::uint32_t client = kClient,
                                   std::uint16_t port = 40000) {
    FrameSpec spec;
    spec.source = IpAddress::v4(client);
    spec.destination = IpAddress::v4(kVip);
    spec.source_port = port;
    spec.destination_port = 80;
    spec.tcp_flags = flags;
    return spec;
}
[[nodiscard]] inline FrameSpec udp(std::uint16_t to_port = 53, std::uint32_t client = kClient,
                                   std::uint16_t port = 40000) {
    FrameSpec spec = tcp(0, client, port);
    spec.protocol = kProtocolUdp;
    spec.destination_port = to_port;
    return spec;
}
[[nodiscard]] inline FrameSpec echo(std::uint32_t client = kClient) {
    FrameSpec spec = tcp(0, client);
    spec.protocol = kProtocolIcmp;
    return spec;
}
// The same packet between IPv6 addresses.
[[nodiscard]] inline FrameSpec over_v6(FrameSpec spec, const IpAddress& client = kClient6) {
    spec.source = client;
    spec.destination = kVip6;
    if (spec.protocol == kProtocolIcmp) spec.protocol = kProtocolIcmpv6;
    return spec;
}
// What the server sends back.
[[nodiscard]] inline FrameSpec reply_to(FrameSpec spec, std::uint8_t flags) {
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
    spec.tcp_flags = flags;
    spec.source_mac = kInsideMac;
    spec.destination_mac = kClientMac;
    return spec;
}
// An error of `type` from the router about what the server sent to `client_packet`'s sender;
// `quoted_bytes` of its transport header.
[[nodiscard]] inline FrameSpec error_about(const FrameSpec& client_packet, std::uint8_t type,
                                           std::size_t quoted_bytes = 8) {
    FrameSpec error;
    const bool is_v4 = client_packet.source.is_v4();
    error.source = is_v4 ? IpAddress::v4(kRouter) : v6(0, 1);
    error.destination = client_packet.destination;
    error.protocol = is_v4 ? kProtocolIcmp : kProtocolIcmpv6;
    error.icmp_type = type;
    error.payload = build_packet(reply_to(client_packet, kTcpAck));
    error.payload.resize((is_v4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header)) + quoted_bytes);
    return error;
}

// The bucket that `spec` falls in; the rule is the one that classification finds.
// Only headers decide, so a datagram that comes in fragments is asked about without its data.
[[nodiscard]] inline std::vector<Byte> headers_of(FrameSpec spec) {
    if (spec.payload.size() > 1000) spec.payload.resize(1000);
    return build_frame(spec);
}
[[nodiscard]] inline BucketId bucket_on(Host& host, const FrameSpec& spec) {
    SimpleConnections fresh;
    return explain(headers_of(spec), host.context(), fresh, *host.fragments).bucket;
}
// A client for the rule of `spec` whose bucket `host` owns (or, with mine = false, does not).
[[nodiscard]] inline FrameSpec served_by(Host& host, FrameSpec spec, bool mine = true) {
    const bool is_v4 = spec.source.is_v4();
    for (std::uint16_t i = 1; i < 1000; ++i) {
        spec.source = is_v4 ? IpAddress::v4(kClient + i) : v6(1, i);
        SimpleConnections fresh;
        const Explanation decided =
            explain(headers_of(spec), host.context(), fresh, *host.fragments);
        if (((host.tables.own[decided.rule] >> decided.bucket & 1U) != 0) == mine) return spec;
    }
    NLB_ASSERT(false);
    return spec;
}

}  // namespace nlb::test
