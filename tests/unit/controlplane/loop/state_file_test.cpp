// The state file: what is written reads back, and what is damaged counts as none.
#include "controlplane/loop/state_file.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

namespace nlb::controlplane {
namespace {

TEST(StateFile, WhatIsWrittenReadsBack) {
    const StoredState state{
        {"web", {Wanted::draining, {{"http", RuleState::disabled}, {"dns", RuleState::draining}}}},
        {"mail", {Wanted::suspended, {}}}};
    EXPECT_EQ(decode_state(encode_state(state)), state);
}

TEST(StateFile, GarbageCountsAsNone) {
    for (const char* text :
         {"", "{", "[]", "null", "{\"clusters\":3}", "{\"clusters\":{\"web\":7}}", "\x00\xff"})
        EXPECT_FALSE(decode_state(text).has_value()) << text;
}

TEST(StateFile, AnUnknownWordIsLeftOut) {
    const auto state = decode_state(
        R"({"clusters":{"web":{"state":"dancing","rules":{"http":"asleep","dns":"disabled"}}}})");
    ASSERT_TRUE(state.has_value());
    EXPECT_FALSE(state->at("web").wanted.has_value());
    EXPECT_EQ(state->at("web").rules.size(), 1U);
}

TEST(StateFile, AFileIsReplacedWholeAndAMissingOneIsEmpty) {
    char directory[] = "/tmp/nlb-state-XXXXXX";
    ASSERT_NE(mkdtemp(directory), nullptr);
    const std::string path = std::string{directory} + "/state";
    EXPECT_TRUE(read_state(path).value().empty());
    ASSERT_TRUE(write_state(path, {{"web", {Wanted::stopped, {}}}}));
    ASSERT_TRUE(write_state(path, {{"web", {Wanted::suspended, {}}}}));
    EXPECT_EQ(read_state(path).value().at("web").wanted, Wanted::suspended);
    EXPECT_FALSE(std::ifstream(path + ".new").good());
    unlink(path.c_str());
    EXPECT_FALSE(write_state(std::string{directory} + "/missing/state", {}));
    rmdir(directory);
}

}  // namespace
}  // namespace nlb::controlplane
