// What is recorded makes the agent again, bit for bit; no secret is in it; and nothing that befalls
// the recorder befalls the agent.
#include "controlplane/flight/agent_recorder.hpp"

#include <gtest/gtest.h>

#include "controlplane/agent/frame_envelope.hpp"
#include "controlplane/flight/agent_snapshot.hpp"
#include "controlplane/flight/record_reader.hpp"
#include "controlplane/flight/withheld.hpp"
#include "core/packet/address_claim.hpp"
#include "tests/unit/controlplane/flight/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::Bench;
using testing::RecordedBench;
using testing::small_settings;

std::vector<Record> records_of(const Segment& segment) {
    RecordReader reader(segment.records, segment.head.now, segment.head.wall_ns);
    std::vector<Record> records;
    while (auto record = reader.next()) records.push_back(std::move(*record));
    EXPECT_TRUE(reader.ok());
    return records;
}

bool holds(const std::vector<Byte>& bytes, const std::string& text) {
    return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
}

TEST(AgentRecorder, ASnapshotRestoredIsTheSameSnapshot) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{3000});
    ASSERT_EQ(bench.agent.shown(), ShownState::converged);
    const auto snapshot = snapshot_of(bench.agent);
    auto settings = decode_settings(encode_settings(bench.agent.settings()));
    ASSERT_TRUE(settings);
    testing::RecordingSink sink;
    testing::RecordingEvents events;
    ClusterAgent again(std::move(*settings), Bench::keys({7}), sink, events, {}, 4711);
    ASSERT_TRUE(restore(again, snapshot, [](std::uint16_t id) { return Bench::keys({id}); }));
    EXPECT_EQ(snapshot_of(again), snapshot);
    EXPECT_TRUE(sink.datagrams.empty());
    EXPECT_EQ(again.membership().own(), bench.agent.membership().own());
}

TEST(AgentRecorder, AnotherLengthOfSnapshotIsRefused) {
    RecordedBench bench;
    auto snapshot = snapshot_of(bench.agent);
    snapshot.pop_back();
    testing::RecordingSink sink;
    testing::RecordingEvents events;
    ClusterAgent again(small_settings(1), Bench::keys({7}), sink, events, {}, 4711);
    EXPECT_FALSE(restore(again, snapshot, [](std::uint16_t id) { return Bench::keys({id}); }));
}

TEST(AgentRecorder, SaysEachThingThatEntersInItsOrder) {
    RecordedBench bench;
    bench.hello();
    static_cast<void>(bench.agent.command_host(bench.now, HostCommand::drainstop));
    static_cast<void>(bench.agent.command_rules(bench.now, {0}, RuleState::disabled));
    bench.agent.use_neighbours({IpAddress::v4(1)});
    bench.agent.use_neighbours({IpAddress::v4(1)});
    bench.agent.note_unknown_rule(bench.now, "nosuch");
    bench.agent.on_dataplane_lost(bench.now);
    bench.flush();
    std::vector<RecordKind> kinds;
    for (const Record& record : records_of(bench.segments.segment(0))) kinds.push_back(record.kind);
    EXPECT_EQ(kinds, (std::vector{RecordKind::hello, RecordKind::host_command,
                                  RecordKind::rule_command, RecordKind::neighbours,
                                  RecordKind::unknown_rule, RecordKind::lost, RecordKind::wall}))
        << "what is said twice alike enters once";
}

TEST(AgentRecorder, KeepsWhatCameOut) {
    RecordedBench bench;
    bench.hello();
    bench.flush();
    const auto records = records_of(bench.segments.segment(0));
    EXPECT_NE(records[0].outputs, 0U);
    ASSERT_FALSE(records[0].events.empty());
    EXPECT_EQ(records[0].events[0].id, static_cast<std::uint16_t>(EventId::dataplane_found));
}

TEST(AgentRecorder, BeginsAnotherSegmentInTime) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{3500});
    ASSERT_GE(bench.segments.heads.size(), 3U);
    for (std::size_t i = 0; i < bench.segments.heads.size(); ++i) {
        EXPECT_EQ(bench.segments.heads[i].number, i);
        EXPECT_FALSE(bench.segments.heads[i].after_gap);
    }
}

TEST(AgentRecorder, WithoutRoomTheAgentGoesOnAndTheGapIsMarked) {
    RecordedBench bench;
    bench.hello();
    bench.segments.refuses = true;
    bench.pass(milliseconds{3000});
    EXPECT_EQ(bench.agent.shown(), ShownState::converged);
    EXPECT_FALSE(bench.recorder.recording());
    bench.segments.refuses = false;
    bench.pass(milliseconds{100});
    EXPECT_TRUE(bench.recorder.recording());
    ASSERT_GE(bench.segments.heads.size(), 2U);
    EXPECT_TRUE(bench.segments.heads[1].after_gap);
}

TEST(AgentRecorder, NoKeyIsInASegment) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{3000});
    const HashKey& key = bench.agent.settings().hash_key;
    const std::string bytes{reinterpret_cast<const char*>(key.data()), sizeof key};
    for (std::size_t i = 0; i < bench.segments.files.size(); ++i) {
        const Segment segment = bench.segments.segment(i);
        EXPECT_FALSE(holds(segment.head.settings, bytes));
        EXPECT_FALSE(holds(segment.head.state, bytes));
        EXPECT_FALSE(holds(segment.records, bytes));
    }
}

std::vector<Byte> framed(const std::string& payload, std::uint16_t ethertype) {
    std::vector<Byte> frame(kEthernetHeaderBytes, 2);
    store_big_endian(frame.data() + 12, ethertype);
    for (const char byte : payload) frame.push_back(static_cast<Byte>(byte));
    return frame;
}

// A dataplane punts none of these; if it did, a client's bytes would still stay out.
TEST(AgentRecorder, WhatNobodyReadsOfAFrameStaysOut) {
    const std::string payload = std::string(80, 'x') + "client payload";
    for (const int ethertype : {0x0800, 0x86dd, 0x88b5, 0x1234}) {
        const auto frame = framed(payload, static_cast<std::uint16_t>(ethertype));
        const auto kept = without_secrets(frame, FrameFault::magic);
        EXPECT_EQ(kept.size(), frame.size());
        EXPECT_FALSE(holds(kept, "client payload")) << ethertype;
    }
    auto claim = build_address_announcement(IpAddress::v4(0xc0000250), {{2, 1, 1, 1, 1, 1}});
    ASSERT_TRUE(read_address_claim(claim));
    const std::string padding = "padding";
    std::copy(padding.begin(), padding.end(), claim.end() - 8);
    const auto kept = without_secrets(claim, FrameFault::none);
    EXPECT_FALSE(holds(kept, padding)) << "what a sender did not clear of its memory";
    EXPECT_TRUE(read_address_claim(kept));
}

TEST(AgentRecorder, AVerifiedFrameLosesItsTagAndItsSealOnly) {
    const testing::ToyAuthenticator keys({7});
    Heartbeat beat;
    beat.header.id = 2;
    beat.header.slots = 1;
    beat.header.cluster = 5;
    beat.header.sequence = 9;
    const auto frame = wrap_frame({}, encode_frame(beat, keys));
    const auto kept = without_secrets(frame, FrameFault::none);
    ASSERT_EQ(kept.size(), frame.size());
    for (std::size_t at = 0; at < frame.size(); ++at) {
        const std::size_t body = at - std::min(at, kEthernetHeaderBytes);
        const bool proof =
            at >= kEthernetHeaderBytes && ((body >= 12 && body < 28) || (body >= 61 && body < 64));
        EXPECT_EQ(kept[at], proof ? 0 : frame[at]) << at;
    }
}

}  // namespace
}  // namespace nlb::controlplane
