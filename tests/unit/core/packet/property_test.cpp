// What holds for every frame: nothing behind its end is read, nothing but the station's address
// leaves, and of four hosts exactly one takes each new flow. Seeded; a failure prints what it needs
// to be repeated.
#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/prng.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

// A page that ends where reading is forbidden: one byte too far is a fault.
class EdgeOfMemory {
public:
    EdgeOfMemory() : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
        void* const both =
            mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        NLB_ASSERT(both != MAP_FAILED);
        start_ = static_cast<Byte*>(both);
        NLB_ASSERT(mprotect(start_ + page_, page_, PROT_NONE) == 0);
    }
    ~EdgeOfMemory() { munmap(start_, 2 * page_); }
    EdgeOfMemory(const EdgeOfMemory&) = delete;
    EdgeOfMemory& operator=(const EdgeOfMemory&) = delete;

    Frame slot(const std::vector<Byte>& bytes) {
        Byte* const data = start_ + page_ - bytes.size();
        if (!bytes.empty()) std::memcpy(data, bytes.data(), bytes.size());
        const auto size = static_cast<std::uint16_t>(bytes.size());
        return {data, size, size};
    }

private:
    std::size_t page_;
    Byte* start_;
};

IpAddress some_address(Prng& random, bool is_v4) {
    const auto last = static_cast<std::uint16_t>(random.below(300));
    if (is_v4)
        return IpAddress::v4(random.chance(900'000) ? 0xc0000200U + last
                                                    : static_cast<std::uint32_t>(random.next()));
    return v6(random.chance(500'000) ? 0 : 1, last);
}

std::vector<Byte> some_good_frame(Prng& random) {
    FrameSpec spec;
    const bool is_v4 = random.chance(500'000);
    spec.source = some_address(random, is_v4);
    spec.destination = random.chance(700'000) ? (is_v4 ? IpAddress::v4(kVip) : kVip6)
                                              : some_address(random, is_v4);
    constexpr std::array<std::uint8_t, 8> kProtocols{6, 17, 1, 58, 47, 44, 0, 51};
    spec.protocol = kProtocols[random.below(kProtocols.size())];
    constexpr std::array<std::uint16_t, 5> kPorts{80, 53, 8443, 150, 9};
    spec.source_port = static_cast<std::uint16_t>(random.next());
    spec.destination_port = kPorts[random.below(kPorts.size())];
    spec.tcp_flags = static_cast<std::uint8_t>(random.next());
    spec.icmp_type = static_cast<std::uint8_t>(random.chance(500'000) ? random.below(16)
                                                                      : 128 + random.below(12));
    spec.vlans.resize(random.below(4));
    spec.payload.resize(random.below(120));
    for (Byte& byte : spec.payload)
        byte = random.chance(300'000) ? Byte{0} : static_cast<Byte>(random.next());
    if (random.chance(300'000))
        spec.payload =
            error_about(is_v4 ? tcp(kTcpAck) : over_v6(tcp(kTcpAck)), 3, random.below(20)).payload;
    if (random.chance(200'000)) spec.hop_limit = 255;
    return build_frame(spec);
}

std::vector<Byte> some_frame(Prng& random) {
    std::vector<Byte> frame;
    switch (random.below(5)) {
        case 0:
            frame.resize(random.below(200));
            for (Byte& byte : frame) byte = static_cast<Byte>(random.next());
            return frame;
        case 1: {
            ArpSpec spec;
            spec.operation = static_cast<std::uint16_t>(random.below(4));
            spec.sender_ip = random.chance(500'000) ? kVip : kRouter;
            spec.target_ip = random.chance(500'000) ? kVip : dedicated(1);
            frame = build_arp(spec);
            break;
        }
        case 2: {
            NeighbourSpec spec;
            spec.type = static_cast<std::uint8_t>(133 + random.below(5));
            spec.source = random.chance(300'000) ? IpAddress{} : kVip6;
            spec.destination = v6(0, 1);
            spec.destination.bytes[0] = 0xff;
            spec.target = random.chance(500'000) ? kVip6 : dedicated6(1);
            spec.link_address = kClientMac;
            frame = build_neighbour_message(spec);
            break;
        }
        default:
            frame = some_good_frame(random);
    }
    for (std::uint64_t flips = random.below(4); flips > 0; --flips)
        frame[random.below(frame.size())] = static_cast<Byte>(random.next());
    if (random.chance(300'000)) frame.resize(random.below(frame.size() + 1));
    return frame;
}

template <class Settle>
void offer(Burst& burst, EdgeOfMemory& memory, const std::vector<Byte>& bytes,
           const Settle& settle) {
    burst.count = 1;
    burst.frames[0] = memory.slot(bytes);
    settle();
}

TEST(EveryFrame, IsSettledWithoutReadingBehindItsEnd) {
    EdgeOfMemory memory;
    Prng random(21);
    Burst burst;
    Counters counters{};
    std::array<bool, kReasonCount> seen{};
    Host host(1);
    for (int i = 0; i < 400'000; ++i) {
        const std::vector<Byte> bytes = some_frame(random);
        offer(burst, memory, bytes, [&] {
            settle_ingress(burst, host.context(), *host.connections, *host.fragments, counters);
        });
        const Reason reason = burst.reasons[0];
        ASSERT_NE(reason, Reason::live) << i;
        ASSERT_NE(reason, Reason::sent) << i;
        ASSERT_LE(burst.frames[0].length, burst.frames[0].capacity);
        if (output_of(reason) == Output::outside) {
            ASSERT_EQ(load_header<EthernetHeader>(burst.frames[0].data).source,
                      masked_mac(1, IpAddress::v4(kVip)));
        }
        seen[static_cast<std::size_t>(reason)] = true;
    }
    // The generator reaches most of what can be decided; otherwise this test proves little.
    EXPECT_GE(std::count(seen.begin(), seen.end(), true), 32);
}

TEST(EveryFrame, FromInsideLeavesUnderTheStationsAddressOrNotAtAll) {
    EdgeOfMemory memory;
    Prng random(22);
    Burst burst;
    Counters counters{};
    Host host(1);
    for (int i = 0; i < 400'000; ++i) {
        const std::vector<Byte> bytes = some_frame(random);
        offer(burst, memory, bytes,
              [&] { settle_egress(burst, host.context(), *host.connections, counters); });
        const Reason reason = burst.reasons[0];
        ASSERT_NE(reason, Reason::live) << i;
        ASSERT_TRUE(output_of(reason) == Output::outside || output_of(reason) == Output::none) << i;
        ASSERT_EQ(burst.frames[0].length, bytes.size());
        if (reason == Reason::sent) {
            ASSERT_EQ(load_header<EthernetHeader>(burst.frames[0].data).source,
                      masked_mac(1, IpAddress::v4(kVip)));
        }
    }
}

TEST(FourHosts, TakeEverySynExactlyOnce) {
    std::array<Host, kHosts> hosts{Host{1}, Host{2}, Host{3}, Host{4}};
    Prng random(23);
    constexpr std::array<std::uint16_t, 6> kPorts{80, 53, 8080, 8443, 22, 443};
    std::array<int, kHosts> share{};
    for (int i = 0; i < 40'000; ++i) {
        FrameSpec spec =
            tcp(kTcpSyn, static_cast<std::uint32_t>(0x0b000000 + random.below(0x20000000)),
                static_cast<std::uint16_t>(random.next()));
        if (random.chance(300'000))
            spec = over_v6(spec, v6(static_cast<std::uint16_t>(2 + random.below(60000)),
                                    static_cast<std::uint16_t>(random.next())));
        else if (random.chance(300'000))
            spec.destination = IpAddress::v4(kSecondVip);
        spec.destination_port = kPorts[random.below(kPorts.size())];
        const std::vector<Byte> frame = build_frame(spec);
        int accepted = 0;
        for (Host& host : hosts) {
            host.in(frame);
            if (verdict_of(host.last.reason) != Verdict::accept) continue;
            ++accepted;
            if (host.last.rule == kHttp) ++share[host.tables.self - 1U];
        }
        ASSERT_EQ(accepted, 1) << "seed 23, packet " << i;
    }
    const int total = share[0] + share[1] + share[2] + share[3];
    for (const int one : share) EXPECT_NEAR(static_cast<double>(one) / total, 0.25, 0.03);
}

TEST(FourHosts, TakeEveryUnicastPacketToAnEnabledRuleExactlyOnce) {
    std::array<Host, kHosts> hosts{Host{1}, Host{2}, Host{3}, Host{4}};
    Prng random(24);
    for (int i = 0; i < 40'000; ++i) {
        const auto client = static_cast<std::uint32_t>(0x0b000000 + random.below(0x20000000));
        FrameSpec spec = random.chance(500'000)
                             ? udp(53, client, static_cast<std::uint16_t>(random.next()))
                             : echo(client);
        if (random.chance(300'000)) spec = error_about(tcp(kTcpAck, client), 3);
        if (random.chance(200'000))
            spec.protocol = static_cast<std::uint8_t>(60 + random.below(40));
        const std::vector<Byte> frame = build_frame(spec);
        int accepted = 0;
        for (Host& host : hosts) accepted += verdict_of(host.in(frame)) == Verdict::accept;
        ASSERT_EQ(accepted, 1) << "seed 24, packet " << i;
    }
}

TEST(FourHosts, KeepEachFlowOnItsHostWhileBucketsMove) {
    std::array<Host, kHosts> hosts{Host{1}, Host{2}, Host{3}, Host{4}};
    Prng random(25);
    struct Flow {
        FrameSpec spec;
        HostId home;
    };
    std::vector<Flow> flows;
    const auto accepted_by = [&](const FrameSpec& spec) {
        HostId by = kNoHost;
        for (Host& host : hosts) {
            if (verdict_of(host.in(build_frame(spec))) != Verdict::accept) continue;
            EXPECT_EQ(by, kNoHost);
            by = host.tables.self;
        }
        return by;
    };
    for (std::uint32_t i = 0; i < 600; ++i) {
        Flow flow{tcp(kTcpSyn, 0x0b000000 + i * 977, static_cast<std::uint16_t>(1024 + i)),
                  kNoHost};
        flow.home = accepted_by(flow.spec);
        flow.spec.tcp_flags = kTcpAck;
        ASSERT_EQ(accepted_by(flow.spec), flow.home);
        flows.push_back(flow);
    }
    for (int round = 0; round < 60; ++round) {
        for (BucketId bucket = 0; bucket < kBuckets; ++bucket) {
            if (!random.chance(200'000)) continue;
            const auto taker = static_cast<std::size_t>(random.below(kHosts));
            for (std::size_t h = 0; h < kHosts; ++h) hosts[h].own(kHttp, bucket, h == taker);
        }
        for (std::size_t h = 0; h < kHosts; ++h) {
            BucketMask dirty = 0;
            for (std::size_t other = 0; other < kHosts; ++other)
                if (other != h)
                    dirty |= hosts[other].connections->flow_index().held()[kHttp] &
                             ~hosts[other].tables.own[kHttp];
            hosts[h].tables.dirty_elsewhere[kHttp] = dirty;
        }
        for (const Flow& flow : flows)
            ASSERT_EQ(accepted_by(flow.spec), flow.home) << "seed 25, round " << round;
    }
}

TEST(Explain, SaysRuleBucketAndOwner) {
    Host host(1);
    const FrameSpec others = served_by(host, tcp(), false);
    EXPECT_EQ(host.in(build_frame(others)), Reason::not_owner);
    EXPECT_EQ(host.last.rule, kHttp);
    EXPECT_EQ(host.last.owner, owner_of(kHttp, host.last.bucket));
    EXPECT_NE(host.last.owner, 1);
    host.in({});
    EXPECT_EQ(host.last.rule, kNoRule);
    EXPECT_EQ(host.last.owner, kNoHost);
}
TEST(Explain, KeepsFlowsFromPacketToPacket) {
    Host host(1);
    FrameSpec spec = served_by(host, tcp());
    EXPECT_EQ(host.in(build_frame(spec)), Reason::new_flow);
    spec.tcp_flags = kTcpAck;
    EXPECT_EQ(host.in(build_frame(spec)), Reason::owner);
    EXPECT_EQ(host.connections->size(), 1U);
}
TEST(Reasons, EachHasAHelpAndAnOutputThatFitsItsVerdict) {
    std::set<std::string_view> names;
    for (const ReasonInfo& info : kReasons) {
        EXPECT_TRUE(names.insert(info.name).second);
        EXPECT_FALSE(info.help.empty());
        if (info.verdict == Verdict::accept) {
            EXPECT_TRUE(info.output == Output::inside || info.output == Output::inside_and_control)
                << info.name;
        }
        if (info.verdict == Verdict::reject || info.verdict == Verdict::drop) {
            // A claim of a virtual address is dropped, and the control plane judges it.
            const bool is_claim = info.name == "virtual_announcement";
            EXPECT_EQ(info.output, is_claim ? Output::control : Output::none) << info.name;
        }
    }
}

}  // namespace
}  // namespace nlb::test
