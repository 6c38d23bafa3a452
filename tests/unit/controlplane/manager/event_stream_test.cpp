// The lines of server-sent events.
#include "controlplane/manager/event_stream.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

TEST(EventStream, AnEventIsItsNameItsDataAndAnEmptyLine) {
    EXPECT_EQ(event_text("view", "{}"), "event: view\ndata: {}\n\n");
    EXPECT_EQ(event_text("view", ""), "event: view\ndata: \n\n");
}

TEST(EventStream, ALineBreakInsideNeverEndsTheEvent) {
    EXPECT_EQ(event_text("v", "a\n\nb"), "event: v\ndata: a\ndata: \ndata: b\n\n");
    EXPECT_EQ(event_text("v", "a\r\nb\rc"), "event: v\ndata: a\ndata: b\ndata: c\n\n");
    EXPECT_EQ(event_text("v", "a\n"), "event: v\ndata: a\ndata: \n\n");
}

}  // namespace
}  // namespace nlb::controlplane
