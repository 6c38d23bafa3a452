// A worker on ports made of rings: what goes in on one side comes out where the tables say, and no buffer is lost on the way.
#include "dataplane/worker/worker.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <poll.h>
#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <string>
#include <thread>

#include "core/packet/checksum.hpp"
#include "core/packet/headers.hpp"

namespace nlb::dataplane {
namespace {

constexpr MacAddress kPeer{{0x02, 0, 0, 0, 0, 9}};
constexpr MacAddress kMasked{{0x02, 0x01, 192, 0, 2, 80}};
constexpr MacAddress kCluster{{0x02, 0xbf, 192, 0, 2, 80}};
constexpr MacAddress kInside{{0x02, 0, 0, 0, 0, 0x1f}};
constexpr MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

Ring ring_of(const std::string& name, std::uint32_t frames) {
    auto ring = make_ring(name, frames, 0);
    return std::move(ring.value());
}

// Pools live until EAL is cleaned up.
rte_mempool* pool_of(const char* name) {
    return rte_pktmbuf_pool_create(name, 511, 0, RTE_ALIGN(sizeof(FrameNote), RTE_MBUF_PRIV_ALIGN), 2176, 0);
}

// A port whose far end the test holds.
struct RingPort {
    explicit RingPort(const std::string& name) : in(ring_of(name + " in", 256)), out(ring_of(name + " out", 256)) {
        rte_ring* const rx = in.get();
        rte_ring* const tx = out.get();
        id = static_cast<std::uint16_t>(rte_eth_from_rings(name.c_str(), &rx, 1, &tx, 1, 0));
        const rte_eth_conf settings{};
        static rte_mempool* const pool = pool_of("port frames");
        EXPECT_EQ(rte_eth_dev_configure(id, 1, 1, &settings), 0);
        EXPECT_EQ(rte_eth_rx_queue_setup(id, 0, 64, 0, nullptr, pool), 0);
        EXPECT_EQ(rte_eth_tx_queue_setup(id, 0, 64, 0, nullptr), 0);
        EXPECT_EQ(rte_eth_dev_start(id), 0);
    }
    ~RingPort() {
        rte_eth_dev_stop(id);
        rte_eth_dev_close(id);
    }
    Ring in;
    Ring out;
    std::uint16_t id;
};

class WorkerTest : public ::testing::Test {
protected:
    void SetUp() override {
        static int made = 0;
        const std::string number = std::to_string(made++);
        static rte_mempool* const pool = pool_of("test frames");
        pool_ = pool;
        outside_ = std::make_unique<RingPort>("outside " + number);
        inside_ = std::make_unique<RingPort>("inside " + number);
        to_main_ = ring_of("up " + number, 8);
        from_main_ = ring_of("down " + number, 8);
        set_up_tables();
        lane_.outside_port = outside_->id;
        lane_.inside_port = inside_->id;
        lane_.addresses = {kPeer, kInside};
        lane_.addresses.outside = MacAddress{{0x02, 0, 0, 0, 0, 0x0a}};
        lane_.fence = &fence_;
        lane_.to_main = to_main_.get();
        lane_.from_main = from_main_.get();
        lane_.doorbell = &doorbell_;
        lane_.tables = &tables_;
        lane_.connections = std::move(ConnTable::create("worker " + number, ConnCapacity(64), 0, 1).value());
        fence_.set_lease(kForever);
        fence_.set_link(true);
        clock_.calibrate_now();
        const Worker::Shared shared{clock_, rcu_, stop_, config::PollMode::busy, rte_get_tsc_hz()};
        worker_ = std::make_unique<Worker>(shared, 0, std::vector<Lane*>{&lane_});
        rcu_.join(0);
        free_ = rte_mempool_avail_count(pool_);
    }
    void TearDown() override {
        rcu_.leave(0);
        for (RingPort* port : {outside_.get(), inside_.get()}) static_cast<void>(take(*port->out));
        static_cast<void>(take(*to_main_));
        EXPECT_EQ(rte_mempool_avail_count(pool_), free_) << "every buffer went back";
    }
    void set_up_tables() {
        tables_.self = 1;
        tables_.mode = LinkMode::unicast;
        tables_.cluster_mac = kCluster;
        tables_.masked_mac = kMasked;
        tables_.tcp_idle_s = tables_.half_open_s = tables_.closing_s = 60;
        tables_.own.fill(kAllBuckets);
        tables_.address_count = 2;
        tables_.vip_count = 1;
        tables_.addresses[0] = {IpAddress::v4(0xc0000250), AddressKind::vip, kNoHost, {}};
        tables_.addresses[1] = {IpAddress::v4(0xc000020b), AddressKind::dedicated_mine, 1, {}};
    }
    void give(RingPort& port, const std::vector<Byte>& frame) {
        rte_mbuf* const buffer = copy_frame(pool_, frame);
        ASSERT_NE(buffer, nullptr);
        ASSERT_EQ(rte_ring_enqueue(port.in.get(), buffer), 0);
    }
    // What lies in the ring, freed.
    static std::vector<std::vector<Byte>> take(rte_ring& ring) {
        std::vector<std::vector<Byte>> frames;
        void* buffer = nullptr;
        while (rte_ring_dequeue(&ring, &buffer) == 0) {
            auto* const frame = static_cast<rte_mbuf*>(buffer);
            const Byte* const data = rte_pktmbuf_mtod(frame, const Byte*);
            frames.emplace_back(data, data + frame->data_len);
            rte_pktmbuf_free(frame);
        }
        return frames;
    }
    [[nodiscard]] std::uint64_t counted(Reason reason) const { return lane_.counters.reasons[static_cast<std::size_t>(reason)]; }

    rte_mempool* pool_ = nullptr;
    unsigned free_ = 0;
    std::unique_ptr<RingPort> outside_;
    std::unique_ptr<RingPort> inside_;
    Ring to_main_;
    Ring from_main_;
    Tables tables_{};
    Fence fence_;
    Doorbell doorbell_;
    Clock clock_{rte_get_tsc_hz()};
    Rcu rcu_{1};
    std::atomic<bool> stop_{false};
    Lane lane_;
    std::unique_ptr<Worker> worker_;
};

std::vector<Byte> frame_of(const MacAddress& to, const MacAddress& from, std::uint16_t ethertype, std::size_t bytes = 60) {
    std::vector<Byte> frame(bytes);
    std::memcpy(frame.data(), &to, sizeof to);
    std::memcpy(frame.data() + 6, &from, sizeof from);
    store_big_endian<std::uint16_t>(frame.data() + 12, ethertype);
    return frame;
}

std::vector<Byte> udp_to(std::uint32_t destination) {
    std::vector<Byte> frame = frame_of(kCluster, kPeer, kEthertypeIpv4);
    Byte* const ip = frame.data() + 14;
    ip[0] = 0x45;
    store_big_endian<std::uint16_t>(ip + 2, 46);
    ip[8] = 64;
    ip[9] = 17;
    store_big_endian<std::uint32_t>(ip + 12, 0xc00002c8);
    store_big_endian<std::uint32_t>(ip + 16, destination);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < 20; i += 2) sum += load_big_endian<std::uint16_t>(ip + i);
    store_big_endian<std::uint16_t>(ip + 10, static_cast<std::uint16_t>(~(sum % 0xffff)));
    store_big_endian<std::uint16_t>(ip + 20, 4000);
    store_big_endian<std::uint16_t>(ip + 22, 53);
    store_big_endian<std::uint16_t>(ip + 24, 26);
    return frame;
}

TEST_F(WorkerTest, AnAcceptedPacketReachesTheInsideDevice) {
    const auto frame = udp_to(0xc0000250);
    give(*outside_, frame);
    EXPECT_TRUE(worker_->poll_once(lane_));
    const auto delivered = take(*inside_->out);
    ASSERT_EQ(delivered.size(), 1U);
    EXPECT_EQ(std::memcmp(delivered[0].data(), &kInside, sizeof kInside), 0);
    EXPECT_TRUE(std::equal(delivered[0].begin() + 6, delivered[0].end(), frame.begin() + 6));
    EXPECT_EQ(counted(Reason::owner), 1U);
    EXPECT_EQ(lane_.counters.rx_packets, 1U);
    EXPECT_EQ(lane_.counters.rx_bytes, frame.size());
    EXPECT_NE(lane_.last_rx_ns.load(), kLongAgo.time_since_epoch().count());
}

TEST_F(WorkerTest, WhoTracesSeesWhatWasDecidedAboutAPacketThatNoLaterStageLookedAt) {
    const trace::Request request{0, {}, trace::Direction::both, 1000, 64, 1};
    const trace::Instruction everything{0x06, 0, 0, 65535};  // return 65535
    auto tap = Tap::create(request, {&everything, 1}, 1);
    lane_.tap.store(tap.value().get());
    tables_.own.fill(0);
    tables_.owner[kDefaultRule].fill(5);
    give(*outside_, udp_to(0xc0000250));
    EXPECT_TRUE(worker_->poll_once(lane_));
    lane_.tap.store(nullptr);
    Tap::Taken* const taken = tap.value()->take();
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(taken->packet.reason, Reason::not_owner);
    EXPECT_EQ(taken->packet.info.client, IpAddress::v4(0xc00002c8));
    EXPECT_EQ(taken->packet.info.vip_port, 53);
    EXPECT_EQ(taken->packet.info.rule, kDefaultRule);
    EXPECT_EQ(taken->packet.owner, 5);
    pollfd rung{doorbell_.fd(), POLLIN, 0};
    EXPECT_EQ(poll(&rung, 1, 0), 1) << "main is told";
    tap.value()->give_back(taken);
}

// The first 16 bytes of a datagram of 40, the next 16, or the last 8.
std::vector<Byte> fragment_to(std::uint32_t destination, std::size_t number) {
    std::vector<Byte> frame = udp_to(destination);
    frame.resize(14 + 20 + (number < 2 ? 16 : 8));
    Byte* const ip = frame.data() + 14;
    store_big_endian<std::uint16_t>(ip + 2, static_cast<std::uint16_t>(frame.size() - 14));
    store_big_endian<std::uint16_t>(ip + 6, static_cast<std::uint16_t>(2 * number | (number < 2 ? kIpv4MoreFragments : 0U)));
    store_big_endian<std::uint16_t>(ip + 10, 0);
    store_big_endian<std::uint16_t>(ip + 10, checksum_of(ip, 20));
    store_big_endian<std::uint16_t>(ip + 24, 40);
    return frame;
}

TEST_F(WorkerTest, FragmentsThatComeBeforeTheirFirstOneAreDeliveredBehindIt) {
    give(*outside_, fragment_to(0xc0000250, 2));
    EXPECT_TRUE(worker_->poll_once(lane_));
    give(*outside_, fragment_to(0xc0000250, 1));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_TRUE(take(*inside_->out).empty());
    EXPECT_EQ(counted(Reason::fragment_held), 2U);
    give(*outside_, fragment_to(0xc0000250, 0));
    EXPECT_TRUE(worker_->poll_once(lane_));
    const auto delivered = take(*inside_->out);
    ASSERT_EQ(delivered.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t number = i == 0 ? 0 : 3 - i;
        const auto sent = fragment_to(0xc0000250, number);
        EXPECT_TRUE(std::equal(delivered[i].begin() + 6, delivered[i].end(), sent.begin() + 6, sent.end())) << i;
        EXPECT_EQ(std::memcmp(delivered[i].data(), &kInside, sizeof kInside), 0);
    }
    EXPECT_EQ(counted(Reason::fragment_held), 0U);
    EXPECT_EQ(counted(Reason::fragment_followed), 2U);
}

TEST_F(WorkerTest, AFragmentThatWaitsInVainGivesItsBufferBack) {
    give(*outside_, fragment_to(0xc0000250, 1));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(rte_mempool_avail_count(pool_), free_ - 1);
    std::this_thread::sleep_for(kFirstFragmentWait + std::chrono::milliseconds{10});
    clock_.calibrate_now();
    EXPECT_FALSE(worker_->poll_once(lane_));
    EXPECT_EQ(rte_mempool_avail_count(pool_), free_);
    EXPECT_EQ(counted(Reason::fragment_unmatched), 1U);
}

TEST_F(WorkerTest, FragmentsThatWaitAreNotDeliveredBehindAFallenFence) {
    give(*outside_, fragment_to(0xc0000250, 1));
    EXPECT_TRUE(worker_->poll_once(lane_));
    fence_.set_lease(monotonic_now());
    give(*outside_, fragment_to(0xc0000250, 0));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_TRUE(take(*inside_->out).empty());
    EXPECT_EQ(counted(Reason::fenced), 2U);
}

TEST_F(WorkerTest, WhatAnotherLaneRemembersIsHandedToItAndDecidedThere) {
    Lane other;
    other.steered = ring_of("steered other", 64);
    lane_.steered = ring_of("steered mine", 64);
    Doorbell bell;
    other.bell = lane_.bell = &bell;
    other.queue = 1;
    lane_.peers = other.peers = {&lane_, &other};
    for (std::uint32_t client = 0; client < 20; ++client) {
        std::vector<Byte> piece = fragment_to(0xc0000250, 0);
        Byte* const ip = piece.data() + 14;
        ip[15] = static_cast<Byte>(client);
        store_big_endian<std::uint16_t>(ip + 10, 0);
        store_big_endian<std::uint16_t>(ip + 10, checksum_of(ip, 20));
        give(*outside_, piece);
    }
    EXPECT_TRUE(worker_->poll_once(lane_));
    const auto handed = take(*other.steered);
    const auto delivered = take(*inside_->out);
    EXPECT_EQ(handed.size() + delivered.size(), 20U);
    EXPECT_GT(handed.size(), 3U);
    EXPECT_GT(delivered.size(), 3U);
    EXPECT_EQ(counted(Reason::steered), handed.size());
    pollfd rung{bell.fd(), POLLIN, 0};
    EXPECT_EQ(poll(&rung, 1, 0), 1);

    ASSERT_EQ(rte_ring_enqueue(lane_.steered.get(), copy_frame(pool_, delivered.front())), 0);
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(counted(Reason::fragment_duplicate), 1U) << "it knows the datagram";
    lane_.peers.clear();
}

TEST_F(WorkerTest, AClosedFenceLetsDedicatedAddressesThrough) {
    fence_.set_lease(monotonic_now());
    give(*outside_, udp_to(0xc0000250));
    give(*outside_, udp_to(0xc000020b));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(take(*inside_->out).size(), 1U);
    EXPECT_EQ(counted(Reason::fenced), 1U);
    EXPECT_EQ(counted(Reason::dedicated), 1U);
}

TEST_F(WorkerTest, AHeartbeatGoesToMainWithItsTimeAndRingsOnce) {
    const Instant before = monotonic_now();
    for (int i = 0; i < 3; ++i) give(*outside_, frame_of(kBroadcast, kPeer, kEthertypeHeartbeat));
    EXPECT_TRUE(worker_->poll_once(lane_));
    pollfd bell{doorbell_.fd(), POLLIN, 0};
    EXPECT_EQ(poll(&bell, 1, 0), 1);
    void* buffer = nullptr;
    ASSERT_EQ(rte_ring_dequeue(to_main_.get(), &buffer), 0);
    const Instant received{Duration{note_of(static_cast<rte_mbuf*>(buffer)).received_ns}};
    EXPECT_LT(std::max(received - before, before - received), std::chrono::seconds{1});
    rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer));
    doorbell_.answer();
    EXPECT_EQ(poll(&bell, 1, 0), 0);
    EXPECT_TRUE(take(*inside_->out).empty());
}

// A heartbeat of host 2 as far as its header goes.
std::vector<Byte> sealed_heartbeat(std::uint8_t sequence, const SealKey& key) {
    std::vector<Byte> frame = frame_of(kBroadcast, kPeer, kEthertypeHeartbeat);
    frame.resize(sizeof(EthernetHeader) + 64);
    const std::span<Byte> body = std::span{frame}.subspan(sizeof(EthernetHeader));
    std::fill(body.begin(), body.end(), Byte{0});
    body[32] = 2;
    body[51] = sequence;
    seal(body, key);
    return frame;
}

TEST_F(WorkerTest, OfHeartbeatsWithoutASealOnlyAFewGetToMainAndSealedOnesAlwaysDo) {
    const SealKeys keys{{SealKey{{1, 2}}}, 1};
    lane_.seal_keys = &keys;
    const std::uint64_t others = 40;
    for (std::uint64_t i = 0; i < others; ++i) give(*outside_, sealed_heartbeat(1, SealKey{{3, 4}}));
    EXPECT_TRUE(worker_->poll_once(lane_));
    const std::uint64_t passed = take(*to_main_).size() + lane_.punts_lost.load();
    EXPECT_EQ(passed, HeartbeatGate::kOthersPerWindow);
    EXPECT_EQ(counted(Reason::heartbeat_shed), others - passed);
    EXPECT_EQ(counted(Reason::heartbeat), passed) << "each has one reason";
    for (std::uint8_t sequence = 1; sequence <= 5; ++sequence) give(*outside_, sealed_heartbeat(sequence, keys.keys[0]));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(take(*to_main_).size(), 5U);
    lane_.seal_keys = nullptr;
}

TEST_F(WorkerTest, AnIgmpQueryGoesInsideAndToMain) {
    tables_.mode = LinkMode::igmp;
    std::vector<Byte> query = udp_to(0xe0000001);
    Byte* const ip = query.data() + 14;
    ip[9] = kProtocolIgmp;
    ip[20] = kIgmpQuery;
    store_big_endian<std::uint16_t>(ip + 10, 0);
    store_big_endian<std::uint16_t>(ip + 10, checksum_of(ip, 20));
    give(*outside_, query);
    EXPECT_TRUE(worker_->poll_once(lane_));
    const auto inside = take(*inside_->out);
    const auto up = take(*to_main_);
    ASSERT_EQ(inside.size(), 1U);
    ASSERT_EQ(up.size(), 1U);
    EXPECT_EQ(up[0], query);
    EXPECT_EQ(counted(Reason::igmp_query), 1U);
}

TEST_F(WorkerTest, HeartbeatsThatFindTheRingFullAreCountedAsLost) {
    const SealKeys keys{{SealKey{{1, 2}}}, 1};
    lane_.seal_keys = &keys;
    for (std::uint8_t i = 1; i <= 20; ++i) give(*outside_, sealed_heartbeat(i, keys.keys[0]));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(take(*to_main_).size() + lane_.punts_lost.load(), 20U);
    EXPECT_GE(lane_.punts_lost.load(), 12U);
}

TEST_F(WorkerTest, FramesOfMainLeaveOutside) {
    ASSERT_EQ(rte_ring_enqueue(from_main_.get(), copy_frame(pool_, frame_of(kBroadcast, kMasked, kEthertypeHeartbeat))), 0);
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(take(*outside_->out).size(), 1U);
    EXPECT_EQ(lane_.counters.tx_packets, 1U);
}

TEST_F(WorkerTest, AFrameFromInsideLeavesWithTheMaskedSource) {
    give(*inside_, udp_to(0xc00002c8));
    EXPECT_TRUE(worker_->poll_once(lane_));
    const auto sent = take(*outside_->out);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(std::memcmp(sent[0].data() + 6, &kMasked, sizeof kMasked), 0);
    EXPECT_EQ(lane_.counters.inside_packets, 1U);
}

TEST_F(WorkerTest, WhatThePortCannotTakeIsCountedOnce) {
    while (rte_ring_free_count(inside_->out.get()) > 0)
        ASSERT_EQ(rte_ring_enqueue(inside_->out.get(), copy_frame(pool_, udp_to(0xc0000250))), 0);
    give(*outside_, udp_to(0xc0000250));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(counted(Reason::owner), 0U);
    EXPECT_EQ(counted(Reason::output_full), 1U);
}

TEST_F(WorkerTest, WithNothingToDoItSaysSo) {
    EXPECT_FALSE(worker_->poll_once(lane_));
}

}  // namespace
}  // namespace nlb::dataplane
