// Fragments: all of a datagram go to the one host that took its first, in whatever order they come,
// and nothing waits for ever.
#include <gtest/gtest.h>

#include "core/base/prng.hpp"
#include "tests/unit/core/flow/fragment_frames.hpp"

namespace nlb::test {
namespace {

using std::chrono::milliseconds;

// What became of the frames that waited, since the last call.
std::vector<Reason> released(Host& host) {
    std::vector<Reason> reasons;
    for (const Explanation& explanation : explain_released(host.context(), *host.fragments))
        reasons.push_back(explanation.reason);
    return reasons;
}
std::vector<Reason> times(std::size_t count, Reason reason) {
    return std::vector<Reason>(count, reason);
}

class Fragments : public testing::TestWithParam<bool> {
protected:
    // A datagram that `host` owns, or does not.
    FrameSpec datagram_for(Host& host, bool mine, std::size_t payload = 4000) {
        FrameSpec spec = large_udp(payload);
        return served_by(host, GetParam() ? over_v6(spec) : spec, mine);
    }
    Host owner_{1};
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Fragments, testing::Values(false, true),
                         [](const auto& family) { return family.param ? "v6" : "v4"; });

TEST_P(Fragments, InOrderTheyFollowTheFirstOneAndItsDatagramIsForgottenWithTheLast) {
    const Datagram datagram(datagram_for(owner_, true));
    const auto pieces = datagram.pieces(1400);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::owner);
    EXPECT_EQ(owner_.fragments->datagrams(), 1U);
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_followed);
    EXPECT_EQ(owner_.last.rule, kDns);
    EXPECT_EQ(owner_.in(pieces[2]), Reason::fragment_followed);
    EXPECT_EQ(owner_.fragments->datagrams(), 0U);
    EXPECT_EQ(owner_.fragments->waiting(), 0U);
}

TEST_P(Fragments, ExactlyOneHostTakesAllOfADatagramInAnyOrder) {
    Prng random(5);
    std::vector<Host> hosts;
    for (HostId id = 1; id <= kHosts; ++id) hosts.emplace_back(id);
    for (std::uint32_t round = 0; round < 200; ++round) {
        FrameSpec spec = large_udp(500 + random.below(9000), kClient + round,
                                   static_cast<std::uint16_t>(1024 + round));
        if (GetParam()) spec = over_v6(spec, v6(3, static_cast<std::uint16_t>(round + 1)));
        auto pieces = Datagram(spec, round).pieces(8 * (1 + random.below(180)));
        for (std::size_t i = pieces.size(); i > 1; --i)
            std::swap(pieces[i - 1], pieces[random.below(i)]);
        if (pieces.size() > kFramesPerDatagramMax) continue;
        std::size_t hosts_with_all = 0;
        for (Host& host : hosts) {
            std::size_t taken = 0;
            for (const auto& piece : pieces) {
                taken += verdict_of(host.in(piece)) == Verdict::accept ? 1U : 0U;
                for (const Reason reason : released(host))
                    taken += verdict_of(reason) == Verdict::accept ? 1U : 0U;
            }
            ASSERT_TRUE(taken == 0 || taken == pieces.size()) << round;
            if (taken != 0) ++hosts_with_all;
            EXPECT_EQ(host.fragments->datagrams(), 0U);
        }
        ASSERT_EQ(hosts_with_all, 1U) << round;
    }
}

TEST_P(Fragments, WhatComesBeforeTheFirstOneWaitsAndIsGivenBackInOrder) {
    const Datagram datagram(datagram_for(owner_, true));
    const auto pieces = datagram.pieces(1400);
    EXPECT_EQ(owner_.in(pieces[2]), Reason::fragment_held);
    const std::uint16_t first_place = owner_.last.info.fragment.slot;
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_held);
    EXPECT_NE(owner_.last.info.fragment.slot, first_place);
    EXPECT_TRUE(released(owner_).empty());
    EXPECT_EQ(owner_.in(pieces[0]), Reason::owner);
    const auto given_back = explain_released(owner_.context(), *owner_.fragments);
    ASSERT_EQ(given_back.size(), 2U);
    EXPECT_EQ(given_back[0].info.fragment.slot, first_place);
    EXPECT_EQ(given_back[0].reason, Reason::fragment_followed);
    EXPECT_EQ(given_back[0].rule, kDns);
    EXPECT_EQ(given_back[1].reason, Reason::fragment_followed);
    EXPECT_EQ(owner_.fragments->datagrams(), 0U) << "it was complete with its first one";
}

TEST_P(Fragments, AnotherHostsDatagramIsLeftToItWhole) {
    const Datagram datagram(datagram_for(owner_, false));
    const auto pieces = datagram.pieces(1400);
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_held);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::not_owner);
    EXPECT_EQ(released(owner_), times(1, Reason::not_owner));
    EXPECT_EQ(owner_.in(pieces[2]), Reason::not_owner);
}

TEST_P(Fragments, ADatagramStaysWhereItBeganAlthoughItsBucketMoves) {
    const FrameSpec spec = datagram_for(owner_, true);
    const auto pieces = Datagram(spec).pieces(1400);
    Host other(2);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::owner);
    EXPECT_EQ(other.in(pieces[0]), Reason::not_owner);
    owner_.own(kDns, owner_.last.bucket, false);
    other.own(kDns, owner_.last.bucket, true);
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_followed);
    EXPECT_EQ(other.in(pieces[1]), Reason::not_owner);
}

TEST_P(Fragments, NothingFollowsBehindAFallenFence) {
    const auto pieces = Datagram(datagram_for(owner_, true)).pieces(1400);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::owner);
    owner_.fence_holds = false;
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fenced);
}

TEST_P(Fragments, OneThatWaitsInVainIsDroppedAfterASecond) {
    const auto pieces = Datagram(datagram_for(owner_, true)).pieces(1400);
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_held);
    owner_.now += kFirstFragmentWait - milliseconds{1};
    owner_.fragments->expire(owner_.now);
    EXPECT_TRUE(released(owner_).empty());
    owner_.now += milliseconds{1};
    owner_.fragments->expire(owner_.now);
    EXPECT_EQ(released(owner_), times(1, Reason::fragment_unmatched));
    EXPECT_EQ(owner_.fragments->datagrams(), 0U);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::owner) << "a late first one begins anew";
}

TEST_P(Fragments, ADatagramThatIsNeverWholeIsForgottenAfterAWhile) {
    const auto pieces = Datagram(datagram_for(owner_, true)).pieces(1400);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::owner);
    owner_.now += kDatagramMemory - milliseconds{1};
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_followed);
    owner_.now += milliseconds{1};
    EXPECT_EQ(owner_.in(pieces[2]), Reason::fragment_held);
}

TEST_P(Fragments, ADuplicateIsDroppedAndHurtsNothing) {
    const auto pieces = Datagram(datagram_for(owner_, true)).pieces(1400);
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_held);
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_duplicate);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::owner);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::fragment_duplicate);
    EXPECT_EQ(released(owner_), times(1, Reason::fragment_followed));
    EXPECT_EQ(owner_.in(pieces[2]), Reason::fragment_followed);
}

TEST_P(Fragments, AnOverlapEndsTheWholeDatagram) {
    const Datagram datagram(datagram_for(owner_, true));
    EXPECT_EQ(owner_.in(datagram.piece(2800, 1200)), Reason::fragment_held);
    EXPECT_EQ(owner_.in(datagram.piece(1400, 1408)), Reason::fragment_overlap);
    EXPECT_EQ(released(owner_), times(1, Reason::fragment_overlap));
    EXPECT_EQ(owner_.in(datagram.piece(0, 1400)), Reason::fragment_overlap);
    EXPECT_EQ(owner_.in(datagram.piece(1400, 1400)), Reason::fragment_overlap);
}

TEST_P(Fragments, AnOverlapOfTheFirstOneEndsTheDatagramToo) {
    const Datagram datagram(datagram_for(owner_, true));
    EXPECT_EQ(owner_.in(datagram.piece(0, 1400)), Reason::owner);
    EXPECT_EQ(owner_.in(datagram.piece(0, 1392)), Reason::fragment_overlap);
    EXPECT_EQ(owner_.in(datagram.piece(1400, 1400)), Reason::fragment_overlap);
}

TEST_P(Fragments, TwoEndsOfOneDatagramAreAnOverlap) {
    const Datagram datagram(datagram_for(owner_, true));
    EXPECT_EQ(owner_.in(datagram.piece(0, 1400)), Reason::owner);
    EXPECT_EQ(owner_.in(datagram.piece(2800, 800, true)), Reason::fragment_followed);
    EXPECT_EQ(owner_.in(datagram.piece(3600, 400, true)), Reason::fragment_overlap);
    EXPECT_EQ(owner_.in(datagram.piece(1400, 1400)), Reason::fragment_overlap);
}

TEST_P(Fragments, ImpossibleOnesAreDroppedBeforeTheyAreRemembered) {
    const Datagram datagram(datagram_for(owner_, true));
    EXPECT_EQ(owner_.in(datagram.piece(1400, 0, false)), Reason::fragment_malformed);
    EXPECT_EQ(owner_.in(datagram.piece(1400, 101, false)), Reason::fragment_malformed);
    EXPECT_EQ(owner_.in(datagram.piece(0, 1401, false)), Reason::fragment_malformed);
    EXPECT_EQ(owner_.in(datagram.piece(65528, 8, true)), Reason::ip_total_length);
    EXPECT_EQ(owner_.in(datagram.piece(0, 0, false)), Reason::fragment_tiny);
    EXPECT_EQ(owner_.in(datagram.piece(65528, 7, true)), Reason::fragment_held)
        << "the last byte that a datagram can have";
    EXPECT_EQ(owner_.fragments->datagrams(), 1U);
}

TEST_P(Fragments, ADisabledRuleDropsThemAll) {
    FrameSpec spec = large_udp(4000);
    spec.destination_port = 150;
    if (GetParam()) spec = over_v6(spec);
    const auto pieces = Datagram(spec).pieces(1400);
    EXPECT_EQ(owner_.in(pieces[1]), Reason::fragment_held);
    EXPECT_EQ(owner_.in(pieces[0]), Reason::rule_disabled);
    EXPECT_EQ(released(owner_), times(1, Reason::rule_disabled));
    EXPECT_EQ(owner_.in(pieces[2]), Reason::rule_disabled);
}

TEST_P(Fragments, NoMoreWaitThanAreAllowedAndTheOldestMakeRoom) {
    const FrameSpec spec = datagram_for(owner_, true, 60000);
    std::size_t given_up = 0;
    for (std::uint32_t id = 0; id < 2000; ++id) {
        EXPECT_EQ(owner_.in(Datagram(spec, id).piece(1400, 1400)), Reason::fragment_held);
        for (const Reason reason : released(owner_)) {
            EXPECT_EQ(reason, Reason::fragment_table_full);
            ++given_up;
        }
        ASSERT_LE(owner_.fragments->waiting(), kFramesWaitingMax);
    }
    EXPECT_EQ(given_up, 2000 - kFramesWaitingMax);
    EXPECT_EQ(owner_.in(Datagram(spec, 1999).piece(0, 1400)), Reason::owner);
    EXPECT_EQ(released(owner_), times(1, Reason::fragment_followed))
        << "a flood of strays locks no new datagram out";
}

TEST_P(Fragments, OneDatagramDoesNotTakeAllPlaces) {
    const Datagram datagram(datagram_for(owner_, true, 60000));
    for (std::size_t i = 1; i <= kFramesPerDatagramMax; ++i)
        EXPECT_EQ(owner_.in(datagram.piece(64 * i, 64)), Reason::fragment_held);
    EXPECT_EQ(owner_.in(datagram.piece(64 * (kFramesPerDatagramMax + 1), 64)),
              Reason::fragment_table_full);
}

TEST_P(Fragments, AFullTableForgetsTheOldestDatagram) {
    const FrameSpec spec = datagram_for(owner_, true);
    for (std::uint32_t id = 0; id <= kDatagramsMax; ++id)
        EXPECT_EQ(owner_.in(Datagram(spec, id).piece(0, 1400)), Reason::owner);
    EXPECT_EQ(owner_.fragments->datagrams(), kDatagramsMax);
    EXPECT_EQ(owner_.in(Datagram(spec, 1).piece(1400, 1400)), Reason::fragment_followed);
    EXPECT_EQ(owner_.in(Datagram(spec, 0).piece(1400, 1400)), Reason::fragment_held);
}

TEST(FragmentedV4, ProtocolsHaveNumbersOfTheirOwn) {
    Host host(1);
    const FrameSpec spec = served_by(host, large_udp(4000));
    FrameSpec echo_spec = echo(spec.source.as_v4());
    echo_spec.payload.assign(4000, 1);
    EXPECT_EQ(host.in(Datagram(spec).piece(0, 1400)), Reason::owner);
    EXPECT_EQ(host.in(Datagram(echo_spec).piece(1400, 1400)), Reason::fragment_held);
    EXPECT_EQ(host.in(Datagram(echo_spec).piece(0, 1400)), Reason::owner);
    EXPECT_EQ(released(host), times(1, Reason::fragment_followed));
}

TEST(FragmentedTcp, ASynInTwoPiecesOpensItsFlow) {
    Host host(1);
    FrameSpec spec = served_by(host, tcp());
    spec.payload.assign(64, 0);
    const Datagram datagram(spec);
    EXPECT_EQ(host.in(datagram.piece(0, 24)), Reason::new_flow);
    EXPECT_EQ(host.in(datagram.piece(24, 60)), Reason::fragment_followed);
    EXPECT_EQ(host.in(datagram.piece(8, 16)), Reason::fragment_tiny);
}

TEST(FragmentsElsewhere, OfDedicatedAndGroupAddressesNeedNoFirstOne) {
    Host host(1);
    FrameSpec spec = large_udp(4000);
    spec.destination = IpAddress::v4(dedicated(1));
    EXPECT_EQ(host.in(Datagram(spec).piece(1400, 1400)), Reason::dedicated);
    spec.destination = IpAddress::v4(dedicated(2));
    EXPECT_EQ(host.in(Datagram(spec).piece(1400, 1400)), Reason::other_host);
    spec.destination = IpAddress::v4(0xe000'00fb);
    EXPECT_EQ(host.in(Datagram(spec).piece(1400, 1400)), Reason::multicast);
    EXPECT_EQ(host.fragments->datagrams(), 0U);
}

TEST(Counting, AFrameThatWaitedIsCountedOnceUnderWhatBecameOfIt) {
    Host host(1);
    const Datagram datagram(served_by(host, large_udp(4000)));
    auto counters = std::make_unique<Counters>();
    const auto count = [&](Reason reason) {
        return counters->reasons[static_cast<std::size_t>(reason)];
    };
    auto burst = std::make_unique<Burst>();
    std::vector<std::vector<Byte>> frames{datagram.piece(1400, 1400), datagram.piece(0, 1400)};
    burst->count = 2;
    for (std::size_t i = 0; i < 2; ++i) {
        const auto length = static_cast<std::uint16_t>(frames[i].size());
        burst->frames[i] = {frames[i].data(), length, length};
    }
    settle_ingress(*burst, host.context(), *host.connections, *host.fragments, *counters);
    EXPECT_EQ(burst->reasons[0], Reason::fragment_held);
    EXPECT_EQ(count(Reason::fragment_held), 1U);
    EXPECT_EQ(counters->accepted[kDns], 1U);
    std::array<std::uint16_t, kBurstMax> slots;
    EXPECT_EQ(settle_released(*burst, *host.fragments, slots, *counters), 1U);
    EXPECT_EQ(count(Reason::fragment_held), 0U);
    EXPECT_EQ(count(Reason::fragment_followed), 1U);
    EXPECT_EQ(counters->accepted[kDns], 2U);
    EXPECT_EQ(settle_released(*burst, *host.fragments, slots, *counters), 0U);
}

TEST(DatagramExtent, IsCompleteExactlyWhenEveryByteWasShownOnce) {
    Prng random(9);
    auto extent = std::make_unique<DatagramExtent>();
    for (int round = 0; round < 300; ++round) {
        const std::size_t bytes = 1 + random.below(kDatagramBytesMax);
        const std::size_t step = 8 * (1 + random.below(400));
        std::vector<std::size_t> offsets;
        for (std::size_t at = 0; at < bytes; at += step) offsets.push_back(at);
        for (std::size_t i = offsets.size(); i > 1; --i)
            std::swap(offsets[i - 1], offsets[random.below(i)]);
        for (const std::size_t at : offsets) {
            ASSERT_FALSE(extent->complete());
            const std::size_t length = std::min(step, bytes - at);
            ASSERT_EQ(extent->add(at, length, at + length == bytes), DatagramExtent::Fit::fresh);
            ASSERT_EQ(extent->add(at, length, at + length == bytes),
                      DatagramExtent::Fit::duplicate);
        }
        ASSERT_TRUE(extent->complete());
        extent->clear();
    }
}

TEST(DatagramExtent, TellsOverlapsOfEveryKindFromDuplicates) {
    using Fit = DatagramExtent::Fit;
    DatagramExtent extent;
    EXPECT_EQ(extent.add(512, 512, false), Fit::fresh);
    EXPECT_EQ(extent.add(1024, 512, false), Fit::fresh);
    EXPECT_EQ(extent.add(512, 1024, false), Fit::conflict) << "two at once";
    EXPECT_EQ(extent.add(512, 256, false), Fit::conflict) << "its first half";
    EXPECT_EQ(extent.add(768, 256, false), Fit::conflict) << "its second half";
    EXPECT_EQ(extent.add(256, 264, false), Fit::conflict) << "eight bytes of it";
    EXPECT_EQ(extent.add(1528, 16, false), Fit::conflict);
    EXPECT_EQ(extent.add(512, 512, true), Fit::conflict) << "suddenly the last one";
    EXPECT_EQ(extent.add(0, 512, true), Fit::conflict) << "an end before what was seen";
    EXPECT_EQ(extent.add(1536, 9, true), Fit::fresh);
    EXPECT_EQ(extent.add(1536, 9, true), Fit::duplicate);
    EXPECT_EQ(extent.add(1536, 10, true), Fit::conflict)
        << "another end within the same eight bytes";
    EXPECT_EQ(extent.add(1536, 16, false), Fit::conflict)
        << "the last one, suddenly longer and not the last";
    EXPECT_EQ(extent.add(1536, 10, true), Fit::conflict) << "another end";
    EXPECT_EQ(extent.add(1536, 9, true), Fit::duplicate);
    EXPECT_EQ(extent.add(1552, 8, false), Fit::conflict) << "behind the end";
    EXPECT_EQ(extent.add(1024, 512, false), Fit::duplicate);
}

}  // namespace
}  // namespace nlb::test
