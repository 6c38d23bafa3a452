// An event as a line and as JSON, and the file that outlives the program.
#include "controlplane/loop/event_log.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/daemon/log.hpp"

namespace nlb::controlplane {
namespace {

class EventLogTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/nlb-events.XXXXXX"};
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name.data();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    [[nodiscard]] std::string path() const { return root_ + "/events"; }
    void run_for(std::chrono::milliseconds time) {
        loop_.restart();
        const auto busy = asio::make_work_guard(loop_);
        loop_.run_for(time);
    }
    std::string line_of(const Event& event) {
        ::testing::internal::CaptureStderr();
        daemon::start_log(daemon::LogWriter::caller);
        EventHistory history;
        EventStore store(loop_, history, root_);
        EventLog{store}.on_event(event);
        store.finish();
        daemon::stop_log();
        const std::string said = ::testing::internal::GetCapturedStderr();
        return said.substr(said.find(' ') + 1);  // without the time
    }
    std::string root_;
    asio::io_context loop_;
};

TEST_F(EventLogTest, ALineIsLevelNameNumberFieldsAndWhatToDo) {
    EXPECT_EQ(
        line_of({EventId::converged, {{"cluster", "web"}, {"epoch", "3.1"}, {"members", "1,2,3"}}}),
        "info name=converged event=28 cluster=web epoch=3.1 members=1,2,3\n");
    EXPECT_EQ(line_of({EventId::link_down, {}}),
              "warning name=link_down do=\"check the cable and the switch\"\n");
    EXPECT_EQ(line_of({EventId::deaf, {{"because", "no frame"}}}),
              "error name=deaf because=\"no frame\" do=\"check the port, the switch and the "
              "VLAN\"\n");
}

TEST_F(EventLogTest, JsonBearsTheSame) {
    const auto json = nlohmann::json::parse(
        event_json({EventId::converged, {{"cluster", "web"}}}, "2026-11-27T21:00:00.000Z"));
    EXPECT_EQ(json["time"], "2026-11-27T21:00:00.000Z");
    EXPECT_EQ(json["level"], "info");
    EXPECT_EQ(json["name"], "converged");
    EXPECT_EQ(json["event"], 28);
    EXPECT_EQ(json["cluster"], "web");
    EXPECT_FALSE(json.contains("do"));
    EXPECT_TRUE(nlohmann::json::parse(event_json({EventId::deaf, {}}, ""))["event"].is_null());
}

TEST_F(EventLogTest, TheNewestThousandOutliveTheProgram) {
    {
        EventHistory history;
        EventStore store(loop_, history, root_);
        store.read();
        for (int i = 0; i < 5; ++i) store.add("{\"n\":" + std::to_string(i) + "}");
        run_for(std::chrono::milliseconds{200});
        for (int i = 5; i < 5000; ++i) store.add("{\"n\":" + std::to_string(i) + "}");
        store.finish();
    }
    EventHistory history;
    EventStore store(loop_, history, root_);
    store.read();
    ASSERT_EQ(history.lines().size(), kEventsKept);
    EXPECT_EQ(history.lines().front(), "{\"n\":4000}");
    EXPECT_EQ(history.lines().back(), "{\"n\":4999}");
    bool cut = true;
    const auto last = history.last(2, cut);
    EXPECT_FALSE(cut);
    ASSERT_EQ(last.size(), 2U);
    EXPECT_EQ(last[0]["n"], 4998);
    std::size_t lines = 0;
    std::ifstream file(path());
    for (std::string line; std::getline(file, line);) ++lines;
    EXPECT_LE(lines, EventStore::kLinesMax);
}

TEST_F(EventLogTest, ABrokenLineIsPassedOver) {
    std::ofstream(path()) << "{\"n\":1}\n{\"n\":2\n[]\n\xff\n{\"n\":3}\n";
    EXPECT_EQ(read_events(path()), (std::vector<std::string>{"{\"n\":1}", "{\"n\":3}"}));
}

TEST_F(EventLogTest, ALinkInPlaceOfTheFileIsNotFollowed) {
    std::filesystem::create_symlink(root_ + "/elsewhere", path());
    EXPECT_FALSE(write_events(path(), "{}\n", false));
    EXPECT_FALSE(std::filesystem::exists(root_ + "/elsewhere"));
}

TEST_F(EventLogTest, AnAnswerThatIsTooLongLeavesTheOldestOut) {
    EventHistory history;
    const std::string long_text(1000, 'x');
    for (std::size_t i = 0; i < kEventsKept; ++i)
        history.add("{\"n\":" + std::to_string(i) + ",\"text\":\"" + long_text + "\"}");
    bool cut = false;
    const auto last = history.last(kEventsKept, cut);
    EXPECT_TRUE(cut);
    EXPECT_EQ(last[last.size() - 1]["n"], kEventsKept - 1);
}

}  // namespace
}  // namespace nlb::controlplane
