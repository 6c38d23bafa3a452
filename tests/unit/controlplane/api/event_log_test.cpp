// The text of log lines: what a value may not do to the line it stands in.
#include "controlplane/api/event_log.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

TEST(EventLog, ALineIsKeysAndValuesWithNlbsNumber) {
    EXPECT_EQ(format_event(EventNumber::converged, "converged",
                           {{"cluster", "web"}, {"epoch", "3.1"}, {"members", "1,2,3"}}),
              "event=28 name=converged cluster=web epoch=3.1 members=1,2,3");
    EXPECT_EQ(format_event(EventNumber::none, "link_up", {}), "name=link_up");
}

TEST(EventLog, AValueCannotForgeAnotherKeyOrLine) {
    EXPECT_EQ(format_event(EventNumber::none, "x", {{"a", "1 b=2"}}), "name=x a=\"1 b=2\"");
    EXPECT_EQ(format_event(EventNumber::none, "x", {{"a", "say \"no\"\nname=y"}}),
              "name=x a=\"say \\\"no\\\" name=y\"");
    EXPECT_EQ(format_event(EventNumber::none, "x", {{"a", ""}}), "name=x a=\"\"");
}

}  // namespace
}  // namespace nlb::controlplane
