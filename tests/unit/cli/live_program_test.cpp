// The commands that speak of a running cluster, against a control plane that tells what the test
// wants: which map is used, how a drain is waited for, how events and NLB's forms read.
#include <atomic>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/json.hpp"
#include "cli/live_map.hpp"
#include "cli/selection.hpp"
#include "cli/watch_screen.hpp"
#include "config/digest.hpp"
#include "config/key_file.hpp"
#include "config/load.hpp"
#include "tests/unit/cli/fake_control_plane.hpp"
#include "tests/unit/cli/sandbox.hpp"

namespace nlb::cli {
namespace {

class LiveProgram : public ::testing::Test {
protected:
    void SetUp() override {
        SKIP_WITHOUT_PROGRAM();
        sandbox_.write_lab();
    }
    Outcome run(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--run-dir", sandbox_.path()});
        return run_nlb(sandbox_.path(), arguments);
    }
    // The map of host1 and host3 in which host3 owns what nobody would expect: every bucket.
    std::string map_answer() {
        const auto loaded = config::load_file(sandbox_.file("lab.yaml"));
        const config::Cluster& cluster = loaded.value().config.clusters.front();
        const auto key = config::derive_hash_key(config::read_key(cluster.key_file).value());
        const std::string digest =
            fmt::format("{:016x}", config::digest_of(config::agreed_lines(cluster, key)));
        const std::string all = fmt::format("{:016x}", kAllBuckets);
        const std::string none(16, '0');
        Json rules = Json::array(), hosts = Json::array(), installed = Json::array();
        for (const RuleId slot : slots_of(cluster)) {
            const std::vector<int> owners(kBuckets, 3);
            rules.push_back({{"name", name_of_rule(cluster, slot)},
                             {"owners", owners},
                             {"targets", owners},
                             {"connections", 12}});
            installed.push_back({{"own", none}, {"dirty_elsewhere", none}});
        }
        for (int id = 1; id <= 3; ++id) {
            Json stated = Json::array();
            for (const RuleId slot : slots_of(cluster))
                stated.push_back({{"name", name_of_rule(cluster, slot)},
                                  {"state", id == 1 ? "draining" : "enabled"},
                                  {"weight", 50},
                                  {"own", id == 3 ? all : none},
                                  {"dirty", id == 1 ? all : none}});
            hosts.push_back({{"id", id},
                             {"name", fmt::format("host{}", id)},
                             {"state", "converged"},
                             {"member", id != 2},
                             {"rules", id == 2 ? Json() : stated}});
        }
        const Json answer = {
            {"ok", true},
            {"return_value", 1000},
            {"message", ""},
            {"clusters",
             Json::array({{{"name", "lab"},
                           {"host", "host1"},
                           {"id", 1},
                           {"takes_part", true},
                           {"serves", true},
                           {"epoch", {{"counter", 9}, {"coordinator", 3}}},
                           {"generation", 1},
                           {"config_digest", digest},
                           {"configuration",
                            {{"file", sandbox_.file("lab.yaml")}, {"text", loaded.value().text}}},
                           {"members", {1, 3}},
                           {"rules", rules},
                           {"hosts", hosts},
                           {"installed", {{"epoch", 9}, {"rules", installed}}}}})}};
        return one_line(answer) + "\n";
    }
    Sandbox sandbox_;
};

const std::vector<std::string> kPacket{"explain", "tcp", "198.51.100.7:4000", "192.0.2.80:80"};

std::vector<std::string> with(std::vector<std::string> words,
                              const std::vector<std::string>& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

TEST_F(LiveProgram, ExplainAsksTheRunningClusterAndSaysSo) {
    FakeControlPlane control_plane(sandbox_.path(),
                                   [this](const std::string&) { return map_answer(); });
    const Outcome human = run(with(kPacket, {"--all-hosts"}));
    EXPECT_EQ(human.exit_code, 0) << human.err;
    EXPECT_EQ(lines_of(human.out).front().find(
                  "the live map of cluster lab as host1 knows it: epoch 9 of host3, 2 of 3"),
              0U)
        << human.out;
    EXPECT_NE(human.out.find("2 hosts: 1 accepted by exactly one"), std::string::npos) << human.out;
    const auto lines = lines_of(run(with(kPacket, {"--all-hosts", "--json"})).out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(text_of(*parse_json(lines[0]), "map"), "live");
    EXPECT_EQ(number_of(*parse_json(lines[0]), "epoch"), 9);
    EXPECT_EQ(text_of(*parse_json(lines[0]), "reason"), "not_owner");
    EXPECT_EQ(text_of(*parse_json(lines[1]), "reason"), "new_flow");
    // host1 still holds descriptors there: whether of this flow, host3 cannot tell.
    const Json ack =
        *parse_json(run(with(kPacket, {"--flags", "A", "--host", "host3", "--json"})).out);
    EXPECT_EQ(text_of(ack, "reason"), "tracked_elsewhere");
    const Json own = *parse_json(run(with(kPacket, {"--json"})).out);
    EXPECT_EQ(text_of(own, "host"), "host1") << "the host that answers is this machine";
}

TEST_F(LiveProgram, AnIdealMapIsNamedAndSaysWhy) {
    const Outcome alone = run(with(kPacket, {"--config", "lab.yaml"}));
    EXPECT_EQ(alone.exit_code, 0) << alone.err;
    EXPECT_EQ(lines_of(alone.out).front().find("an ideal map of lab.yaml"), 0U) << alone.out;
    EXPECT_NE(lines_of(alone.out).front().find("no control plane answers"), std::string::npos);
    FakeControlPlane control_plane(sandbox_.path(),
                                   [this](const std::string&) { return map_answer(); });
    const Outcome members =
        run(with(kPacket, {"--config", "lab.yaml", "--members", "host1,host2", "--json"}));
    for (const std::string& line : lines_of(members.out))
        EXPECT_EQ(text_of(*parse_json(line), "map"), "ideal");
    EXPECT_TRUE(control_plane.requests().empty()) << "it was told who is there";
    std::string other = lab_yaml();
    other.replace(other.find("ports: 80,"), 10, "ports: 81,");
    sandbox_.write("other.yaml", other);
    const Outcome differs = run(with(kPacket, {"--config", "other.yaml"}));
    EXPECT_EQ(differs.exit_code, 0) << differs.err;
    EXPECT_EQ(lines_of(differs.out).front().find("an ideal map of other.yaml"), 0U);
    EXPECT_NE(differs.err.find("the running control plane has another configuration"),
              std::string::npos)
        << differs.err;
}

TEST_F(LiveProgram, PlanTakesOwnersAndWeightsFromTheCluster) {
    FakeControlPlane control_plane(sandbox_.path(),
                                   [this](const std::string&) { return map_answer(); });
    const Outcome outcome = run({"plan", "--leave", "host3", "--json"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const Json plan = *parse_json(outcome.out);
    EXPECT_EQ(text_of(plan, "map"), "live");
    EXPECT_EQ(number_of(member_of(plan, "moved"), "http"), 60)
        << "host1 drains the rule: nobody takes it";
    EXPECT_TRUE(member_of(list_of(plan, "moves")[0], "to").is_null());
    EXPECT_EQ(run({"plan", "--join", "host2", "--max-moves", "1000"}).exit_code, 0);
    const Outcome refused = run({"plan", "--join", "host2", "--max-moves", "10"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.err.find("would change hands, more than the 10 allowed"), std::string::npos);
    EXPECT_EQ(
        number_of(*parse_json(run({"plan", "--join", "host2", "--max-moves", "10", "--json"}).out),
                  "return_value"),
        1015);
}

// A host that has `left` connections, one fewer at each look.
std::string drain_answer(int left) {
    return fmt::format(
        R"({{"ok":true,"return_value":1000,"message":"","rules":["http"],"clusters":[{{"name":"lab",)"
        R"("host":"host1","state":"{}","rules":[{{"name":"http","own":0,"connections":{}}}]}}]}})"
        "\n",
        left == 0 ? "stopped" : "draining", left);
}

TEST_F(LiveProgram, ADrainIsWaitedForAndShowsWhatIsLeft) {
    std::atomic<int> left{2};
    FakeControlPlane control_plane(sandbox_.path(), [&](const std::string& request) {
        if (request.find("query") == std::string::npos) return drain_answer(2);
        return drain_answer(left > 0 ? left-- : 0);
    });
    const Outcome outcome = run({"drainstop", "--timeout", "20s"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("2 connections left\n"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("1 connection left\n"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("drainstop: drained"), std::string::npos) << outcome.out;
}

TEST_F(LiveProgram, ADrainThatDoesNotEndSaysSoOrIsCut) {
    FakeControlPlane control_plane(sandbox_.path(),
                                   [&](const std::string&) { return drain_answer(7); });
    const Outcome waits = run({"drain", "http", "--timeout", "600ms", "--json"});
    EXPECT_EQ(waits.exit_code, 1);
    const Json answer = *parse_json(waits.out);
    EXPECT_EQ(number_of(answer, "return_value"), 1103);
    EXPECT_EQ(number_of(answer, "connections"), 7);
    EXPECT_FALSE(flag_of(answer, "ended", true));
    for (const std::string& request : control_plane.requests())
        EXPECT_EQ(request.find("disable"), std::string::npos) << "nobody said `--then stop`";
    const Outcome cut = run({"drain", "http", "--timeout", "600ms", "--then", "stop"});
    EXPECT_EQ(cut.exit_code, 0) << cut.err;
    EXPECT_NE(cut.out.find("7 connections cut"), std::string::npos) << cut.out;
    EXPECT_NE(control_plane.requests().back().find("disable"), std::string::npos);
    EXPECT_EQ(run({"drain", "http", "--then", "reboot"}).exit_code, 2);
}

TEST_F(LiveProgram, EventsAreShownWithWhatToDo) {
    FakeControlPlane control_plane(sandbox_.path(), [](const std::string&) {
        return std::string(
                   R"({"ok":true,"return_value":1000,"message":"","clusters":[],"events":[)"
                   R"({"time":"T1","level":"info","name":"converged","event":28,"cluster":"lab"},)"
                   R"({"time":"T2","level":"warning","name":"link_down","event":null,)"
                   R"("cluster":"lab","do":"check the cable"}]})") +
               "\n";
    });
    const Outcome human = run({"events", "--last", "5"});
    EXPECT_NE(human.out.find("T1  info     converged (NLB 28) cluster=lab\n"), std::string::npos)
        << human.out;
    EXPECT_NE(human.out.find("do: check the cable"), std::string::npos) << human.out;
    EXPECT_EQ(number_of(*parse_json(control_plane.requests().back()), "last"), 5);
    const auto lines = lines_of(run({"events", "--json"}).out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(number_of(*parse_json(lines[0]), "event"), 28);
}

TEST_F(LiveProgram, NlbsFormsAreUnderstood) {
    FakeControlPlane control_plane(sandbox_.path(),
                                   [](const std::string&) { return converged_answer() + "\n"; });
    EXPECT_EQ(run({"query", "web:edge1"}).exit_code, 0);
    EXPECT_EQ(text_of(*parse_json(control_plane.requests().back()), "cluster"), "web");
    EXPECT_EQ(run({"query", "web:1"}).exit_code, 0) << "NLB knows hosts by priority";
    EXPECT_EQ(run({"query", "web:edge2"}).exit_code, 1);
    EXPECT_EQ(run({"query", "web:"}).exit_code, 2);
    EXPECT_EQ(run({"query", "web:edge1", "--host", "edge2"}).exit_code, 2);
    EXPECT_EQ(run({"drain", "80", "/local"}).exit_code, 0);
    EXPECT_EQ(text_of(*parse_json(control_plane.requests().back()), "rule"), "80");
    EXPECT_EQ(run({"query", "--host", ""}).exit_code, 2);
    EXPECT_EQ(run({"stop", "--cluster", ""}).exit_code, 2);
    EXPECT_EQ(run({"query", "--watch", "--json"}).exit_code, 2);
    EXPECT_NE(run({"query", "--hosts"}).out.find("edge3"), std::string::npos);
}

TEST_F(LiveProgram, HelpIsACommand) {
    const Outcome all = run_nlb(sandbox_.path(), {"help"});
    EXPECT_EQ(all.exit_code, 0);
    EXPECT_NE(all.out.find("drainstop"), std::string::npos);
    EXPECT_NE(run_nlb(sandbox_.path(), {"help", "plan"}).out.find("--max-moves"),
              std::string::npos);
    EXPECT_EQ(run_nlb(sandbox_.path(), {"help", "dance"}).exit_code, 2);
}

TEST(WatchScreen, LinesAreCutAtTheWidthWithoutCuttingAColour) {
    EXPECT_EQ(cut_line("abcdef", 4), "abcd");
    EXPECT_EQ(cut_line("abc", 4), "abc");
    EXPECT_EQ(cut_line("\x1b[31mabcdef\x1b[0m", 4), "\x1b[31mabcd\x1b[0m");
    EXPECT_EQ(cut_line("\xc3\xa4\xc3\xb6\xc3\xbc", 2), "\xc3\xa4\xc3\xb6");
    EXPECT_EQ(cut_line("abc\x1b[", 9), "abc\x1b[");
}

TEST(WatchScreen, ItDrawsOverItselfAndScrolls) {
    WatchScreen screen;
    const std::string text = "one\ntwo\nthree\nfour";
    const std::string first = screen.draw(text, {80, 3});
    EXPECT_EQ(first.find("\x1b[H"), 0U);
    EXPECT_EQ(first.find("\x1b[2J"), std::string::npos) << "clearing all of it flickers";
    EXPECT_NE(first.find("one\x1b[K\ntwo\x1b[K\n"), std::string::npos);
    EXPECT_EQ(first.find("three"), std::string::npos);
    EXPECT_TRUE(screen.take_keys("\x1b[B\x1b[B"));
    EXPECT_TRUE(screen.take_keys("\x1b[6~"));
    const std::string last = screen.draw(text, {80, 3});
    EXPECT_NE(last.find("three\x1b[K\nfour\x1b[K\n"), std::string::npos) << "not beyond the end";
    EXPECT_FALSE(screen.take_keys("q"));
}

}  // namespace
}  // namespace nlb::cli
