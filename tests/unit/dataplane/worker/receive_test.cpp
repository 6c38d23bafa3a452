// Frames in several segments: joined where one buffer holds them, too large where none does.
#include "dataplane/worker/receive.hpp"

#include "core/packet/frame_room.hpp"
#include "tests/unit/dataplane/worker/worker_fixture.hpp"

namespace nlb::dataplane {
namespace {

class Segments : public WorkerTest {
protected:
    // A packet for the virtual address, padded to `bytes`, in two segments.
    void give_in_two(std::uint16_t first, std::uint16_t second) {
        rte_mbuf* const head = copy_frame(pool_, udp_to(0xc0000250));
        rte_mbuf* const tail = rte_pktmbuf_alloc(pool_);
        ASSERT_TRUE(head != nullptr && tail != nullptr);
        ASSERT_NE(rte_pktmbuf_append(head, static_cast<std::uint16_t>(first - head->data_len)),
                  nullptr);
        ASSERT_NE(rte_pktmbuf_append(tail, second), nullptr);
        ASSERT_EQ(rte_pktmbuf_chain(head, tail), 0);
        ASSERT_EQ(rte_ring_enqueue(outside_->in.get(), head), 0);
    }
};

TEST_F(Segments, AFrameThatOneBufferHoldsIsJoined) {
    give_in_two(1000, frame_room(0) - 1000);
    EXPECT_TRUE(worker_->poll_once(lane_));
    const auto delivered = take(*inside_->out);
    ASSERT_EQ(delivered.size(), 1U);
    EXPECT_EQ(delivered[0].size(), frame_room(0));
    EXPECT_EQ(counted(Reason::too_large), 0U);
}

TEST_F(Segments, AFrameThatNoBufferHoldsIsTooLargeAndItsNeighboursAreNot) {
    give(*outside_, udp_to(0xc0000250));
    give_in_two(1000, frame_room(0) - 999);
    give(*outside_, udp_to(0xc0000250));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(counted(Reason::too_large), 1U);
    EXPECT_EQ(counted(Reason::owner), 2U);
    EXPECT_EQ(take(*inside_->out).size(), 2U);
    EXPECT_EQ(lane_.counters.rx_packets, 3U) << "it came";
}

}  // namespace
}  // namespace nlb::dataplane
