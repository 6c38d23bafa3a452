// The text of log lines: what a value may not do to the line it stands in, and that a line is on
// stderr as the grammar says, whoever writes it.
#include "config/daemon/log.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <regex>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace nlb::daemon {
namespace {

TEST(Log, ALineIsANameAndKeysWithValues) {
    EXPECT_EQ(format_line("converged", {{"event", "28"}, {"cluster", "web"}, {"members", "1,2"}}),
              "name=converged event=28 cluster=web members=1,2");
    EXPECT_EQ(format_line("link_up", {}), "name=link_up");
}

TEST(Log, AValueCannotForgeAnotherKeyOrLine) {
    EXPECT_EQ(format_line("x", {{"a", "1 b=2"}}), "name=x a=\"1 b=2\"");
    EXPECT_EQ(format_line("x", {{"a", "say \"no\"\nname=y"}}),
              "name=x a=\"say \\\"no\\\" name=y\"");
    EXPECT_EQ(format_line("x", {{"a", ""}}), "name=x a=\"\"");
    EXPECT_EQ(format_line("x", {{"a", "\x7f\x1b"}}), "name=x a=\"  \"");
}

class LogWriters : public ::testing::TestWithParam<LogWriter> {};

TEST_P(LogWriters, PutTimeAndLevelBeforeTheName) {
    ::testing::internal::CaptureStderr();
    start_log(GetParam());
    log(Level::info, "ready", {{"host", "edge1"}});
    log(Level::warning, "link_down");
    log(Level::error, "deaf", {{"because", "nothing is heard"}});
    stop_log();
    log(Level::error, "too_late");
    const std::string said = ::testing::internal::GetCapturedStderr();
    const std::string time = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z )";
    EXPECT_TRUE(std::regex_match(
        said, std::regex(time + "info name=ready host=edge1\n" + time + "warning name=link_down\n" +
                         time + "error name=deaf because=\"nothing is heard\"\n")))
        << said;
}

TEST(Log, TheJournalGetsAPriorityAndNoTime) {
    ::testing::internal::CaptureStderr();
    struct stat about {};
    ASSERT_EQ(fstat(STDERR_FILENO, &about), 0);
    const std::string own = std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino);
    setenv("JOURNAL_STREAM", own.c_str(), 1);
    start_log(LogWriter::caller);
    log(Level::info, "ready", {{"host", "edge1"}});
    log(Level::warning, "fenced");
    log(Level::error, "deaf");
    complain("nlb.yaml:1:2: one\nnlb.yaml:3:4: two");
    stop_log();
    unsetenv("JOURNAL_STREAM");
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "<6>name=ready host=edge1\n<4>name=fenced\n<3>name=deaf\n"
              "<3>nlb.yaml:1:2: one\n<3>nlb.yaml:3:4: two\n");
}

TEST(Log, AStderrThatIsNotTheJournalAnyMoreGetsTheWholeGrammar) {
    ::testing::internal::CaptureStderr();
    setenv("JOURNAL_STREAM", "1:1", 1);
    start_log(LogWriter::caller);
    log(Level::info, "ready");
    complain("one");
    stop_log();
    unsetenv("JOURNAL_STREAM");
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("Z info name=ready\none\n"), std::string::npos) << said;
}

// Stderr as a pipe whose reader is this test.
class StderrPipe {
public:
    StderrPipe() : former_(dup(STDERR_FILENO)) {
        EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
        dup2(ends_[1], STDERR_FILENO);
    }
    ~StderrPipe() {
        dup2(former_, STDERR_FILENO);
        for (const int fd : {former_, ends_[0], ends_[1]})
            if (fd >= 0) close(fd);
    }
    StderrPipe(const StderrPipe&) = delete;
    StderrPipe& operator=(const StderrPipe&) = delete;
    std::string read_some() {
        std::string text(1U << 20, '\0');
        const ssize_t bytes = read(ends_[0], text.data(), text.size());
        text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
        return text;
    }
    void close_reader() { close(std::exchange(ends_[0], -1)); }

private:
    int former_;
    std::array<int, 2> ends_{};
};

TEST_P(LogWriters, AFullPipeCostsLinesAndHoldsNobodyUp) {
    StderrPipe pipe;
    start_log(GetParam());
    for (int i = 0; i < 3000; ++i) log(Level::info, "much", {{"text", std::string(200, 'x')}});
    stop_log();  // would wait for the thread that waits for the reader
    const std::string said = pipe.read_some();
    EXPECT_EQ(said.back(), '\n') << "each line is whole or not there";
    EXPECT_LT(std::count(said.begin(), said.end(), '\n'), 400);
}

TEST_P(LogWriters, WhatWasLostIsToldWhenThereIsRoomAgain) {
    StderrPipe pipe;
    start_log(LogWriter::caller);
    for (int i = 0; i < 1000; ++i) log(Level::info, "much", {{"text", std::string(200, 'x')}});
    const std::string before = pipe.read_some();
    const auto written = std::count(before.begin(), before.end(), '\n');
    log(Level::info, "again");
    stop_log();
    const std::string after = pipe.read_some();
    EXPECT_NE(after.find("warning name=log_lines_lost lines=" + std::to_string(1000 - written)),
              std::string::npos)
        << after;
    EXPECT_NE(after.find("info name=again"), std::string::npos);
}

TEST_P(LogWriters, AReaderThatIsGoneEndsNobody) {
    StderrPipe pipe;
    start_log(GetParam());
    pipe.close_reader();
    for (int i = 0; i < 10; ++i) log(Level::error, "nobody_hears");
    stop_log();
}

TEST_P(LogWriters, ALineLongerThanAPipeTakesAtOnceIsCut) {
    StderrPipe pipe;
    start_log(GetParam());
    log(Level::info, "long", {{"text", std::string(10000, 'x')}});
    stop_log();
    const std::string said = pipe.read_some();
    EXPECT_EQ(said.size(), std::size_t{PIPE_BUF});
    EXPECT_EQ(said.back(), '\n');
}

INSTANTIATE_TEST_SUITE_P(Both, LogWriters, ::testing::Values(LogWriter::caller, LogWriter::thread));

}  // namespace
}  // namespace nlb::daemon
