// One table of colours for terminals and pages.
#include "config/host_colours.hpp"

#include <gtest/gtest.h>

namespace nlb::config {
namespace {

TEST(HostColours, APageShowsTheTerminalsColour) {
    EXPECT_EQ(terminal_colour(1), 39);
    EXPECT_EQ(web_colour(1), "#00afff");
    EXPECT_EQ(web_colour(2), "#ffaf00");
    EXPECT_EQ(web_colour(11), "#bcbcbc") << "a grey";
    EXPECT_EQ(web_colour(13), web_colour(1));
}

TEST(HostColours, ADigitTellsHostsOfOneColourApart) {
    EXPECT_EQ(host_digit(kNoHost), '.');
    EXPECT_EQ(host_digit(9), '9');
    EXPECT_EQ(host_digit(10), 'a');
    EXPECT_EQ(host_digit(32), 'w');
    EXPECT_NE(host_digit(1), host_digit(13));
}

}  // namespace
}  // namespace nlb::config
