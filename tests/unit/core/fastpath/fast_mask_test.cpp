// The fast path from inside against the stages that it runs ahead of: over a million frames, good,
// mutated and cut off, nothing may differ but the time. Seeded; a failure names the burst and the
// frame.
#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "core/pipeline.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

constexpr std::size_t kRoom = 256;
constexpr int kBursts = 16'000;  // of up to 64 frames, twice

// What a server, and a network stack around it, sends.
std::vector<std::vector<Byte>> some_patterns() {
    std::vector<std::vector<Byte>> patterns;
    const auto add = [&](const FrameSpec& spec, std::uint8_t flags, std::size_t payload = 10) {
        FrameSpec reply = reply_to(spec, flags);
        reply.payload.resize(payload);
        patterns.push_back(build_frame(reply));
    };
    constexpr std::array<std::uint8_t, 7> kFlags{
        kTcpAck, kTcpAck | 8, kTcpSyn | kTcpAck, kTcpFin | kTcpAck, kTcpRst, kTcpSyn, 0};
    for (const std::uint8_t flags : kFlags) {
        add(tcp(kTcpAck), flags);
        add(over_v6(tcp(kTcpAck)), flags);
    }
    for (int more = 0; more < 8; ++more) {
        add(tcp(kTcpAck), kTcpAck, 0);
        add(tcp(kTcpAck), kTcpAck, 60);
        add(udp(53), 0, 20);
        add(over_v6(tcp(kTcpAck)), kTcpAck, 0);
        add(over_v6(udp(53)), 0, 20);
    }
    for (const std::uint16_t port : std::array<std::uint16_t, 4>{500, 4500, 1723, 80}) {
        add(udp(port), 0, 40);
        add(over_v6(udp(port)), 0, 40);
    }
    FrameSpec tagged = reply_to(tcp(kTcpAck), kTcpAck);
    tagged.vlans = {7};
    patterns.push_back(build_frame(tagged));
    for (const std::uint8_t protocol :
         {kProtocolIcmp, kProtocolGre, kProtocolEsp, kProtocolAuthentication}) {
        FrameSpec spec = reply_to(tcp(kTcpAck), kTcpAck);
        spec.protocol = protocol;
        spec.payload.resize(20);
        patterns.push_back(build_frame(spec));
    }
    patterns.push_back(build_frame(reply_to(over_v6(echo()), 0)));
    patterns.push_back(build_frame(error_about(tcp(kTcpAck), 3)));
    patterns.push_back(build_arp({}));
    NeighbourSpec neighbour;
    neighbour.source = kVip6;
    neighbour.destination = v6(0, 1);
    neighbour.target = kVip6;
    neighbour.link_address = kInsideMac;
    patterns.push_back(build_neighbour_message(neighbour));
    patterns.push_back(from_hex("01 80 c2 00 00 0e 02 0b 00 00 00 01 88 cc 02 07 04"));  // LLDP
    return patterns;
}

class Server {
public:
    explicit Server(std::uint64_t seed) : random_(seed), patterns_(some_patterns()) {}

    std::vector<Byte> next() {
        std::vector<Byte> frame = patterns_[random_.below(patterns_.size())];
        // one of few clients, so that some are tracked
        if (frame.size() >= 54 && frame[12] == 0x08 && frame[13] == 0x00)
            store_big_endian(frame.data() + 36, static_cast<std::uint16_t>(random_.below(50)));
        if (random_.chance(40'000)) frame.resize(random_.below(frame.size() + 1));
        if (random_.chance(200'000))
            for (std::uint64_t flips = 1 + random_.below(3); flips > 0 && !frame.empty(); --flips)
                frame[random_.below(std::min<std::size_t>(frame.size(), 80))] ^=
                    static_cast<Byte>(1U << random_.below(8));
        return frame;
    }

private:
    Prng random_;
    std::vector<std::vector<Byte>> patterns_;
};

struct Side {
    explicit Side(HostId id) : host(id) { track_some(); }
    Host host;
    std::unique_ptr<Burst> burst = std::make_unique<Burst>();
    std::vector<Byte> bytes = std::vector<Byte>(kBurstMax * kRoom);
    Counters counters{};

    // Flows and sessions whose state answers change.
    void track_some() {
        for (std::uint16_t port = 0; port < 50; ++port) {
            host.in(build_frame(tcp(kTcpSyn, kClient, port)));
            host.in(build_frame(udp(500, kClient, port)));
        }
    }
    void load(const std::vector<std::vector<Byte>>& frames) {
        burst->count = static_cast<std::uint32_t>(frames.size());
        for (std::size_t i = 0; i < frames.size(); ++i) {
            Byte* const at = bytes.data() + i * kRoom;
            std::copy(frames[i].begin(), frames[i].end(), at);
            burst->frames[i] = {at, static_cast<std::uint16_t>(frames[i].size()), kRoom};
        }
    }
    void settle_one_by_one() {
        burst->on_fast_path = 0;
        burst->one_rule = false;
        mask(*burst, host.context());
        track_replies(*burst, host.context(), *host.connections, counters);
        count_egress(*burst, counters);
    }
    void settle() {
        burst->describe_all = true;
        settle_egress(*burst, host.context(), *host.connections, counters);
    }
    // A descriptor as it is after all that was said, of a client's port.
    [[nodiscard]] std::optional<Descriptor> descriptor(std::uint16_t port) {
        const Descriptor* const found = host.descriptor(tcp(kTcpAck, kClient, port));
        return found == nullptr ? std::nullopt : std::optional(*found);
    }
};

void expect_alike(const Side& fast, const Side& slow, int number) {
    for (std::uint32_t i = 0; i < fast.burst->count; ++i) {
        ASSERT_EQ(fast.burst->reasons[i], slow.burst->reasons[i])
            << "burst " << number << " frame " << i;
        ASSERT_EQ(std::memcmp(&fast.burst->info[i], &slow.burst->info[i], sizeof(PacketInfo)), 0)
            << "burst " << number << " frame " << i;
        ASSERT_EQ(fast.burst->rule_at(i), slow.burst->rule_at(i))
            << "burst " << number << " frame " << i;
    }
    ASSERT_EQ(fast.bytes, slow.bytes) << "burst " << number;
}

// How many were on the fast path.
std::uint64_t compare_sides(Side& fast, Side& slow, std::uint64_t seed) {
    Server server(seed);
    Prng random(seed + 1);
    std::uint64_t on_fast_path = 0;
    for (int number = 0; number < kBursts && !::testing::Test::HasFatalFailure(); ++number) {
        std::vector<std::vector<Byte>> frames(random.chance(700'000) ? kBurstMax
                                                                     : 1 + random.below(kBurstMax));
        for (auto& frame : frames) frame = server.next();
        if (number % 100 == 0)
            for (Side* side : {&fast, &slow}) {
                side->host.wait(1);
                side->track_some();
            }
        fast.load(frames);
        slow.load(frames);
        fast.settle();
        slow.settle_one_by_one();
        on_fast_path += static_cast<std::uint64_t>(std::popcount(fast.burst->on_fast_path));
        expect_alike(fast, slow, number);
    }
    EXPECT_EQ(std::memcmp(&fast.counters, &slow.counters, sizeof(Counters)), 0);
    EXPECT_EQ(fast.host.connections->size(), slow.host.connections->size());
    for (std::uint16_t port = 0; port < 50; ++port) {
        const auto [one, other] = std::pair(fast.descriptor(port), slow.descriptor(port));
        EXPECT_EQ(one.has_value(), other.has_value()) << port;
        if (!one || !other) continue;
        EXPECT_EQ(std::memcmp(&*one, &*other, sizeof(Descriptor)), 0) << port;
    }
    return on_fast_path;
}

TEST(FastMask, DoesToEveryFrameWhatTheStagesBehindItWouldDo) {
    Side fast(1);
    Side slow(1);
    EXPECT_GT(compare_sides(fast, slow, 31), 300'000U) << "servers are usual enough";
}

TEST(FastMask, TakesNothingBehindAFallenFenceOrWithoutTables) {
    Side fast(1);
    Side slow(1);
    for (Side* side : {&fast, &slow}) side->host.fence_holds = false;
    EXPECT_EQ(compare_sides(fast, slow, 33), 0U);
    EXPECT_EQ(fast.host.out(build_frame(reply_to(tcp(), kTcpAck))), Reason::fenced);
    Side empty(1);
    empty.host.tables = Tables{};
    empty.load({build_frame(reply_to(tcp(), kTcpAck))});
    empty.settle();
    EXPECT_EQ(empty.burst->on_fast_path, 0U);
    EXPECT_EQ(empty.burst->reasons[0], Reason::no_tables);
}

// Each in a burst by itself.
TEST(FastMask, LeavesToTheStagesWhatADescriptorHasToHear) {
    const auto is_taken = [](const FrameSpec& spec) {
        Side side(1);
        side.load({build_frame(spec)});
        side.settle();
        EXPECT_EQ(side.burst->reasons[0], Reason::sent);
        return side.burst->on_fast_path == 1;
    };
    for (const bool v6 : {false, true}) {
        const auto said = [v6](std::uint8_t flags) {
            const FrameSpec spec = v6 ? over_v6(tcp(kTcpAck)) : tcp(kTcpAck);
            return reply_to(spec, flags);
        };
        EXPECT_TRUE(is_taken(said(kTcpAck)));
        for (const std::uint8_t flags : {kTcpSyn, kTcpFin, kTcpRst})
            EXPECT_FALSE(is_taken(said(flags | kTcpAck))) << int{flags};
        const auto from = [v6](std::uint16_t port) {
            return reply_to(v6 ? over_v6(udp(port)) : udp(port), 0);
        };
        EXPECT_TRUE(is_taken(from(53)));
        EXPECT_FALSE(is_taken(from(500)));
        EXPECT_FALSE(is_taken(from(4500)));
        FrameSpec tagged = said(kTcpAck);
        tagged.vlans = {7};
        EXPECT_FALSE(is_taken(tagged));
    }
}

}  // namespace
}  // namespace nlb::test
