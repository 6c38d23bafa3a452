// A recording runs again to the same bit; where it does not, the step is named. What several
// histories say together is found in values made by hand.
#include <gtest/gtest.h>
#include <sstream>

#include "controlplane/flight/record_reader.hpp"
#include "controlplane/replay/agent_replay.hpp"
#include "controlplane/replay/findings.hpp"
#include "controlplane/replay/host_history.hpp"
#include "controlplane/replay/show.hpp"
#include "core/base/prng.hpp"
#include "tests/unit/controlplane/flight/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using testing::RecordedBench;
using testing::small_settings;

Instant at(std::int64_t ms) {
    return Instant{milliseconds{ms}};
}

History replayed(const testing::MemorySegments& segments) {
    History history;
    ClusterHistory cluster(history, "edge1/flight");
    for (std::size_t i = 0; i < segments.files.size(); ++i)
        EXPECT_TRUE(cluster.add(segments.segment(i), "segment"));
    cluster.finish();
    return history;
}

bool tells(const History& history, std::string_view name) {
    return std::any_of(history.entries.begin(), history.entries.end(),
                       [name](const Entry& entry) { return entry.name == name; });
}

TEST(Replay, ALifeOfManySegmentsIsEqualBitForBit) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{3000});
    static_cast<void>(bench.agent.command_rules(bench.now, {0}, RuleState::disabled));
    bench.pass(milliseconds{1000});
    static_cast<void>(bench.agent.command_host(bench.now, HostCommand::stop));
    bench.pass(milliseconds{2000});
    bench.flush();
    ASSERT_GE(bench.segments.files.size(), 4U);
    const History history = replayed(bench.segments);
    for (const Difference& difference : history.differences) ADD_FAILURE() << difference.what;
    ASSERT_EQ(history.lives.size(), 1U);
    EXPECT_GT(history.lives[0].steps, 300U);
    for (const char* name : {"converged", "rule_disabled", "stop", "stopped", "owns"})
        EXPECT_TRUE(tells(history, name)) << name;
}

TEST(Replay, AReloadAndAnotherKeyAreReplayed) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{3000});
    ClusterSettings next = small_settings(1);
    next.cluster.port_rules[0].ports = {81, 81};
    next.hash_key = {9, 9, 9, 9};
    bench.agent.hold(bench.now, {next, testing::Bench::keys({7, 8}), testing::Bench::keys({8, 7})});
    bench.pass(milliseconds{2500});
    ASSERT_FALSE(bench.agent.has_staged());
    bench.flush();
    const History history = replayed(bench.segments);
    for (const Difference& difference : history.differences) ADD_FAILURE() << difference.what;
    EXPECT_TRUE(tells(history, "configuration_in_use"));
}

TEST(Replay, EachSegmentIsABeginning) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{4000});
    for (std::size_t first = 0; first < bench.segments.files.size(); ++first) {
        History history;
        ClusterHistory cluster(history, "edge1/flight");
        for (std::size_t i = first; i < bench.segments.files.size(); ++i)
            ASSERT_TRUE(cluster.add(bench.segments.segment(i), "segment"));
        EXPECT_TRUE(history.differences.empty()) << first;
    }
}

TEST(Replay, AMissingSegmentIsAGapAndNoDifference) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{4000});
    History history;
    ClusterHistory cluster(history, "edge1/flight");
    for (const std::size_t i : {std::size_t{0}, std::size_t{2}})
        ASSERT_TRUE(cluster.add(bench.segments.segment(i), "segment"));
    EXPECT_TRUE(history.differences.empty());
    EXPECT_EQ(history.gaps, 1U);
}

TEST(Replay, AnInputThatWasChangedIsNamedByItsStep) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{900});
    bench.flush();
    const Segment segment = bench.segments.segment(0);
    RecordReader reader(segment.records, segment.head.now, segment.head.wall_ns);
    auto replay = AgentReplay::at(segment.head, "segment");
    ASSERT_TRUE(replay);
    std::string difference;
    std::size_t steps = 0;
    while (auto record = reader.next()) {
        ++steps;
        if (record->kind == RecordKind::tick && steps > 20) record->now += milliseconds{200};
        const auto result = replay.value()->run(*record);
        ASSERT_TRUE(result);
        difference = result.value().difference;
        if (!difference.empty()) break;
    }
    EXPECT_FALSE(difference.empty());
    EXPECT_GT(steps, 20U);
}

TEST(Replay, ASnapshotOfAnotherBuildIsOneSentence) {
    RecordedBench bench;
    SegmentHead head = bench.segments.heads.at(0);
    head.layout ^= 1;
    const auto replay = AgentReplay::at(head, "web.1.flight");
    ASSERT_FALSE(replay);
    EXPECT_EQ(replay.error().message,
              "web.1.flight: recorded by nlb test, whose state is laid out otherwise; replay it "
              "with that version");
}

TEST(Replay, NoRecordBreaksTheReader) {
    RecordedBench bench;
    bench.hello();
    bench.pass(milliseconds{600});
    bench.flush();
    const Segment segment = bench.segments.segment(0);
    Prng prng{4};
    for (int i = 0; i < 2000; ++i) {
        std::vector<Byte> records = segment.records;
        for (std::uint64_t flips = 1 + prng.below(4); flips != 0; --flips)
            records[prng.below(records.size())] = static_cast<Byte>(prng.next());
        records.resize(prng.below(records.size() + 1));
        RecordReader reader(records, segment.head.now, segment.head.wall_ns);
        std::size_t read = 0;
        while (reader.next()) ASSERT_LE(++read, records.size());
    }
}

// Two hosts whose clocks differ by 40 ms; frames pass both ways.
History two_hosts() {
    History history;
    for (int host = 0; host < 2; ++host) {
        Life life;
        life.host = host == 0 ? "edge1" : "edge2";
        life.cluster = "web";
        life.recorded_in = life.host;
        life.first = at(0);
        life.last = at(10'000);
        life.steps = host == 0 ? 100 : 90;
        life.rules = {"http", "default"};
        history.lives.push_back(life);
    }
    history.sent = {{0, {{1, 1}, 8}, at(1000)}, {1, {{2, 1}, 8}, at(2040)}};
    history.heard = {{1, {{1, 1}, 8}, at(1041)}, {0, {{2, 1}, 8}, at(2001)}};
    return history;
}

Span span(std::size_t life, std::int64_t from, std::int64_t until, BucketMask own) {
    Span span{life, at(from), at(until), 7, {}};
    span.own[0] = own;
    return span;
}

TEST(Replay, ClocksComeTogetherByFrames) {
    const History history = two_hosts();
    const Clocks clocks(history);
    EXPECT_EQ(clocks.common(1, at(2040)), clocks.common(0, at(2000)));
    EXPECT_EQ(clocks.of(1).error_ns, 1'000'000);
}

TEST(Replay, WithoutFramesTheTimeOfDayIsBelieved) {
    History history = two_hosts();
    history.heard.clear();
    history.lives[1].wall_minus_clock = 5'000'000;
    const Clocks clocks(history);
    EXPECT_FALSE(clocks.of(1).by_frames);
    EXPECT_EQ(clocks.of(1).to_common_ns, 5'000'000);
    EXPECT_EQ(clocks.of(1).error_ns, Clocks::kWallError);
}

TEST(Replay, TwoOwnersAreNamedOnlyBeyondTheClocksError) {
    History history = two_hosts();
    history.spans = {span(0, 0, 5000, 0xff), span(1, 5040, 9000, 0x0f)};  // one after the other
    EXPECT_FALSE(find_in(history, Clocks(history)).two_owners);
    history.spans[1] = span(1, 5039, 9000, 0x0f);  // 1 ms, as far as the clocks may be off
    EXPECT_FALSE(find_in(history, Clocks(history)).two_owners);
    history.spans[1] = span(1, 4040, 9000, 0x0f);
    const Findings found = find_in(history, Clocks(history));
    ASSERT_TRUE(found.two_owners);
    EXPECT_EQ(found.two_owners->buckets, 4);
    EXPECT_EQ(found.two_owners->lasts_ns, 999'000'000);
    history.spans[1] = span(1, 4040, 9000, 0xf00);  // other buckets
    EXPECT_FALSE(find_in(history, Clocks(history)).two_owners);
}

TEST(Replay, TwoMapsOfOneEpochAreNamed) {
    History history = two_hosts();
    history.maps = {{0, at(100), {3, 1, 9}, 7, 1000, {}}, {1, at(150), {3, 1, 9}, 7, 1000, {}}};
    EXPECT_FALSE(find_in(history, Clocks(history)).two_maps);
    history.maps[1].digest = 1001;
    const Findings found = find_in(history, Clocks(history));
    ASSERT_TRUE(found.two_maps);
    EXPECT_FALSE(is_clean(history, found));
    std::ostringstream out;
    show(out, history, Clocks(history), found, {});
    EXPECT_NE(out.str().find("hold different maps of epoch 3.1"), std::string::npos) << out.str();
}

TEST(Replay, BucketsWithoutAnOwnerAreAWindow) {
    History history = two_hosts();
    RuleMasks meant{};
    meant[0] = 0xff;
    history.maps = {{0, at(0), {3, 1, 9}, 7, 1000, meant}};
    history.spans = {span(0, 0, 10'000, 0x0f), span(1, 40, 3040, 0xf0), span(0, 3500, 9000, 0xf0)};
    const Findings found = find_in(history, Clocks(history));
    ASSERT_EQ(found.windows.size(), 2U);
    EXPECT_EQ(found.windows[0].lasts_ns, 500'000'000);
    EXPECT_EQ(found.windows[0].buckets, 4);
    EXPECT_FALSE(found.windows[0].is_open);
}

TEST(Replay, TheEndOfARecordingIsNoWindow) {
    History history = two_hosts();
    RuleMasks meant{};
    meant[0] = 0xff;
    history.maps = {{0, at(0), {3, 1, 9}, 7, 1000, meant}};
    history.lives[1].last = at(5000);
    history.spans = {span(0, 0, 10'000, 0x0f), span(1, 40, 5000, 0xf0)};
    EXPECT_TRUE(find_in(history, Clocks(history)).windows.empty());
    history.spans.push_back(span(0, 6000, 10'000, 0xf0));  // it died: another took over
    const Findings found = find_in(history, Clocks(history));
    ASSERT_EQ(found.windows.size(), 1U);
    EXPECT_EQ(found.windows[0].lasts_ns, 1'040'000'000);
}

}  // namespace
}  // namespace nlb::controlplane
