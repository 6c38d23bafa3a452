// The exchange with the control plane: patience, and what is not an answer.
#include "cli/control_client.hpp"

#include <chrono>
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_control_plane.hpp"
#include "tests/unit/cli/sandbox.hpp"

namespace nlb::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ControlReply ask(const std::string& reply, Duration timeout = seconds{5}) {
    const Sandbox sandbox;
    FakeControlPlane control_plane(sandbox.path(), [&](const std::string&) { return reply; });
    return ask_control_plane(sandbox.path(), {{"command", "query"}}, timeout);
}

TEST(ControlClient, AnAnswerIsKeptAsItCame) {
    const std::string line = R"({"ok": true,   "return_value": 1007, "b": 1, "a": 2})";
    for (const std::string end : {"\n", "", "\nnot read any more"}) {
        const ControlReply reply = ask(line + end);
        ASSERT_TRUE(reply.answered) << reply.message;
        EXPECT_EQ(reply.line, line);
        EXPECT_TRUE(flag_of(reply.json, "ok"));
    }
}

TEST(ControlClient, WhatIsNotAnObjectInOneLineIsNoAnswer) {
    for (const std::string garbage : {"\n", "hello\n", "[1]\n", "{\"ok\":tr", "\xff\xfe\n"}) {
        const ControlReply reply = ask(garbage);
        EXPECT_FALSE(reply.answered) << garbage;
        EXPECT_NE(reply.message, "");
        EXPECT_EQ(reply.fault, ReturnValue::io_error);
    }
}

TEST(ControlClient, AnEndlessAnswerIsCutOff) {
    const ControlReply reply = ask(std::string(kControlLineBytesMax + 100000, 'x'));
    EXPECT_FALSE(reply.answered);
    EXPECT_NE(reply.message.find("1 MiB"), std::string::npos);
}

TEST(ControlClient, ASilentControlPlaneIsGivenUp) {
    const auto begun = std::chrono::steady_clock::now();
    const ControlReply reply = ask("", milliseconds{150});
    const auto waited = std::chrono::steady_clock::now() - begun;
    EXPECT_FALSE(reply.answered);
    EXPECT_EQ(reply.fault, ReturnValue::timeout);
    EXPECT_GE(waited, milliseconds{140});
    EXPECT_LT(waited, seconds{3});
}

TEST(ControlClient, ASocketThatIsNotThereIsNamedWithTheRemedy) {
    const Sandbox sandbox;
    const ControlReply reply =
        ask_control_plane(sandbox.path(), {{"command", "query"}}, seconds{1});
    EXPECT_FALSE(reply.answered);
    EXPECT_NE(reply.message.find(sandbox.path() + "/control.sock"), std::string::npos);
    EXPECT_NE(reply.message.find("--run-dir"), std::string::npos);
    const ControlReply too_long = ask_control_plane("/" + std::string(200, 'd'), {}, seconds{1});
    EXPECT_EQ(too_long.fault, ReturnValue::bad_params);
}

}  // namespace
}  // namespace nlb::cli
