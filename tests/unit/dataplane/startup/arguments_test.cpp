// The command line: what is taken, and which mistakes end with exit code 2.
#include "dataplane/startup/arguments.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace nlb::dataplane {
namespace {

ParsedArguments parse(std::vector<const char*> words) {
    words.insert(words.begin(), "nlb-dataplane");
    return parse_arguments(static_cast<int>(words.size()), words.data());
}

TEST(Arguments, AConfigurationIsEnough) {
    const auto parsed = parse({"--config", "a.yaml"});
    ASSERT_FALSE(parsed.exit_code);
    EXPECT_EQ(parsed.arguments.config, "a.yaml");
    EXPECT_EQ(parsed.arguments.run_dir, "/run/nlb");
    EXPECT_FALSE(parsed.arguments.host.empty());
    EXPECT_FALSE(parsed.arguments.exit_when_idle);
}

TEST(Arguments, EveryOptionIsTaken) {
    const auto parsed = parse({"--tables", "t", "--config", "c", "--host", "h", "--run-dir", "/r",
                               "--exit-when-idle", "250"});
    ASSERT_FALSE(parsed.exit_code);
    EXPECT_EQ(parsed.arguments.tables, "t");
    EXPECT_EQ(parsed.arguments.host, "h");
    EXPECT_EQ(parsed.arguments.run_dir, "/r");
    EXPECT_EQ(parsed.arguments.exit_when_idle, Duration{std::chrono::milliseconds{250}});
}

TEST(Arguments, MistakesOfUsageExitWithTwo) {
    EXPECT_EQ(parse({}).exit_code, 2);
    EXPECT_EQ(parse({"--config"}).exit_code, 2);
    EXPECT_EQ(parse({"--config", "a", "--lcores", "1"}).exit_code, 2);
    EXPECT_EQ(parse({"--config", "a", "stray"}).exit_code, 2);
    EXPECT_EQ(parse({"--config", "a", "--host", ""}).exit_code, 2);
    EXPECT_EQ(parse({"--config", "a", "--exit-when-idle", "10"}).exit_code, 2);
    EXPECT_EQ(parse({"--tables", "t", "--exit-when-idle", "soon"}).exit_code, 2);
}

TEST(Arguments, HelpAndVersionExitWithZero) {
    EXPECT_EQ(parse({"--help"}).exit_code, 0);
    EXPECT_EQ(parse({"--version"}).exit_code, 0);
}

}  // namespace
}  // namespace nlb::dataplane
