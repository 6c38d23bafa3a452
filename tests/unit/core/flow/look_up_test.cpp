// Which packets may go without a look-up (core/flow/look_up.hpp): over all combinations of what is
// known of a bucket and all TCP flags the definition is right, and both the track stage and the
// fast path follow it.
#include "core/flow/look_up.hpp"

#include <gtest/gtest.h>
#include <optional>

#include "core/fastpath/fast_path.hpp"
#include "core/flow/track.hpp"
#include "core/packet/ownership.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::test {
namespace {

struct BucketState {
    bool owned = false;
    bool dirty_elsewhere = false;
    bool held = false;
    bool opening = false;
    bool reindexing = false;
};

struct Case {
    BucketState bucket{};
    bool is_watched = false;  // the packet's own flow
    std::uint8_t tcp_flags = 0;

    [[nodiscard]] std::uint8_t flags() const { return tcp_flags; }
    [[nodiscard]] bool owned() const { return bucket.owned; }
    [[nodiscard]] bool dirty_elsewhere() const { return bucket.dirty_elsewhere; }
    [[nodiscard]] bool held() const { return bucket.held; }
    [[nodiscard]] bool opening() const { return bucket.opening; }
    [[nodiscard]] bool reindexing() const { return bucket.reindexing; }
    [[nodiscard]] bool watched() const { return is_watched; }
};

// All combinations that can be: a watched flow has a descriptor in its bucket, while descriptors
// are reindexed every bucket counts as held, and a flow opens only in a bucket of ours.
template <class Use>
void for_each_case(const Use& use) {
    for (unsigned bits = 0; bits < 1U << 6; ++bits)
        for (unsigned flags = 0; flags < 256; ++flags) {
            const auto bit = [bits](unsigned i) { return (bits >> i & 1U) != 0; };
            const Case test{
                {bit(0), bit(1), bit(2), bit(3), bit(4)}, bit(5), static_cast<std::uint8_t>(flags)};
            if ((test.is_watched || test.bucket.reindexing) && !test.bucket.held) continue;
            if (test.bucket.opening && !test.bucket.owned) continue;
            use(test);
        }
}

std::string text_of(const Case& test) {
    std::string text = "flags " + std::to_string(test.tcp_flags);
    const auto add = [&](bool fact, const char* name) { text += fact ? name : ""; };
    add(test.bucket.owned, " owned");
    add(test.bucket.dirty_elsewhere, " dirty-elsewhere");
    add(test.bucket.held, " held");
    add(test.bucket.opening, " opening");
    add(test.bucket.reindexing, " reindexing");
    add(test.is_watched, " watched");
    return text;
}

constexpr BucketId kBucket = 17;
constexpr std::uint32_t kNow_s = 100'000;
constexpr std::array<Byte, sizeof(TcpHeader)> kSegment{};  // it acknowledges 0

Tables tables_of(const Case& test) {
    Tables tables = make_tables(1);
    const BucketMask bit = BucketMask{1} << kBucket;
    tables.own[kHttp] = test.bucket.owned ? bit : 0;
    tables.owner[kHttp][kBucket] = test.bucket.owned ? 1 : 2;
    tables.dirty_elsewhere[kHttp] = test.bucket.dirty_elsewhere ? bit : 0;
    return tables;
}

PacketInfo packet_of(const Case& test) {
    PacketInfo info{};
    info.protocol = kProtocolTcp;
    info.tcp_flags = test.tcp_flags;
    info.rule = kHttp;
    info.bucket = kBucket;
    return info;
}

// The states in which the packet's own descriptor may be, when nothing more is known than the case
// says; nullptr: there is none.
std::vector<std::optional<Descriptor>> descriptors_of(const Case& test) {
    std::vector<std::optional<Descriptor>> some{std::nullopt};
    if (!test.bucket.held && !test.bucket.opening) return some;
    some.push_back(Descriptor{kNow_s - 1, kHttp, kBucket, FlowState::established, 0});
    some.push_back(Descriptor{kNow_s - 1, kHttp, kBucket, FlowState::established, kMarkClientFin});
    some.push_back(Descriptor{kNow_s - 1, kHttp, kBucket, FlowState::closing,
                              kMarkClientFin | kMarkServerFin});
    if (!test.is_watched) return some;
    some.push_back(Descriptor{kNow_s - 1, kHttp, kBucket, FlowState::half_open, 0});
    some.push_back(Descriptor{kNow_s - 1, kHttp, kBucket, FlowState::half_open, kMarkAnswered, 0});
    some.push_back(Descriptor{0, kHttp, kBucket, FlowState::established, kMarkStale});
    some.push_back(Descriptor{kNow_s - 1, kHttp, kBucket, FlowState::closing, kMarkReset});
    return some;
}

TEST(LookUpRule, WhereNoneIsNeededALookUpWouldHaveSaidTheSame) {
    int skipped = 0;
    for_each_case([&](const Case& test) {
        const Reason expected = settle_without_look_up(test);
        if (expected == Reason::live) return;
        ++skipped;
        const Tables tables = tables_of(test);
        for (std::optional<Descriptor> descriptor : descriptors_of(test)) {
            const TrackDecision decision =
                decide_tracked(packet_of(test), kSegment.data(), tables,
                               descriptor ? &*descriptor : nullptr, kNow_s);
            ASSERT_EQ(decision.reason, expected) << text_of(test);
            ASSERT_EQ(decision.change, DescriptorChange::none) << text_of(test);
        }
    });
    EXPECT_GT(skipped, 1000);
}

TEST(LookUpRule, WhatItSavesIsWhatTheTreePromises) {
    const auto established = [](BucketState bucket, bool watched = false) {
        return settle_without_look_up(Case{bucket, watched, kTcpAck});
    };
    EXPECT_EQ(established({.owned = true, .held = true}), Reason::owner);
    EXPECT_EQ(established({.owned = true, .held = true}, true), Reason::live);
    EXPECT_EQ(established({.owned = true, .held = true, .opening = true}), Reason::live);
    EXPECT_EQ(established({.owned = true, .held = true, .reindexing = true}), Reason::live);
    EXPECT_EQ(established({.owned = true, .dirty_elsewhere = true}), Reason::tracked_elsewhere);
    EXPECT_EQ(established({.owned = true, .dirty_elsewhere = true, .held = true}), Reason::live);
    EXPECT_EQ(established({.held = true}), Reason::live);
    EXPECT_EQ(established({}), Reason::not_owner);
    EXPECT_EQ(settle_without_look_up(Case{{}, false, kTcpSyn}), Reason::not_owner);
    EXPECT_EQ(settle_without_look_up(Case{{.owned = true}, false, kTcpSyn}), Reason::live);
    EXPECT_EQ(settle_without_look_up(Case{{.owned = true}, false, kTcpRst}), Reason::owner);
    EXPECT_EQ(settle_without_look_up(Case{{.owned = true, .held = true}, false, kTcpRst}),
              Reason::live);
}

// What was looked up for other reasons (its bucket is not clean) and need not be read.
TEST(LookUpRule, ADescriptorThatIsLeftAloneWouldNotHaveChanged) {
    for_each_case([&](const Case& test) {
        if (!leaves_descriptor_alone(test.tcp_flags, [&] { return test.is_watched; })) return;
        const Tables tables = tables_of(test);
        for (std::optional<Descriptor> descriptor : descriptors_of(test)) {
            if (!descriptor) continue;
            const TrackDecision decision =
                decide_tracked(packet_of(test), kSegment.data(), tables, &*descriptor, kNow_s);
            ASSERT_EQ(decision.reason, acceptance(tables, kHttp, kBucket)) << text_of(test);
            ASSERT_EQ(decision.change, DescriptorChange::none) << text_of(test);
        }
    });
}

// A host in which one client's bucket has the facts of a case, as far as tables and a real flow
// index can show them.
class Scene {
public:
    Scene(const Case& test, FrameSpec packet) : packet_(std::move(packet)) {
        bucket_ = bucket_on(host_, packet_);
        other_ = packet_;
        ++other_.source_port;
        host_.own(kHttp, bucket_, test.bucket.owned);
        host_.dirty_elsewhere(kHttp, bucket_, test.bucket.dirty_elsewhere);
        if (test.bucket.held) insert(other_, FlowState::established);
        if (test.is_watched) insert(packet_, FlowState::half_open);
        if (test.bucket.reindexing) index().begin_reindexing(host_.tables.layout + 1);
    }

    // What the fast path says of the packet, behind a SYN of another flow when one is opening.
    Reason on_fast_path(const Case& test) {
        Burst burst;
        std::vector<std::vector<Byte>> frames;
        FrameSpec syn = other_;
        syn.source_port = static_cast<std::uint16_t>(syn.source_port + 1);
        syn.tcp_flags = kTcpSyn;
        if (test.bucket.opening) frames.push_back(build_frame(syn));
        packet_.tcp_flags = test.tcp_flags;
        frames.push_back(build_frame(packet_));
        for (std::vector<Byte>& frame : frames) {
            const auto size = static_cast<std::uint16_t>(frame.size());
            burst.frames[burst.count++] = {frame.data(), size, size};
        }
        fast_path(burst, host_.context(), index());
        EXPECT_EQ(burst.on_fast_path, all_slots(burst)) << text_of(test);
        return burst.reasons[burst.count - 1];
    }
    // What track's question says.
    Reason before_look_up(const Case& test) {
        PacketInfo info{};
        info.client = packet_.source;
        info.vip = packet_.destination;
        info.client_port = packet_.source_port;
        info.vip_port = packet_.destination_port;
        info.protocol = kProtocolTcp;
        info.tcp_flags = test.tcp_flags;
        info.rule = kHttp;
        info.bucket = bucket_;
        LookUpContext look_up{host_.tables, index(),
                              test.bucket.opening ? BucketMask{1} << bucket_ : 0};
        Reason reason = Reason::live;
        return needs_look_up(info, look_up, reason) ? Reason::live : reason;
    }

private:
    [[nodiscard]] FlowIndex& index() { return host_.connections->flow_index(); }
    static FlowKey key_of(const FrameSpec& spec) {
        return {spec.source,           spec.destination, spec.source_port,
                spec.destination_port, kProtocolTcp,     {}};
    }
    void insert(const FrameSpec& spec, FlowState state) {
        host_.connections->insert(key_of(spec), {kNow_s, kHttp, bucket_, state, 0});
    }

    Host host_{1};
    FrameSpec packet_;
    FrameSpec other_;
    BucketId bucket_ = 0;
};

void expect_both_follow(const FrameSpec& packet) {
    int settled = 0;
    std::optional<Scene> scene;
    for_each_case([&](const Case& test) {
        // The scene depends on everything but the flags.
        if (test.tcp_flags == 0) scene.emplace(test, packet);
        const Reason expected = settle_without_look_up(test);
        ASSERT_EQ(scene->before_look_up(test), expected) << text_of(test);
        const Reason fast = scene->on_fast_path(test);
        if (fast == Reason::live) return;
        ++settled;
        ASSERT_EQ(fast, expected) << text_of(test);
    });
    // All flags in a bucket of others without descriptors, clean here or not; and in a clean bucket
    // of ours, held or not, the 32 combinations of flags that neither begin nor end a flow. A fast
    // path that settled nothing would agree with everything.
    EXPECT_EQ(settled, 2 * 256 + 2 * 32);
}

TEST(LookUpRule, TrackAndTheFastPathFollowItOverIpv4) {
    expect_both_follow(tcp());
}
TEST(LookUpRule, TrackAndTheFastPathFollowItOverIpv6) {
    expect_both_follow(over_v6(tcp()));
}

// The fast path may send more to track than the rule asks for, but not the packets that it is for.
TEST(LookUpRule, TheFastPathSettlesEstablishedFlowsInCleanBuckets) {
    for (const FrameSpec& packet : {tcp(), over_v6(tcp())}) {
        const Case clean{{.owned = true, .held = true}, false, kTcpAck};
        EXPECT_EQ(Scene(clean, packet).on_fast_path(clean), Reason::owner);
        const Case foreign{{}, false, kTcpAck};
        EXPECT_EQ(Scene(foreign, packet).on_fast_path(foreign), Reason::not_owner);
        const Case syn_elsewhere{{}, false, kTcpSyn};
        EXPECT_EQ(Scene(syn_elsewhere, packet).on_fast_path(syn_elsewhere), Reason::not_owner);
    }
}

}  // namespace
}  // namespace nlb::test
