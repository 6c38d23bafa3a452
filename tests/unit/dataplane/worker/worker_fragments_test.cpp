// Fragments that come before their first one wait in the worker's hands; no buffer is lost.
#include "tests/unit/dataplane/worker/worker_fixture.hpp"

namespace nlb::dataplane {
namespace {

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
        EXPECT_TRUE(
            std::equal(delivered[i].begin() + 6, delivered[i].end(), sent.begin() + 6, sent.end()))
            << i;
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

}  // namespace
}  // namespace nlb::dataplane
