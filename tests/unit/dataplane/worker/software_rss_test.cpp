// Two lanes behind one queue: each flow is settled on one of them, in order and in both directions,
// and no frame is lost or counted twice.
#include "dataplane/worker/software_rss.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "core/packet/frame_builder.hpp"
#include "dataplane/worker/worker.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::uint32_t kVip = 0xc0000250;
constexpr std::uint32_t kRing = 2048;

Ring ring_of(const std::string& name, std::uint32_t frames = kRing) {
    return std::move(make_ring(name, frames, 0).value());
}

class SoftwareRssTest : public ::testing::Test {
protected:
    struct RingPort {
        Ring in;
        Ring out;
        std::uint16_t id = 0;
    };

    void SetUp() override {
        static rte_mempool* const pool = rte_pktmbuf_pool_create(
            "distributor", 2047, 0, RTE_ALIGN(sizeof(FrameNote), 64), 2176, 0);
        static int made = 0;
        number_ = std::to_string(made++);
        pool_ = pool;
        open(outside_, "dx out " + number_);
        open(inside_, "dx in " + number_);
        to_main_ = ring_of("dx up " + number_, 8);
        set_up_tables();
        for (std::uint16_t number = 0; number < 2; ++number) set_up_lane(number);
        lanes_[0].rss.spreads = true;
        lanes_[1].queue = kNoQueue;
        lanes_[1].rss.sender = &lanes_[0];
        fence_.set_lease(kForever);
        fence_.set_link(true);
        clock_.calibrate_now();
        const Worker::Shared shared{clock_, rcu_, stop_, config::PollMode::busy, rte_get_tsc_hz()};
        for (std::uint32_t number = 0; number < 2; ++number) {
            workers_[number] =
                std::make_unique<Worker>(shared, number, std::vector<Lane*>{&lanes_[number]});
            rcu_.join(number);
        }
        free_ = rte_mempool_avail_count(pool_);
    }
    void TearDown() override {
        for (std::uint32_t number = 0; number < 2; ++number) rcu_.leave(number);
        for (RingPort* port : {&outside_, &inside_}) {
            rte_eth_dev_stop(port->id);
            rte_eth_dev_close(port->id);
        }
        EXPECT_EQ(rte_mempool_avail_count(pool_), free_) << "every buffer went back";
    }
    void open(RingPort& port, const std::string& name) {
        port.in = ring_of(name + " in");
        port.out = ring_of(name + " out");
        rte_ring* const rx = port.in.get();
        rte_ring* const tx = port.out.get();
        port.id = static_cast<std::uint16_t>(rte_eth_from_rings(name.c_str(), &rx, 1, &tx, 1, 0));
        const rte_eth_conf settings{};
        ASSERT_EQ(rte_eth_dev_configure(port.id, 1, 1, &settings), 0);
        ASSERT_EQ(rte_eth_rx_queue_setup(port.id, 0, 64, 0, nullptr, pool_), 0);
        ASSERT_EQ(rte_eth_tx_queue_setup(port.id, 0, 64, 0, nullptr), 0);
        ASSERT_EQ(rte_eth_dev_start(port.id), 0);
    }
    void set_up_tables() {
        tables_.self = 1;
        tables_.cluster_mac = MacAddress{{0x02, 0xbf, 192, 0, 2, 80}};
        tables_.masked_mac = MacAddress{{0x02, 0x01, 192, 0, 2, 80}};
        tables_.tcp_idle_s = tables_.half_open_s = tables_.closing_s = 60;
        tables_.own.fill(kAllBuckets);
        tables_.address_count = tables_.vip_count = 1;
        tables_.addresses[0] = {IpAddress::v4(kVip), AddressKind::vip, kNoHost, {}};
        tables_.index = TablesIndex(tables_);
    }
    void set_up_lane(std::uint16_t number) {
        Lane& lane = lanes_[number];
        const std::string name = number_ + " " + std::to_string(number);
        lane.outside_port = outside_.id;
        lane.inside_port = inside_.id;
        lane.number = number;
        lane.fence = &fence_;
        lane.to_main = to_main_.get();
        lane.doorbell = &doorbell_;
        lane.tables = &tables_;
        lane.connections =
            std::move(ConnTable::create("dx " + name, ConnCapacity(256), 0, 1).value());
        lane.peers = {&lanes_[0], &lanes_[1]};
        lane.rss.key = {11, 12};
        lane.steered = ring_of("dx a " + name);
        lane.rss.from_inside = ring_of("dx b " + name);
        lane.rss.to_outside = ring_of("dx c " + name);
        lane.rss.to_inside = ring_of("dx d " + name);
    }
    static FrameSpec packet(std::uint32_t client, std::uint8_t flags, std::uint32_t sequence = 0) {
        FrameSpec spec;
        spec.source = IpAddress::v4(0x0a00'0001 + client);
        spec.destination = IpAddress::v4(kVip);
        spec.source_port = 4000;
        spec.destination_port = 80;
        spec.tcp_flags = flags;
        spec.payload = {static_cast<Byte>(sequence), 0, 0, 0, 0, 0};
        return spec;
    }
    void give(RingPort& port, const FrameSpec& spec) {
        ASSERT_EQ(rte_ring_enqueue(port.in.get(), copy_frame(pool_, build_frame(spec))), 0);
    }
    void poll(std::uint32_t lane) {
        while (workers_[lane]->poll_once(lanes_[lane])) {
        }
    }
    void poll_all() {
        for (int turn = 0; turn < 3; ++turn)
            for (const std::uint32_t lane : {0U, 1U}) poll(lane);
    }
    // Of what lies in the ring, by the client's last byte: the first bytes of the payload, in
    // order.
    static std::map<int, std::vector<int>> take(rte_ring& ring) {
        std::map<int, std::vector<int>> found;
        void* buffer = nullptr;
        while (rte_ring_dequeue(&ring, &buffer) == 0) {
            auto* const frame = static_cast<rte_mbuf*>(buffer);
            const Byte* const data = rte_pktmbuf_mtod(frame, const Byte*);
            const bool from_inside = load_big_endian<std::uint32_t>(data + 26) == kVip;
            found[data[from_inside ? 33 : 29]].push_back(data[54]);
            rte_pktmbuf_free(frame);
        }
        return found;
    }
    [[nodiscard]] std::uint64_t counted(Reason reason) const {
        return lanes_[0].counters.reasons[static_cast<std::size_t>(reason)] +
               lanes_[1].counters.reasons[static_cast<std::size_t>(reason)];
    }

    std::string number_;
    rte_mempool* pool_ = nullptr;
    unsigned free_ = 0;
    RingPort outside_;
    RingPort inside_;
    Ring to_main_;
    IndexedTables tables_{Tables{}};
    Fence fence_;
    Doorbell doorbell_;
    Clock clock_{rte_get_tsc_hz()};
    Rcu rcu_{2};
    std::atomic<bool> stop_{false};
    std::array<Lane, 2> lanes_;
    std::array<std::unique_ptr<Worker>, 2> workers_;
};

TEST_F(SoftwareRssTest, EveryFlowIsSettledOnOneLaneAndLeavesInOrder) {
    constexpr std::uint32_t kFlows = 40;
    for (std::uint32_t sequence = 0; sequence < 10; ++sequence) {
        for (std::uint32_t client = 0; client < kFlows; ++client)
            give(outside_, packet(client, sequence == 0 ? kTcpSyn : kTcpAck, sequence));
        if (sequence % 3 == 0) poll(0);
        if (sequence % 2 == 0) poll(1);
    }
    poll_all();
    const auto delivered = take(*inside_.out);
    ASSERT_EQ(delivered.size(), kFlows);
    for (const auto& [client, sequences] : delivered)
        EXPECT_EQ(sequences, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})) << client;
    for (const Lane& lane : lanes_)
        EXPECT_GT(lane.connections->size(), kFlows / 5) << "both lanes have a share";
    EXPECT_EQ(lanes_[0].connections->size() + lanes_[1].connections->size(), kFlows)
        << "no flow is known to both";
    EXPECT_EQ(counted(Reason::new_flow), kFlows);
    EXPECT_EQ(counted(Reason::owner), 9 * kFlows);
    EXPECT_EQ(lanes_[0].counters.rx_packets + lanes_[1].counters.rx_packets, 10 * kFlows);
}

TEST_F(SoftwareRssTest, AnswersFromInsideEndTheFlowOnItsLane) {
    for (std::uint32_t client = 0; client < 20; ++client) give(outside_, packet(client, kTcpSyn));
    poll_all();
    for (std::uint32_t client = 0; client < 20; ++client) {
        FrameSpec reset = packet(client, kTcpRst);
        std::swap(reset.source, reset.destination);
        std::swap(reset.source_port, reset.destination_port);
        give(inside_, reset);
    }
    poll_all();
    EXPECT_EQ(take(*outside_.out).size(), 20U);
    EXPECT_EQ(lanes_[0].connections->size() + lanes_[1].connections->size(), 0U);
    EXPECT_EQ(lanes_[0].counters.tx_packets + lanes_[1].counters.tx_packets, 20U);
    take(*inside_.out);
}

TEST_F(SoftwareRssTest, WhatWaitsToBeSentForAnotherLaneIsNotDeliveredBehindAFallenFence) {
    for (std::uint32_t client = 0; client < 20; ++client) give(outside_, packet(client, kTcpAck));
    poll(0);
    poll(1);  // decided there, handed back, not sent yet
    const std::size_t sent = take(*inside_.out).size();
    EXPECT_LT(sent, 20U);
    fence_.set_lease(monotonic_now());
    poll_all();
    EXPECT_TRUE(take(*inside_.out).empty());
    EXPECT_EQ(counted(Reason::owner), sent);
    EXPECT_EQ(counted(Reason::fenced), 20U - sent);
}

TEST_F(SoftwareRssTest, WhatNoRingHasRoomForIsCountedAndFreed) {
    lanes_[1].steered = ring_of("dx small " + number_, 8);
    for (std::uint32_t client = 0; client < 64; ++client) give(outside_, packet(client, kTcpAck));
    poll(0);
    poll_all();
    std::uint64_t all = 0;
    for (std::size_t reason = 0; reason < kReasonCount; ++reason)
        all += counted(static_cast<Reason>(reason));
    EXPECT_EQ(all, 64U) << "each has one reason";
    EXPECT_GT(counted(Reason::output_full), 0U);
    EXPECT_EQ(take(*inside_.out).size(), 64U - counted(Reason::output_full));
}

}  // namespace
}  // namespace nlb::dataplane
