// A worker on ports made of rings: a test puts frames in on one side and looks at what comes out
// where.
#pragma once

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
#include "dataplane/worker/worker.hpp"

namespace nlb::dataplane {

inline constexpr MacAddress kPeer{{0x02, 0, 0, 0, 0, 9}};
inline constexpr MacAddress kMasked{{0x02, 0x01, 192, 0, 2, 80}};
inline constexpr MacAddress kCluster{{0x02, 0xbf, 192, 0, 2, 80}};
inline constexpr MacAddress kInside{{0x02, 0, 0, 0, 0, 0x1f}};
inline constexpr MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

inline Ring ring_of(const std::string& name, std::uint32_t frames) {
    auto ring = make_ring(name, frames, 0);
    return std::move(ring.value());
}

// Pools live until EAL is cleaned up.
inline rte_mempool* pool_of(const char* name) {
    return rte_pktmbuf_pool_create(name, 511, 0, RTE_ALIGN(sizeof(FrameNote), RTE_MBUF_PRIV_ALIGN),
                                   2176, 0);
}

// A port whose far end the test holds.
struct RingPort {
    explicit RingPort(const std::string& name)
        : in(ring_of(name + " in", 256)), out(ring_of(name + " out", 256)) {
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
        lane_.connections =
            std::move(ConnTable::create("worker " + number, ConnCapacity(64), 0, 1).value());
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
        tables_.index = TablesIndex(tables_);
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
    [[nodiscard]] std::uint64_t counted(Reason reason) const {
        return lane_.counters.reasons[static_cast<std::size_t>(reason)];
    }

    rte_mempool* pool_ = nullptr;
    unsigned free_ = 0;
    std::unique_ptr<RingPort> outside_;
    std::unique_ptr<RingPort> inside_;
    Ring to_main_;
    Ring from_main_;
    IndexedTables tables_{Tables{}};
    Fence fence_;
    Doorbell doorbell_;
    Clock clock_{rte_get_tsc_hz()};
    Rcu rcu_{1};
    std::atomic<bool> stop_{false};
    Lane lane_;
    std::unique_ptr<Worker> worker_;
};

inline std::vector<Byte> frame_of(const MacAddress& to, const MacAddress& from,
                                  std::uint16_t ethertype, std::size_t bytes = 60) {
    std::vector<Byte> frame(bytes);
    std::memcpy(frame.data(), &to, sizeof to);
    std::memcpy(frame.data() + 6, &from, sizeof from);
    store_big_endian<std::uint16_t>(frame.data() + 12, ethertype);
    return frame;
}

inline std::vector<Byte> udp_to(std::uint32_t destination) {
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

inline std::vector<Byte> fragment_to(std::uint32_t destination, std::size_t number) {
    std::vector<Byte> frame = udp_to(destination);
    frame.resize(14 + 20 + (number < 2 ? 16 : 8));
    Byte* const ip = frame.data() + 14;
    store_big_endian<std::uint16_t>(ip + 2, static_cast<std::uint16_t>(frame.size() - 14));
    store_big_endian<std::uint16_t>(
        ip + 6, static_cast<std::uint16_t>(2 * number | (number < 2 ? kIpv4MoreFragments : 0U)));
    store_big_endian<std::uint16_t>(ip + 10, 0);
    store_big_endian<std::uint16_t>(ip + 10, checksum_of(ip, 20));
    store_big_endian<std::uint16_t>(ip + 24, 40);
    return frame;
}

}  // namespace nlb::dataplane
