// An event as a line: NLB's number stands behind the name, fields keep their order.
#include "controlplane/loop/event_log.hpp"

#include <gtest/gtest.h>

#include "config/daemon/log.hpp"

namespace nlb::controlplane {
namespace {

std::string line_of(const Event& event) {
    ::testing::internal::CaptureStderr();
    daemon::start_log(daemon::LogWriter::caller);
    EventLog{}.on_event(event);
    daemon::stop_log();
    const std::string said = ::testing::internal::GetCapturedStderr();
    return said.substr(said.find(' ') + 1);  // without the time
}

TEST(EventLog, ALineIsLevelNameNumberAndFields) {
    EXPECT_EQ(line_of({Severity::info,
                       EventNumber::converged,
                       "converged",
                       {{"cluster", "web"}, {"epoch", "3.1"}, {"members", "1,2,3"}}}),
              "info name=converged event=28 cluster=web epoch=3.1 members=1,2,3\n");
    EXPECT_EQ(line_of({Severity::warn, EventNumber::none, "link_down", {}}),
              "warning name=link_down\n");
    EXPECT_EQ(line_of({Severity::error, EventNumber::none, "deaf", {{"because", "no frame"}}}),
              "error name=deaf because=\"no frame\"\n");
}

}  // namespace
}  // namespace nlb::controlplane
