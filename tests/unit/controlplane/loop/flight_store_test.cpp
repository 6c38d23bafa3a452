// Recordings are written by another thread, within their bounds; a disk that fails is told once.
#include "controlplane/loop/flight_store.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "controlplane/flight/segment.hpp"
#include "tests/unit/controlplane/agent/fixtures.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class FlightStoreTest : public ::testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/nlb-flight.XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        root_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    void run_for(milliseconds time) {
        loop_.restart();
        const auto busy = asio::make_work_guard(loop_);
        loop_.run_for(time);
    }
    static SegmentHead head(std::int64_t wall_ms = 1'000) {
        SegmentHead head;
        head.wall_ns = wall_ms * 1'000'000;
        head.cluster = "web";
        return head;
    }
    [[nodiscard]] std::vector<RecordedFile> listed(FlightStore& store) {
        std::vector<RecordedFile> files;
        store.list([&](const auto& result) { files = result.value(); });
        run_for(milliseconds{300});
        return files;
    }
    std::string root_;
    asio::io_context loop_;
    testing::RecordingEvents events_;
};

TEST_F(FlightStoreTest, WhatIsHandedOverIsReadBackPieceByPiece) {
    FlightStore store(loop_, root_ + "/kept", events_);
    SegmentSink& sink = store.sink_for("web");
    ASSERT_TRUE(sink.begin(head()));
    std::vector<Byte> records(600'000);
    for (std::size_t i = 0; i < records.size(); ++i)
        records[i] = static_cast<Byte>(i * 2654435761U >> 13);
    ASSERT_TRUE(sink.append(records));
    const auto files = listed(store);
    ASSERT_EQ(files.size(), 1U);
    EXPECT_EQ(files[0].name, "web.00000000001000.flight");
    std::vector<Byte> whole;
    for (bool more = true; more;) {
        more = false;
        store.read(files[0].name, whole.size(), [&](const auto& piece) {
            more = !piece.value().empty();
            whole.insert(whole.end(), piece.value().begin(), piece.value().end());
        });
        run_for(milliseconds{200});
    }
    EXPECT_EQ(whole.size(), files[0].bytes);
    const auto segment = read_segment(whole, "x");
    ASSERT_TRUE(segment);
    EXPECT_EQ(segment.value().records, records);
}

TEST_F(FlightStoreTest, ATimeOfDayThatWasSetBackKeepsTheOrder) {
    FlightStore store(loop_, root_, events_);
    SegmentSink& sink = store.sink_for("web");
    ASSERT_TRUE(sink.begin(head(5'000)));
    ASSERT_TRUE(sink.begin(head(1'000)));
    const auto files = listed(store);
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[1].name, "web.00000000005001.flight");
}

TEST_F(FlightStoreTest, NoNameLeadsOutOfTheFolder) {
    FlightStore store(loop_, root_, events_);
    for (const char* name :
         {"../state.flight", "/etc/x.flight", ".flight", "state", "a/b.flight"}) {
        bool refused = false;
        store.read(name, 0, [&](const auto& piece) { refused = !piece; });
        run_for(milliseconds{100});
        EXPECT_TRUE(refused) << name;
    }
}

TEST_F(FlightStoreTest, ADiskThatFailsIsToldOnceAndTriedAgain) {
    std::ofstream(root_ + "/kept") << "a file in the folder's place";
    FlightStore store(loop_, root_ + "/kept", events_, milliseconds{50});
    SegmentSink& sink = store.sink_for("web");
    for (int i = 0; i < 5; ++i) {
        static_cast<void>(sink.begin(head()));
        run_for(milliseconds{100});
    }
    EXPECT_EQ(events_.names(), (std::vector<std::string_view>{"recording_not_kept"}));
    EXPECT_FALSE(sink.append({1}));
    std::filesystem::remove(root_ + "/kept");
    run_for(milliseconds{100});
    ASSERT_TRUE(sink.begin(head()));
    ASSERT_TRUE(sink.append({1}));
    run_for(milliseconds{200});
    EXPECT_EQ(events_.names(),
              (std::vector<std::string_view>{"recording_not_kept", "recording_kept"}));
}

TEST_F(FlightStoreTest, AFullDiskEndsTheSegmentAndNothingElse) {
    const std::string small = root_ + "/small";
    std::filesystem::create_directory(small);
    if (mount("none", small.c_str(), "tmpfs", 0, "size=64k,mode=0755") != 0)
        GTEST_SKIP() << "a small file system needs root";
    FlightStore store(loop_, small, events_, milliseconds{50});
    SegmentSink& sink = store.sink_for("web");
    ASSERT_TRUE(sink.begin(head()));
    std::vector<Byte> noise(200'000);
    for (std::size_t i = 0; i < noise.size(); ++i)
        noise[i] = static_cast<Byte>(i * 2654435761U >> 13 ^ i * i);
    ASSERT_TRUE(sink.append(noise));
    run_for(milliseconds{300});
    EXPECT_EQ(events_.names(), (std::vector<std::string_view>{"recording_not_kept"}));
    EXPECT_NE(testing::field_of(events_.events[0], "because").find("No space left"),
              std::string::npos);
    EXPECT_FALSE(sink.append({1}));
    store.finish();
    umount(small.c_str());
}

TEST_F(FlightStoreTest, WhatTheDiskDoesNotTakeInTimeIsRefused) {
    FlightStore store(loop_, root_, events_);
    SegmentSink& sink = store.sink_for("web");
    ASSERT_TRUE(sink.begin(head()));
    // The loop does not run: nothing is known to be written.
    std::size_t taken = 0;
    while (sink.append(std::vector<Byte>(1'000'000))) ASSERT_LE(++taken, 9U);
    EXPECT_GE(taken, 7U);
    run_for(milliseconds{1000});
    EXPECT_TRUE(sink.append({1}));
}

KeptFile kept(const std::string& name, std::uint64_t bytes, milliseconds lasted) {
    return {name, bytes, lasted};
}

TEST(FilesToRemove, TheNewestThatFitAreKept) {
    const std::vector<KeptFile> files{kept("a.1.flight", 50, minutes{5}),
                                      kept("a.2.flight", 50, minutes{5}),
                                      kept("a.3.flight", 50, minutes{5})};
    EXPECT_EQ(files_to_remove(files, 100), (std::vector<std::string>{"a.1.flight"}));
    EXPECT_TRUE(files_to_remove(files, 150).empty());
}

TEST(FilesToRemove, AnHourOfRecordingIsKeptHoweverLongAgoItWas) {
    std::vector<KeptFile> files;
    for (int i = 0; i < 20; ++i)
        files.push_back(kept("a." + std::to_string(100 + i) + ".flight", 1, minutes{5}));
    EXPECT_EQ(files_to_remove(files, 1000).size(), 8U) << "twelve times five minutes stay";
    for (int i = 0; i < 20; ++i)
        files.push_back(kept("b." + std::to_string(100 + i) + ".flight", 1, minutes{5}));
    EXPECT_EQ(files_to_remove(files, 1000).size(), 16U) << "each cluster has its hour";
}

TEST(FilesToRemove, ALifeThatDiedAtOnceTakesNoHour) {
    std::vector<KeptFile> files{kept("a.1.flight", 1, minutes{5})};
    for (int i = 0; i < 200; ++i)
        files.push_back(kept("a." + std::to_string(1000 + i) + ".flight", 1, milliseconds{500}));
    EXPECT_TRUE(files_to_remove(files, 1000).empty());
}

TEST(FilesToRemove, AClockThatJumpedCountsForNoMoreThanASegment) {
    std::vector<KeptFile> files{kept("a.1.flight", 1, minutes{5}),
                                kept("a.2.flight", 1, std::chrono::hours{100})};
    EXPECT_TRUE(files_to_remove(files, 1000).empty());
}

}  // namespace
}  // namespace nlb::controlplane
