// Each fault that a running cluster can tell of is seeded into a right answer, and found.
#include "cli/doctor/cluster_findings.hpp"

#include <gtest/gtest.h>
#include <set>

#include "cli/doctor/findings_view.hpp"
#include "cli/doctor/probe_client.hpp"
#include "tests/unit/cli/fake_control_plane.hpp"

namespace nlb::cli {
namespace {

using config::FindingId;
using Names = std::set<std::string>;

Names names_of(const config::Findings& findings) {
    Names names;
    for (const config::Finding& finding : findings) {
        names.emplace(config::kind_of(finding.id).name);
        if (config::is_bad(finding) && finding.mend.empty()) names.insert("no mend");
    }
    return names;
}

class Running : public ::testing::Test {
protected:
    void SetUp() override {
        now_ = parse_json(converged_answer())->at("clusters")[0];
        for (const char* const name : {"edge1", "edge2", "edge3"}) {
            config::Host host;
            host.name = name;
            ours_.hosts.push_back(host);
        }
        ours_.name = "web";
        now_["client_bursts"] = 100;
        hear(now_, true, true);
        before_ = now_;
        before_["client_bursts"] = 50;
    }
    // What members state; the host itself states nothing to itself.
    static void hear(Json& cluster, bool second, bool third) {
        cluster["members"][0]["hears_clients"] = Json();
        cluster["members"][1]["hears_clients"] = second;
        cluster["members"][2]["hears_clients"] = third;
    }
    [[nodiscard]] Names found() const { return names_of(judge_cluster(now_, before_, ours_)); }
    Json now_;
    Json before_;
    config::Cluster ours_;
};

TEST_F(Running, AClusterThatServesIsRight) {
    EXPECT_EQ(found(), Names{"cluster_right"});
}

TEST_F(Running, AnAnswerOfAnOlderProgramIsRightToo) {
    for (Json* const cluster : {&now_, &before_}) {
        cluster->erase("client_bursts");
        for (Json& member : (*cluster)["members"]) member.erase("hears_clients");
    }
    EXPECT_EQ(found(), Names{"cluster_right"});
}

TEST_F(Running, WhatKeepsThisHostFromServing) {
    now_["dataplane"] = "disconnected";
    EXPECT_EQ(found(), Names{"dataplane_missing"});
    now_["dataplane"] = "connected";
    now_["serves_not_because"] = "no lease";
    now_["deaf"] = true;
    now_["link_up"] = false;
    now_["inside"] = {{"ready", false}, {"problem", "no address"}};
    EXPECT_EQ(found(), (Names{"serves_not", "deaf", "link_down", "inside_not_ready"}));
}

TEST_F(Running, StatesThatPassAndStatesThatStay) {
    now_["state"] = "stopped";
    EXPECT_EQ(found(), Names{"host_stopped"});
    now_["state"] = "converging";
    EXPECT_EQ(found(), Names{"cluster_right"}) << "a moment ago it was converged";
    before_["state"] = "converging";
    EXPECT_EQ(found(), Names{"still_converging"});
}

TEST_F(Running, OtherHosts) {
    now_["members"].erase(2);
    EXPECT_EQ(found(), Names{"member_missing"});
    SetUp();
    ours_.hosts.resize(3);
    now_["members"][2]["state"] = "silent";
    EXPECT_EQ(found(), Names{"member_missing"});
}

TEST_F(Running, ConfigurationsAndStrangers) {
    now_["config_mismatches"] = Json::array(
        {{{"host", "edge2"}, {"path", "mode"}, {"here", "unicast"}, {"there", "igmp"}}});
    now_["reload"] = {{"held_digest", "77"}, {"waits_for", {"edge3"}}};
    now_["stranger"] = {{"because", "another key"}, {"mac", "02:01:c0:00:02:50"}};
    EXPECT_EQ(found(), (Names{"configuration_differs", "reload_waits", "stranger_serves"}));
}

TEST_F(Running, RefusedHeartbeatsCountWhileTheyCome) {
    now_["heartbeats"] = before_["heartbeats"] = {{"refused", {{"tag", 7}, {"key", 0}}}};
    EXPECT_EQ(found(), Names{"cluster_right"});
    now_["heartbeats"]["refused"]["tag"] = 9;
    EXPECT_EQ(found(), Names{"heartbeats_refused"});
}

TEST_F(Running, ASwitchThatFloodsToSomeOnly) {
    before_["client_bursts"] = 100;
    EXPECT_EQ(found(), Names{"clients_not_heard"});
    before_["client_bursts"] = 50;
    hear(now_, false, false);
    EXPECT_EQ(found(), Names{"cluster_right"}) << "a moment ago they heard";
    hear(before_, false, false);
    EXPECT_EQ(found(), Names{"flood_missing"});
    before_["client_bursts"] = 100;
    EXPECT_EQ(found(), Names{"cluster_right"}) << "nobody hears: there are no clients";
}

TEST_F(Running, AnIgmpModeWithoutAQuerier) {
    now_["igmp"] = {{"querier_heard", false}};
    EXPECT_EQ(found(), Names{"querier_missing"});
    now_["igmp"] = {{"querier_heard", true}};
    EXPECT_EQ(found(), Names{"cluster_right"});
}

TEST_F(Running, RulesAndPorts) {
    now_["rules"][0]["orphaned"] = 20;
    EXPECT_EQ(found(), Names{"cluster_right"}) << "a moment ago there were none";
    before_["rules"][0]["orphaned"] = 3;
    now_["rules"][1]["health"] = {{"state", "down"}, {"because", "http 503"}};
    now_["ports"] =
        Json::array({{{"port", "outside"},
                      {"flow_control", "both"},
                      {"counters", {{"rx_packets", 1000}, {"missed", 40}, {"no_buffer", 1}}}}});
    EXPECT_EQ(found(), (Names{"buckets_orphaned", "server_down", "port_drops", "port_complains"}));
}

TEST(Events, YoungOnesCountOnceAndOldOnesDoNot) {
    const auto noon =
        std::chrono::system_clock::from_time_t(1'795'000'000);  // 2026-11-18T11:06:40Z
    const Json events = Json::array({
        {{"time", "2026-11-18T11:00:00.000Z"}, {"name", "id_in_use"}, {"cluster", "web"}},
        {{"time", "2026-11-18T11:01:00.000Z"}, {"name", "id_in_use"}, {"cluster", "web"}},
        {{"time", "2026-11-18T09:00:00.000Z"}, {"name", "address_conflict"}, {"cluster", "web"}},
        {{"time", "nonsense"}, {"name", "address_conflict"}, {"cluster", "web"}},
    });
    const auto findings = judge_events(events, noon);
    EXPECT_EQ(names_of(findings), Names{"id_in_use"});
    EXPECT_EQ(findings.size(), 1U);
    EXPECT_TRUE(judge_events(Json(), noon).empty());
}

TEST(ProbeAnswers, AreReadStrictly) {
    const ProbeAnswer good = read_probe(
        R"({"dataplane_runs":true,"ports":[{"port":"web outside"}],"findings":[)"
        R"({"id":"no_carrier","severity":"error","subject":"web outside","says":"a","mend":"b"}]})");
    EXPECT_TRUE(good.answered && good.dataplane_runs);
    ASSERT_EQ(good.findings.size(), 1U);
    EXPECT_EQ(good.findings[0], (config::Finding{FindingId::no_carrier, "web outside", "a", "b"}));
    EXPECT_FALSE(read_probe("").answered);
    EXPECT_FALSE(read_probe("[]").answered);
    EXPECT_FALSE(read_probe(R"({"findings":[{"id":"of_another_version"}]})").answered);
}

TEST(ProbeAnswers, AProgramThatFailsIsQuoted) {
    const ProbeQuestion question{"a", "b", "c", ""};
    EXPECT_FALSE(run_probe("/nowhere/nlb-dataplane", question, std::chrono::seconds{5}).answered);
    EXPECT_NE(run_probe("/bin/false", question, std::chrono::seconds{5}).problem.find("ended with"),
              std::string::npos);
}

TEST(FindingsView, TheWorstOfASubjectComesFirstWithWhatMendsIt) {
    const config::Findings findings{{FindingId::hugepages_none, "memory", "none", "reserve"},
                                    {FindingId::key_open, "keys", "open", "chmod"},
                                    {FindingId::memory_too_little, "memory", "little", "lower"}};
    const std::string text = view_of_findings(findings, false);
    EXPECT_LT(text.find("little"), text.find("none"));
    EXPECT_LT(text.find("none"), text.find("open"));
    EXPECT_NE(text.find("mend: chmod"), std::string::npos);
    EXPECT_EQ(verdict_of(count(findings)), "2 errors, 1 warning: something will not work");
    EXPECT_EQ(json_of_findings(findings)[0]["id"], "memory_too_little");
    EXPECT_EQ(verdict_of({}), "0 errors, 0 warnings: everything will work");
}

}  // namespace
}  // namespace nlb::cli
