// Whose word made a new map, when the same hosts take part.
#include "controlplane/agent/changed_offers.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

struct Changed : ::testing::Test {
    std::map<HostId, Peer> peers;

    Changed() {
        for (const HostId id : {HostId{2}, HostId{3}}) {
            peers[id].stated = true;
            peers[id].rules[0].offer = 50;
        }
    }
    // What is told when `change` has befallen host 3.
    std::optional<ChangedOffers> after(void (*change)(Peer&)) {
        const OffersByHost before = offers_of(peers);
        change(peers[3]);
        return first_changed(before, offers_of(peers));
    }
};

TEST_F(Changed, NothingIsNoCause) {
    EXPECT_FALSE(after([](Peer& peer) { peer.sequence += 1; }));
}

TEST_F(Changed, AHostThatDrainsIsNoChangeOfWeight) {
    const auto told = after([](Peer& peer) {
        peer.flags |= kFlagDraining;
        peer.rules[0].offer = 0;
    });
    ASSERT_TRUE(told);
    EXPECT_EQ(told->cause, ConvergenceCause::drain);
    EXPECT_EQ(told->by, 3);
}

TEST_F(Changed, ARuleThatIsSwitchedAndAServerThatFailsAreToldApart) {
    EXPECT_EQ(after([](Peer& peer) { peer.rules[0].state = RuleState::disabled; })->cause,
              ConvergenceCause::rule);
    EXPECT_EQ(after([](Peer& peer) { peer.rules[0].state = RuleState::failed; })->cause,
              ConvergenceCause::health);
    EXPECT_EQ(after([](Peer& peer) { peer.rules[0].state = RuleState::enabled; })->cause,
              ConvergenceCause::health)
        << "it came back";
}

TEST_F(Changed, OffersAloneAreAWeight) {
    EXPECT_EQ(after([](Peer& peer) { peer.rules[0].offer = 10; })->cause, ConvergenceCause::weight);
}

TEST_F(Changed, WhoHasSaidNothingYetIsNobody) {
    EXPECT_FALSE(after([](Peer& peer) { peer = {}; }));
    EXPECT_FALSE(after([](Peer& peer) { peer.stated = true; })) << "it was not known before";
}

}  // namespace
}  // namespace nlb::controlplane
