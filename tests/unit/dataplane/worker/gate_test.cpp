// While a gate is shut no port is asked, what other lanes left is freed, and tables go on; a worker
// looks again for what wakes it when the gate has turned.
#include "dataplane/worker/gate.hpp"

#include "tests/unit/dataplane/worker/worker_fixture.hpp"

namespace nlb::dataplane {
namespace {

TEST(Gate, EachTurnHasANumberOfItsOwn) {
    Gate gate;
    EXPECT_FALSE(gate.is_shut());
    const auto first = gate.turns();
    gate.open();
    EXPECT_EQ(gate.turns(), first) << "it was open";
    gate.shut();
    gate.shut();
    EXPECT_TRUE(gate.is_shut());
    const auto second = gate.turns();
    EXPECT_NE(second, first);
    gate.open();
    EXPECT_FALSE(gate.is_shut());
    EXPECT_NE(gate.turns(), first);
    EXPECT_NE(gate.turns(), second);
}

TEST_F(WorkerTest, BehindAShutGateNoPortIsAskedAndWhatOthersLeftIsFreed) {
    lane_.steered = ring_of("shut steered", 64);
    lane_.peers = {&lane_};
    give(*outside_, udp_to(0xc0000250));
    rte_mbuf* const left = copy_frame(pool_, udp_to(0xc0000250));
    ASSERT_EQ(rte_ring_enqueue(lane_.steered.get(), left), 0);
    lane_.gate.shut();
    EXPECT_FALSE(worker_->poll_once(lane_));
    EXPECT_EQ(lane_.counters.rx_packets, 0U);
    EXPECT_EQ(rte_ring_count(outside_->in.get()), 1U) << "it waits in the port";
    EXPECT_EQ(rte_ring_count(lane_.steered.get()), 0U);
    EXPECT_EQ(counted(Reason::output_full), 1U);
    lane_.gate.open();
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(take(*inside_->out).size(), 1U);
}

TEST_F(WorkerTest, TablesGoOnBehindAShutGate) {
    lane_.peers = {&lane_};
    static_cast<void>(worker_->poll_once(lane_));
    lane_.gate.shut();
    const IndexedTables newer = tables_;
    lane_.tables.store(&newer);
    for (int turn = 0; turn < 3; ++turn) static_cast<void>(worker_->poll_once(lane_));
    EXPECT_EQ(lane_.in_use.adopted(), &newer);
}

TEST_F(WorkerTest, AGracePeriodPassesOverAWorkerBehindAShutGate) {
    lane_.gate.shut();
    const std::uint64_t grace = rcu_.start();
    EXPECT_FALSE(rcu_.over(grace)) << "it may still be in a port";
    static_cast<void>(worker_->poll_once(lane_));
    EXPECT_TRUE(rcu_.over(grace));
}

}  // namespace
}  // namespace nlb::dataplane
