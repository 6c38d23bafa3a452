// What clients, routers and strangers send to a cluster, for tests that compare two ways to decide
// about it: usual frames, mutated ones and flows that come again. Seeded.
#pragma once

#include "core/base/prng.hpp"
#include "core/packet/checksum.hpp"
#include "tests/unit/core/flow/fragment_frames.hpp"

namespace nlb::test {

inline constexpr std::uint16_t kRemotePort = 2504;

inline constexpr IpAddress kLinkLocal{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
inline constexpr IpAddress kGroup6{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
inline constexpr std::uint16_t kVlan = 7;

// Pieces of datagrams that are sent to all kinds of addresses and ports.
inline void add_pieces(std::vector<std::vector<Byte>>& patterns) {
    const auto cut = [&](FrameSpec spec) {
        spec.payload.resize(130);
        for (const FrameSpec& each : {spec, over_v6(spec)}) {
            const Datagram datagram(each);
            constexpr std::array<std::size_t, 5> kOffsets{0, 0, 48, 8, 96};
            for (const std::size_t offset : kOffsets)
                patterns.push_back(
                    datagram.piece(offset, offset == 96 ? datagram.bytes() - offset : 48));
        }
    };
    for (const std::uint16_t port :
         std::array<std::uint16_t, 6>{53, 150, 8080, 9, 500, kRemotePort})
        cut(udp(port));
    cut(tcp(kTcpAck));
    cut(echo());
    FrameSpec elsewhere = udp(53);
    for (const std::uint32_t destination : {kSecondVip, dedicated(1), dedicated(3), 0xcb00'7101U}) {
        elsewhere.destination = IpAddress::v4(destination);
        cut(elsewhere);
    }
}

// What clients, routers and strangers send to this cluster; most of it usual.
inline std::vector<std::vector<Byte>> some_patterns() {
    std::vector<std::vector<Byte>> patterns;
    const auto add = [&](FrameSpec spec, std::size_t payload = 10) {
        spec.payload.resize(payload);
        patterns.push_back(build_frame(spec));
    };
    constexpr std::array<std::uint16_t, 6> kPorts{80, 53, 8443, 150, 8080, 9};
    constexpr std::array<std::uint16_t, 2> kSessionPorts{500, 4500};
    constexpr std::array<std::uint8_t, 3> kFlags{kTcpSyn, kTcpFin, kTcpRst};
    for (const std::uint16_t port : kPorts) {
        FrameSpec spec = tcp(kTcpAck);
        spec.destination_port = port;
        add(spec);
        spec.destination = IpAddress::v4(kSecondVip);
        add(spec, 60);
        add(udp(port), 20);
        add(udp(port), 0);
    }
    for (const std::uint16_t port : kSessionPorts) add(udp(port));
    add(udp(kRemotePort));
    add(over_v6(udp(kRemotePort)));
    for (const std::uint8_t flags : kFlags) add(tcp(flags));
    FrameSpec tagged = tcp(kTcpAck);
    for (const std::uint16_t tag : std::array<std::uint16_t, 2>{7, 0}) {
        tagged.vlans = {tag};
        add(tagged);
    }
    for (FrameSpec spec : {tcp(kTcpAck), over_v6(tcp(kTcpAck))}) {
        for (const MacAddress& mac : {kOutsideMac, kClientMac, kInsideMac}) {
            spec.destination_mac = mac;
            add(spec);
        }
        spec.destination_mac = {{0x02, 1, 192, 0, 2, 80}};  // another host's, but at host 1
        add(spec);
    }
    for (FrameSpec spec : {tcp(kTcpAck), udp(53), udp(500)}) {
        constexpr std::array<std::uint32_t, 6> kDestinations{
            dedicated(1), dedicated(3), 0xcb00'7101, 0x7f00'0001, 0xe000'0005, 0xffff'ffff};
        for (const std::uint32_t destination : kDestinations) {
            spec.destination = IpAddress::v4(destination);
            add(spec);
        }
        spec = over_v6(spec);
        for (const IpAddress& destination : {dedicated6(2), v6(9, 9), kLinkLocal, kGroup6}) {
            spec.destination = destination;
            add(spec);
        }
    }
    add(echo());
    add(over_v6(tcp(kTcpAck)));
    for (const std::uint16_t port : kPorts)
        for (FrameSpec spec : {tcp(kTcpAck), udp(port)}) {
            spec.destination_port = port;
            add(over_v6(spec), 20);
        }
    for (const std::uint8_t flags : kFlags) add(over_v6(tcp(flags)));
    patterns.push_back(build_frame(error_about(tcp(kTcpAck), 3)));
    patterns.push_back(build_arp({}));
    add_pieces(patterns);
    return patterns;
}

class Crowd {
public:
    // So many clients of each IP version.
    explicit Crowd(std::uint64_t seed, std::uint16_t vlan = 0, std::uint64_t clients = 100'000)
        : random_(seed), vlan_(vlan), clients_(clients), patterns_(some_patterns()) {}

    // Some bursts have one rule: their frames differ in clients and flags alone.
    void begin_burst() {
        const bool alike = random_.chance(300'000);
        pattern_ = alike ? random_.below(patterns_.size()) : kAnyPattern;
    }
    std::vector<Byte> next() {
        if (random_.chance(100'000) && !last_.empty()) return again();
        last_ = make();
        return last_;
    }

private:
    static constexpr std::uint64_t kAnyPattern = ~std::uint64_t{0};
    [[nodiscard]] bool is_alike() const { return pattern_ != kAnyPattern; }

    // The same flow, as a rule.
    std::vector<Byte> again() {
        std::vector<Byte> frame = last_;
        const std::size_t tag = vlan_ == 0 ? 0 : kVlanTagBytes;
        const bool over_v6 = frame.size() > 13 + tag && frame[12 + tag] == 0x86;
        const std::size_t flags = tag + (over_v6 ? 67 : 47);
        if (frame.size() > flags && frame[tag + (over_v6 ? 20 : 23)] == kProtocolTcp)
            frame[flags] = random_.chance(700'000) ? kTcpAck : kTcpSyn;
        return frame;
    }
    std::vector<Byte> make() {
        std::vector<Byte> frame =
            patterns_[is_alike() ? pattern_ : random_.below(patterns_.size())];
        if (random_.chance(30'000)) frame.resize(random_.below(frame.size() + 1));
        const auto ethertype =
            frame.size() < 54 ? 0 : load_big_endian<std::uint16_t>(frame.data() + 12);
        const std::uint64_t all = clients_;
        if (is_piece(frame)) make_siblings(frame);
        if (ethertype == kEthertypeIpv4) vary(frame);
        if (ethertype == kEthertypeIpv6 && frame.size() >= 74) vary_v6(frame);
        clients_ = all;
        if (vlan_ != 0 && frame.size() > 12) tag(frame);
        if (random_.chance(300'000))
            for (std::uint64_t flips = 1 + random_.below(3); flips > 0 && !frame.empty(); --flips)
                flip(frame);
        return frame;
    }

    [[nodiscard]] static bool is_piece(const std::vector<Byte>& frame) {
        if (frame.size() < 62) return false;
        if (frame[12] == 0x86) return frame[20] == kProtocolFragment;
        return frame[12] == 0x08 && frame[13] == 0 && ((frame[20] & 0x3fU) | frame[21]) != 0;
    }
    // Of few clients and few datagrams, so that pieces meet.
    void make_siblings(std::vector<Byte>& frame) {
        const auto number = static_cast<Byte>(random_.below(4));
        frame[frame[12] == 0x86 ? 61 : 19] = number;
        clients_ = std::min<std::uint64_t>(clients_, 8);
    }

    // Another client, another port, other flags, sometimes an address that cannot be; the header's
    // checksum mostly right again.
    void vary(std::vector<Byte>& frame) {
        constexpr std::array<std::uint32_t, 6> kOdd{0x7f00'0001, 0,    0xe000'0001,
                                                    0xffff'ffff, kVip, kSubnetBroadcast};
        const std::uint32_t client =
            random_.chance(950'000) ? kClient + static_cast<std::uint32_t>(random_.below(clients_))
                                    : kOdd[random_.below(kOdd.size())];
        store_big_endian(frame.data() + 26, client);
        store_big_endian(frame.data() + 34, static_cast<std::uint16_t>(random_.below(100)));
        if (frame[23] == kProtocolTcp) put_flags(frame[47]);
        if (!is_alike() && random_.chance(200'000))
            store_big_endian(frame.data() + 30,
                             kVip + static_cast<std::uint32_t>(random_.below(60)));
        if (!is_alike() && random_.chance(300'000))
            store_big_endian(frame.data() + 36, static_cast<std::uint16_t>(random_.below(300)));
        if (random_.chance(50'000))
            frame[14 + random_.below(20)] = static_cast<Byte>(random_.next());
        if (random_.chance(30'000)) return;
        store_big_endian(frame.data() + 24, std::uint16_t{0});
        store_big_endian(frame.data() + 24, checksum_of(frame.data() + 14, 20));
    }
    void put_flags(Byte& flags) {
        if (random_.chance(100'000)) flags = kTcpSyn;
        if (random_.chance(150'000)) flags = static_cast<Byte>(random_.below(32));
    }
    // The same of IPv6, where a broken header has no checksum.
    void vary_v6(std::vector<Byte>& frame) {
        constexpr IpAddress kMapped = IpAddress::v4(kClient);
        constexpr IpAddress kLoopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
        constexpr std::array<IpAddress, 6> kOdd{IpAddress{}, kLoopback,  kMapped,
                                                kVip6,       kLinkLocal, kGroup6};
        const auto put = [&](std::size_t at, const IpAddress& address) {
            std::copy(address.bytes.begin(), address.bytes.end(),
                      frame.begin() + static_cast<std::ptrdiff_t>(at));
        };
        IpAddress client = v6(1, 0);
        client.bytes[7] = static_cast<Byte>(random_.below(4));  // its /64
        store_big_endian(client.bytes.data() + 12,
                         static_cast<std::uint32_t>(random_.below(clients_)));
        put(22, random_.chance(960'000) ? client : kOdd[random_.below(kOdd.size())]);
        store_big_endian(frame.data() + 54, static_cast<std::uint16_t>(random_.below(100)));
        if (frame[20] == kProtocolTcp) put_flags(frame[67]);
        if (!is_alike() && random_.chance(200'000))
            put(38, v6(0, static_cast<std::uint16_t>(0x80 + random_.below(60))));
        if (random_.chance(30'000)) put(38, kOdd[random_.below(kOdd.size())]);
        if (!is_alike() && random_.chance(300'000))
            store_big_endian(frame.data() + 56, static_cast<std::uint16_t>(random_.below(300)));
        if (random_.chance(30'000))
            store_big_endian(frame.data() + 18, static_cast<std::uint16_t>(random_.below(80)));
        if (random_.chance(40'000))
            frame[14 + random_.below(8)] = static_cast<Byte>(random_.next());
    }
    // Mostly the cluster's tag, with one or the other priority.
    void tag(std::vector<Byte>& frame) {
        std::array<Byte, kVlanTagBytes> tag;
        store_big_endian(tag.data(),
                         random_.chance(970'000) ? kEthertypeVlan : kEthertypeServiceVlan);
        const auto priority = static_cast<std::uint16_t>(random_.below(8) << 13);
        const std::uint16_t id = random_.chance(950'000) ? vlan_ : std::uint16_t{0};
        store_big_endian(tag.data() + 2, static_cast<std::uint16_t>(priority | id));
        frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    }
    void flip(std::vector<Byte>& frame) {
        frame[random_.below(std::min<std::size_t>(frame.size(), 60))] ^=
            static_cast<Byte>(1U << random_.below(8));
    }

    Prng random_;
    std::uint16_t vlan_;
    std::uint64_t clients_;
    std::vector<std::vector<Byte>> patterns_;
    std::uint64_t pattern_ = kAnyPattern;
    std::vector<Byte> last_;
};

// More VIPs than are compared one after the other, rules of single ones, ranges and a time-out.
inline void make_large(Host& host) {
    Tables& tables = host.tables;
    const Tables before = tables;
    for (std::uint16_t n = 2; n < 40; ++n) {
        const IpAddress address = n % 4 == 0 ? v6(0, 0x80 + n) : IpAddress::v4(kVip + n);
        tables.addresses[tables.vip_count++] = {address, AddressKind::vip, kNoHost, 0, 0};
    }
    tables.address_count = tables.vip_count;
    for (std::size_t i = before.vip_count; i < before.address_count; ++i)
        tables.addresses[tables.address_count++] = before.addresses[i];
    constexpr std::uint8_t kBoth = kProtocolTcpBit | kProtocolUdpBit;
    const auto add = [&](RuleEntry rule) {
        const RuleId id = tables.rule_count++;
        tables.rules[id] = rule;
        tables.owner[id] = tables.owner[kHttp];
        tables.own[id] = tables.own[kHttp];
    };
    add({0, 52, kEveryVip, kBoth, RuleMode::multiple, Affinity::single, {}, 0});
    add({201, 260, 7, kBoth, RuleMode::multiple, Affinity::none, {}, 0});
    add({201, 240, 9, kProtocolTcpBit, RuleMode::disabled, Affinity::single, {}, 0});
    add({54, 79, kEveryVip, kBoth, RuleMode::multiple, Affinity::single, {}, 60'000});
    host.clients = std::make_unique<ClientTable>(4096);
}

// As many rules as there may be, each of a few ports: every burst asks for most of them.
inline void make_many_rules(Host& host) {
    Tables& tables = host.tables;
    constexpr std::uint8_t kBoth = kProtocolTcpBit | kProtocolUdpBit;
    Prng random(23);
    for (std::uint16_t first = 0; tables.rule_count < kRulesMax; first += 10) {
        const RuleId id = tables.rule_count++;
        const bool sticky = host.clients != nullptr && id % 3 == 0;
        const auto last = static_cast<std::uint16_t>(first + 9);
        const auto affinity = static_cast<Affinity>(sticky ? 1 + id % 2 : id % 3);
        const auto mode = id % 8 == 7 ? RuleMode::disabled : RuleMode::multiple;
        tables.rules[id] = {first, last,     kEveryVip, kBoth,
                            mode,  affinity, {},        sticky ? 60'000U : 0U};
        for (BucketId bucket = 0; bucket < kBuckets; ++bucket) {
            host.own(id, bucket, random.chance(400'000));
            host.dirty_elsewhere(id, bucket, random.chance(200'000));
            if (random.chance(100'000)) tables.owner[id][bucket] = kNoHost;
            if (tables.owner[id][bucket] == kNoHost) tables.own[id] &= ~(BucketMask{1} << bucket);
        }
    }
}

}  // namespace nlb::test
