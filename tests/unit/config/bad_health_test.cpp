// Mistakes in health checks and in programs: one edit of a right file each, and exactly what the
// operator then reads.
#include "bad_yaml.hpp"
#include "config/format.hpp"

namespace nlb::config {
namespace {

const char* const kRule = "      - {name: http, ports: 80, protocol: tcp}\n";

std::string checked(const std::string& health, const std::string& rule = "ports: 80") {
    return "      - {name: http, " + rule + ", protocol: tcp, health: {" + health + "}}\n";
}
// The sentence about the key `key`, at that column of line 7.
std::string told(int column, const std::string& key, const std::string& sentence) {
    return "nlb.yaml:7:" + std::to_string(column) + ": clusters[0].port_rules[0].health" + key +
           ": " + sentence;
}

const BadYaml kCases[] = {
    {"ACheckMustBeNamed", kRule, checked("port: 81"),
     told(56, ".check", "expected tcp, http, https, exec or unit, got nothing")},
    {"AHealthThatIsAWordIsRefused", kRule,
     "      - {name: http, ports: 80, protocol: tcp, health: http}\n",
     told(56, "", "expected a health check, got \"http\"")},
    {"AnUnknownCheckIsNamed", kRule, checked("check: icmp"),
     told(64, ".check", "expected tcp, http, https, exec or unit, got \"icmp\"")},
    {"ExecNeedsAProgram", kRule, checked("check: exec"),
     told(56, ".program",
          "expected a list of a file and its arguments for check exec, got nothing")},
    {"AProgramIsNamedByItsWholePath", kRule, checked("check: exec, program: [check.sh]"),
     told(80, ".program[0]",
          "expected the file's path from /, because no shell looks for it, got \"check.sh\"")},
    {"AProgramIsAListAndNoLine", kRule, checked("check: exec, program: /bin/check a b"),
     told(79, ".program", "expected a list of a file and its arguments, got \"/bin/check a b\"")},
    {"UnitNeedsAUnit", kRule, checked("check: unit"),
     told(56, ".unit", "expected a systemd unit's name for check unit, got nothing")},
    {"AUnitIsNoOption", kRule, checked("check: unit, unit: '--all'"),
     told(76, ".unit", "expected the name of a systemd unit such as nginx.service, got \"--all\"")},
    {"WhatACheckHasNoUseForIsRefused", kRule, checked("check: tcp, path: /x"),
     told(75, ".path",
          "expected this key only for a check of http or https, got it for check tcp")},
    {"ATimeoutBeyondTheIntervalIsRefused", kRule, checked("check: tcp, interval: 1s, timeout: 2s"),
     told(92, ".timeout",
          "expected at most the interval of 1s, because a check never overlaps itself, got "
          "\"2s\"")},
    {"APathBeginsWithASlash", kRule, checked("check: http, path: health"),
     told(76, ".path",
          "expected a path that begins with / and holds no blank, such as /health, got "
          "\"health\"")},
    {"AStatusIsWithinItsRange", kRule, checked("check: http, status: 200-999"),
     told(78, ".status", "expected a status or a range in 100-599, got \"200-999\"")},
    {"ARuleForAllPortsNeedsAPortToCheck", kRule, checked("check: tcp", "ports: 0-79"),
     told(58, ".port",
          "expected the port to check, because the rule covers ports 0-79, got nothing")},
    {"AnIntervalHasALeast", kRule, checked("check: tcp, interval: 10ms"),
     told(79, ".interval", "expected a duration from 200ms to 1h, got \"10ms\"")},
    {"ASingleRuleHasNoSlowStart",
     "      - {name: admin, ports: 8443, protocol: tcp, mode: single}\n",
     "      - {name: admin, ports: 8443, mode: single, health: {check: tcp, slow_start: 5s}}\n",
     "nlb.yaml:8:83: clusters[0].port_rules[1].health.slow_start: expected no slow_start for a "
     "rule of mode single, whose host takes all or nothing, got one"},
    {"ADisabledRuleHasNoCheck", "      - {name: closed, ports: 100-200, mode: disabled}\n",
     "      - {name: closed, ports: 100-200, mode: disabled, health: {check: tcp}}\n",
     "nlb.yaml:9:64: clusters[0].port_rules[2].health: expected no health check for a rule of "
     "mode disabled, got one"},
    {"NotifyTooIsNamedByItsWholePath", "    key_file: web.key\n",
     "    key_file: web.key\n    notify: [hook]\n",
     "nlb.yaml:5:14: clusters[0].notify[0]: expected the file's path from /, because no shell "
     "looks for it, got \"hook\""},
};

class BadHealth : public testing::TestWithParam<BadYaml> {};

TEST_P(BadHealth, IsToldInFull) {
    expect_told(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Yaml, BadHealth, testing::ValuesIn(kCases), claim_of);

TEST(Health, TheNameThatTlsAsksForIsItsOwn) {
    const auto loaded = load_text(
        edited(kRule,
               checked("check: https, host: shop.example, sni: edge.example, verify: false")),
        "nlb.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const Health& health = *loaded.value().config.clusters[0].port_rules[0].health;
    EXPECT_EQ(health.host, "shop.example");
    EXPECT_EQ(health.sni, "edge.example");
    EXPECT_FALSE(health.verify);
}

TEST(Health, WhatIsLeftOutHasTheContractsDefaults) {
    const auto loaded = load_text(edited(kRule, checked("check: http")), "nlb.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const Health& health = *loaded.value().config.clusters[0].port_rules[0].health;
    EXPECT_EQ(health.check, CheckKind::http);
    EXPECT_EQ(health.path, "/");
    EXPECT_EQ(to_string(health.status), "200-399");
    EXPECT_EQ(health.interval, std::chrono::seconds{2});
    EXPECT_EQ(health.timeout, std::chrono::seconds{1});
    EXPECT_EQ(health.rise, 2);
    EXPECT_EQ(health.fall, 3);
    EXPECT_EQ(health.slow_start, Duration::zero());
    EXPECT_EQ(health.on_fail, OnFail::drain);
    EXPECT_EQ(health.all_failed, AllFailed::keep);
    EXPECT_TRUE(health.verify);
    EXPECT_FALSE(health.port);
}

}  // namespace
}  // namespace nlb::config
