// A worker's own table under floods of forged packets, a million a second of virtual time: what
// honest flows lose.
#include <gtest/gtest.h>
#include <iostream>
#include <map>

#include "core/base/prng.hpp"
#include "core/pipeline.hpp"
#include "dataplane/worker/conn_table.hpp"
#include "tests/unit/core/packet/world.hpp"

namespace nlb::dataplane {
namespace {

using test::tcp;

constexpr std::uint32_t kPairsPerMs = 1000;
constexpr std::uint32_t kFlood_ms = 1000;
constexpr std::uint32_t kRoundTrip_ms = 40;
constexpr std::uint32_t kRetry_ms = 1000;  // RFC 6298: a client's first time-out

// A host that owns every bucket, with the table of the real worker.
class ForgedFlood : public ::testing::Test {
protected:
    ForgedFlood() {
        for (RuleId rule = 0; rule < kRuleSlots; ++rule) host_.tables.own[rule] = kAllBuckets;
        static int made = 0;
        auto created =
            ConnTable::create("forged " + std::to_string(made++), ConnCapacity(262'144), 0, 0x5eed);
        EXPECT_TRUE(created.ok());
        table_ = std::move(created.value());
    }
    Reason offer(const FrameSpec& spec) {
        std::vector<Byte> frame = build_frame(spec);
        return settle(frame, [&](const BurstContext& context) {
            settle_ingress(burst_, context, *table_, *host_.fragments, counters_);
        });
    }
    void answer(const FrameSpec& spec, std::uint32_t sequence) {
        FrameSpec reply = test::reply_to(spec, kTcpSyn | kTcpAck);
        reply.sequence = sequence;
        std::vector<Byte> frame = build_frame(reply);
        const Reason reason = settle(frame, [&](const BurstContext& context) {
            settle_egress(burst_, context, *table_, counters_);
        });
        ASSERT_EQ(reason, Reason::sent);
    }
    void advance(Duration time) {
        host_.now += time;
        table_->sweep(host_.tables, host_.now);
    }
    Descriptor* descriptor(const FrameSpec& spec) {
        return table_->find({spec.source,
                             spec.destination,
                             spec.source_port,
                             spec.destination_port,
                             kProtocolTcp,
                             {}});
    }
    bool establish(FrameSpec spec) {
        if (offer(spec) == Reason::syn_shed) return false;
        answer(spec, 100);
        spec.tcp_flags = kTcpAck;
        spec.acknowledgement = 101;
        EXPECT_EQ(offer(spec), Reason::owner);
        return true;
    }

    test::Host host_{1};
    std::unique_ptr<ConnTable> table_;
    Counters counters_{};
    Prng random_{7};

private:
    template <typename Stages>
    Reason settle(std::vector<Byte>& frame, const Stages& stages) {
        const auto length = static_cast<std::uint16_t>(frame.size());
        frame.resize(length + 128);
        burst_.count = 1;
        burst_.frames[0] = {frame.data(), length, static_cast<std::uint16_t>(frame.size())};
        stages(host_.context());
        return burst_.reasons[0];
    }
    Burst burst_{};
};

using ByTime = std::multimap<std::uint32_t, FrameSpec>;  // milliseconds

TEST_F(ForgedFlood, ForgedHandshakesRefuseNoHonestFlowItsDescriptor) {
    ByTime calling;
    ByTime answered;
    std::uint32_t shed = 0;
    std::uint32_t forged_shed = 0;
    std::vector<FrameSpec> honest;
    const auto take_due = [](ByTime& queue, std::uint32_t now_ms) {
        std::vector<FrameSpec> due;
        for (; !queue.empty() && queue.begin()->first <= now_ms; queue.erase(queue.begin()))
            due.push_back(queue.begin()->second);
        return due;
    };
    const auto serve = [&](std::uint32_t now_ms) {
        for (const FrameSpec& flow : take_due(calling, now_ms)) {
            if (offer(flow) == Reason::syn_shed) {
                ++shed;
                calling.emplace(now_ms + kRetry_ms, flow);
                continue;
            }
            answer(flow, 100);
            answered.emplace(now_ms + kRoundTrip_ms, flow);
        }
        for (FrameSpec flow : take_due(answered, now_ms)) {
            flow.tcp_flags = kTcpAck;
            flow.acknowledgement = 101;
            ASSERT_EQ(offer(flow), Reason::owner);
            honest.push_back(flow);
        }
    };
    for (std::uint32_t ms = 0; ms < kFlood_ms; ++ms) {
        calling.emplace(ms, tcp(kTcpSyn, 0xcb00'7100U + ms % 200,
                                static_cast<std::uint16_t>(10'000 + ms / 200)));
        const auto arrival = static_cast<std::uint32_t>(random_.below(kPairsPerMs));
        for (std::uint32_t pair = 0; pair < kPairsPerMs; ++pair) {
            if (pair % (kPairsPerMs / 10) == 0) advance(std::chrono::microseconds{100});
            FrameSpec forged =
                tcp(kTcpSyn, 0x0b00'0000U + static_cast<std::uint32_t>(random_.below(1U << 24U)),
                    static_cast<std::uint16_t>(1024 + random_.below(60'000)));
            forged_shed += offer(forged) == Reason::syn_shed ? 1 : 0;
            forged.tcp_flags = kTcpAck;
            forged.acknowledgement = static_cast<std::uint32_t>(random_.next());
            offer(forged);
            if (pair == arrival) serve(ms);
        }
    }
    for (std::uint32_t ms = kFlood_ms; !calling.empty() || !answered.empty(); ++ms) {
        advance(std::chrono::milliseconds{1});
        serve(ms);
        ASSERT_LT(ms, kFlood_ms + 20 * kRetry_ms);
    }
    std::size_t established = 0;
    for (const FrameSpec& flow : honest) {
        const Descriptor* const found = descriptor(flow);
        established += found != nullptr && found->state == FlowState::established ? 1 : 0;
    }
    std::cout << "# " << kFlood_ms * kPairsPerMs << " forged pairs in " << kFlood_ms << " ms, "
              << forged_shed << " shed; " << honest.size() << " honest flows, " << established
              << " established, " << shed << " of their SYNs shed and sent again, "
              << counters_.table_full << " not tracked\n";
    EXPECT_EQ(honest.size(), kFlood_ms);
    EXPECT_EQ(established, honest.size());
    EXPECT_EQ(counters_.table_full, 0U);
    EXPECT_EQ(table_->size(), established + table_->flow_index().half_open());
    EXPECT_LE(table_->flow_index().half_open(), table_->half_open_most());
}

TEST_F(ForgedFlood, BlindRstsEndNoMovedFlowWhoseClientGoesOn) {
    constexpr std::uint32_t kClients = 10;
    constexpr std::uint32_t kFlowsOfOne = 100;
    std::vector<FrameSpec> flows;
    for (std::uint32_t i = 0; i < kClients * kFlowsOfOne; ++i) {
        flows.push_back(tcp(kTcpSyn, test::kClient + i % kClients,
                            static_cast<std::uint16_t>(1024 + random_.below(64'512))));
        ASSERT_TRUE(establish(flows.back()));
        advance(std::chrono::milliseconds{1});
    }
    host_.tables.own[test::kHttp] = 0;  // every bucket moves to another host
    host_.tables.owner[test::kHttp].fill(2);
    std::uint32_t forged = 0;
    for (int round = 0; round < 2; ++round) {
        for (std::uint32_t client = 0; client < kClients; ++client)
            for (std::uint32_t port = 1024; port < 65'536; ++port, ++forged) {
                FrameSpec reset =
                    tcp(kTcpRst, test::kClient + client, static_cast<std::uint16_t>(port));
                reset.sequence = static_cast<std::uint32_t>(random_.next());
                offer(reset);
            }
        for (int second = 0; second < 50; ++second) advance(std::chrono::seconds{1});
        for (FrameSpec flow : flows) {
            ASSERT_EQ(descriptor(flow)->state, FlowState::closing);
            flow.tcp_flags = kTcpAck;
            ASSERT_EQ(offer(flow), Reason::descriptor);
            ASSERT_EQ(descriptor(flow)->state, FlowState::established);
        }
    }
    std::cout << "# " << forged << " forged RSTs, " << flows.size() << " moved flows, 0 lost\n";
}

}  // namespace
}  // namespace nlb::dataplane
