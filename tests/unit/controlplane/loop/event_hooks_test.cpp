// What a program that is told of events reads.
#include "controlplane/loop/event_hooks.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace nlb::controlplane {
namespace {

TEST(EventHooks, AnEventIsOneLineOfJsonWithTheWordsOfTheLog) {
    const Event event{Severity::warn,
                      EventNumber::converged,
                      "converged",
                      {{"cluster", "web"}, {"because", "a \"quote\"\nand a line"}}};
    const std::string line = json_of(event, 1.5);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const auto object = nlohmann::json::parse(line);
    EXPECT_EQ(object["name"], "converged");
    EXPECT_EQ(object["severity"], "warning");
    EXPECT_EQ(object["event"], 28);
    EXPECT_EQ(object["time"], 1.5);
    EXPECT_EQ(object["fields"]["because"], "a \"quote\"\nand a line");
}

TEST(EventHooks, AnEventWithoutANumberOfWindowsNlbHasNone) {
    const auto object = nlohmann::json::parse(json_of({{}, {}, "health_up", {}}, 0));
    EXPECT_FALSE(object.contains("event"));
    EXPECT_EQ(object["fields"].size(), 0U);
}

}  // namespace
}  // namespace nlb::controlplane
