// The text of log lines: what a value may not do to the line it stands in, and that a line is on
// stderr as the grammar says, whoever writes it.
#include "config/daemon/log.hpp"

#include <gtest/gtest.h>
#include <regex>

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

INSTANTIATE_TEST_SUITE_P(Both, LogWriters, ::testing::Values(LogWriter::caller, LogWriter::thread));

}  // namespace
}  // namespace nlb::daemon
