// What goes in on one side comes out where the tables say, and no buffer is lost on the way.
#include "core/packet/frame_builder.hpp"
#include "tests/unit/dataplane/worker/worker_fixture.hpp"

namespace nlb::dataplane {
namespace {

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
    auto trace = PacketTrace::create(request, {&everything, 1}, 1);
    lane_.trace.store(trace.value().get());
    tables_.own.fill(0);
    tables_.owner[kDefaultRule].fill(5);
    give(*outside_, udp_to(0xc0000250));
    EXPECT_TRUE(worker_->poll_once(lane_));
    lane_.trace.store(nullptr);
    PacketTrace::Taken* const taken = trace.value()->take();
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(taken->packet.reason, Reason::not_owner);
    EXPECT_EQ(taken->packet.info.client, IpAddress::v4(0xc00002c8));
    EXPECT_EQ(taken->packet.info.vip_port, 53);
    EXPECT_EQ(taken->packet.info.rule, kDefaultRule);
    EXPECT_EQ(taken->packet.owner, 5);
    pollfd rung{doorbell_.fd(), POLLIN, 0};
    EXPECT_EQ(poll(&rung, 1, 0), 1) << "main is told";
    trace.value()->give_back(taken);
}

// R12: a port that was put into another VLAN receives, and hears nobody.
TEST_F(WorkerTest, AFrameOfAnotherVlanIsNoSignOfHearing) {
    auto strange = udp_to(0xc0000250);
    const std::array<Byte, kVlanTagBytes> tag{0x81, 0x00, 0x00, 9};
    strange.insert(strange.begin() + 2 * sizeof(MacAddress), tag.begin(), tag.end());
    give(*outside_, strange);
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(counted(Reason::other_vlan), 1U);
    EXPECT_EQ(lane_.last_rx_ns.load(), kLongAgo.time_since_epoch().count());
    give(*outside_, strange);
    give(*outside_, udp_to(0xc0000250));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_NE(lane_.last_rx_ns.load(), kLongAgo.time_since_epoch().count());
}

// The first 16 bytes of a datagram of 40, the next 16, or the last 8.
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

    std::vector<Byte> again = delivered.front();
    put_mac(again.data(), kCluster);  // as it came
    ASSERT_EQ(rte_ring_enqueue(lane_.steered.get(), copy_frame(pool_, again)), 0);
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
    VerifiedHeartbeats verified;
    verified.note(2, {{0, 0}, 10});
    lane_.verified = &verified;
    const std::uint64_t others = 40;
    for (std::uint64_t i = 0; i < others; ++i)
        give(*outside_, sealed_heartbeat(1, SealKey{{3, 4}}));
    EXPECT_TRUE(worker_->poll_once(lane_));
    const std::uint64_t passed = take(*to_main_).size() + lane_.punts_lost.load();
    EXPECT_EQ(passed, HeartbeatPolicer::kOthersPerWindow);
    EXPECT_EQ(counted(Reason::heartbeat_shed), others - passed);
    EXPECT_EQ(counted(Reason::heartbeat), passed) << "each has one reason";
    for (std::uint8_t sequence = 11; sequence <= 15; ++sequence)
        give(*outside_, sealed_heartbeat(sequence, keys.keys[0]));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(take(*to_main_).size(), 5U);
    lane_.seal_keys = nullptr;
    lane_.verified = nullptr;
}

TEST_F(WorkerTest, OfRemoteControlOnlyAFewGetToMainAndNoneInTheHeartbeatsPlace) {
    tables_.remote_port = 2504;
    tables_.index = TablesIndex(tables_);
    FrameSpec spec;
    spec.protocol = kProtocolUdp;
    spec.source = IpAddress::v4(0xc6336401);
    spec.destination = tables_.addresses[0].address;
    spec.destination_mac = tables_.cluster_mac;
    spec.destination_port = 2504;
    for (int i = 0; i < 40; ++i) give(*outside_, build_frame(spec));
    EXPECT_TRUE(worker_->poll_once(lane_));
    const std::uint64_t passed = take(*to_main_).size() + lane_.punts_lost.load();
    EXPECT_EQ(passed, HeartbeatPolicer::kRemotePerWindow);
    EXPECT_EQ(counted(Reason::remote_control), passed) << "each has one reason";
    EXPECT_EQ(counted(Reason::remote_control_shed), 40 - passed);
    for (int i = 0; i < 4; ++i) give(*outside_, sealed_heartbeat(1, SealKey{{3, 4}}));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(counted(Reason::heartbeat), 4) << "their budget is untouched";
    take(*to_main_);
    tables_.remote_port = 0;
}

// With a tag of this VLAN behind the addresses.
std::vector<Byte> in_vlan(std::vector<Byte> frame, std::uint8_t vlan) {
    const std::array<Byte, kVlanTagBytes> tag{0x81, 0x00, 0x00, vlan};
    frame.insert(frame.begin() + 2 * sizeof(MacAddress), tag.begin(), tag.end());
    return frame;
}

TEST_F(WorkerTest, ASealedHeartbeatIsKnownBehindTheTagOfTheClustersVlan) {
    tables_.vlan = 7;
    const SealKeys keys{{SealKey{{1, 2}}}, 1};
    lane_.seal_keys = &keys;
    VerifiedHeartbeats verified;
    verified.note(2, {{0, 0}, 10});
    lane_.verified = &verified;
    for (int i = 0; i < 40; ++i) give(*outside_, in_vlan(sealed_heartbeat(1, SealKey{{3, 4}}), 7));
    EXPECT_TRUE(worker_->poll_once(lane_));
    take(*to_main_);
    for (std::uint8_t sequence = 11; sequence <= 15; ++sequence)
        give(*outside_, in_vlan(sealed_heartbeat(sequence, keys.keys[0]), 7));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(take(*to_main_).size(), 5U);
    lane_.seal_keys = nullptr;
    lane_.verified = nullptr;
}

TEST_F(WorkerTest, OfHeartbeatsOfAnotherVlanOnlyAFewGetToMainWithTheirTagSealedOrNot) {
    const SealKeys keys{{SealKey{{1, 2}}}, 1};
    lane_.seal_keys = &keys;
    const std::vector<Byte> strange = in_vlan(sealed_heartbeat(11, keys.keys[0]), 7);
    for (std::uint8_t sequence = 11; sequence <= 50; ++sequence)
        give(*outside_, in_vlan(sealed_heartbeat(sequence, keys.keys[0]), 7));
    EXPECT_TRUE(worker_->poll_once(lane_));
    const auto up = take(*to_main_);
    ASSERT_FALSE(up.empty());
    EXPECT_EQ(up.front(), strange);
    EXPECT_EQ(up.size() + lane_.punts_lost.load(), HeartbeatPolicer::kOthersPerWindow);
    EXPECT_EQ(counted(Reason::heartbeat_other_vlan), HeartbeatPolicer::kOthersPerWindow);
    EXPECT_EQ(counted(Reason::heartbeat_shed), 40 - HeartbeatPolicer::kOthersPerWindow);
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
    VerifiedHeartbeats verified;
    verified.note(2, {{0, 0}, 100});
    lane_.verified = &verified;
    for (std::uint8_t i = 101; i <= 120; ++i) give(*outside_, sealed_heartbeat(i, keys.keys[0]));
    EXPECT_TRUE(worker_->poll_once(lane_));
    EXPECT_EQ(take(*to_main_).size() + lane_.punts_lost.load(), 20U);
    EXPECT_GE(lane_.punts_lost.load(), 12U);
    lane_.verified = nullptr;
}

TEST_F(WorkerTest, FramesOfMainLeaveOutside) {
    ASSERT_EQ(rte_ring_enqueue(from_main_.get(), copy_frame(pool_, frame_of(kBroadcast, kMasked,
                                                                            kEthertypeHeartbeat))),
              0);
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
