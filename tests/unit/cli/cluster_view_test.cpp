// The picture of a cluster: the words that matter are there, and no answer, however wrong, breaks
// it.
#include "cli/cluster_view.hpp"

#include <gtest/gtest.h>

#include "tests/unit/cli/fake_control_plane.hpp"

namespace nlb::cli {
namespace {

Json converged_cluster() {
    return parse_json(converged_answer())->at("clusters").at(0);
}

TEST(ClusterView, ShowsStateMembersSharesAndBuckets) {
    const std::string view = view_of_cluster(converged_cluster(), false);
    for (const std::string words : {"edge1: converged as default host (NLB 1008), cluster web",
                                    "default host edge1", "epoch 7 of edge2", "generation 1",
                                    "fence in 412 ms", "20 = 33.3 %", "3 edge3 20 (33.3 %)"})
        EXPECT_NE(view.find(words), std::string::npos) << words << "\n" << view;
    const std::string strip = std::string(20, '1') + std::string(20, '2') + std::string(20, '3');
    EXPECT_NE(view.find(strip), std::string::npos) << view;
    EXPECT_EQ(view.find('\x1b'), std::string::npos);
    EXPECT_EQ(view.find("converging because"), std::string::npos);
}

TEST(ClusterView, SaysWhyAndThroughWhomItConverges) {
    Json cluster = converged_cluster();
    cluster["state"] = "converging";
    cluster["converging_because"] = "it has not stated the epoch";
    cluster["converging_host"] = "edge3";
    cluster["fence_remaining_ms"] = 0;
    const std::string view = view_of_cluster(cluster, false);
    EXPECT_NE(view.find("converging (NLB 1006)"), std::string::npos) << view;
    EXPECT_NE(view.find("converging because it has not stated the epoch (edge3)"),
              std::string::npos)
        << view;
    EXPECT_NE(view.find("FENCED"), std::string::npos) << view;
}

TEST(ClusterView, SaysFirstThatItServesNobodyAndWhoElseMay) {
    Json cluster = converged_cluster();
    cluster["serves_not_because"] = "the dataplane is not connected";
    cluster["stranger"] = {{"because", "host 2 serves this cluster under key id 9"},
                           {"mac", "02:02:c0:00:02:50"},
                           {"waited_ms", 1200}};
    const std::string view = view_of_cluster(cluster, false);
    EXPECT_EQ(view.find("edge1: SERVES NOBODY: the dataplane is not connected; "), 0U) << view;
    EXPECT_NE(view.find("host 2 serves this cluster under key id 9 (02:02:c0:00:02:50)"),
              std::string::npos)
        << view;
    EXPECT_NE(view.find("has waited 1200 ms; nlb start --alone"), std::string::npos) << view;
}

TEST(ClusterView, SaysWhatAnOperatorHasToActOn) {
    Json cluster = converged_cluster();
    EXPECT_EQ(view_of_cluster(cluster, false).find("another configuration"), std::string::npos);
    cluster["deaf"] = true;
    cluster["reload"] = {{"held_digest", "77ab"}, {"waits_for", {"edge2", "edge3"}}};
    cluster["config_mismatches"] = Json::array(
        {{{"host", "edge2"}, {"path", "port_rules[0].ports"}, {"here", "80"}, {"there", "81"}},
         {{"host", "edge3"}, {"path", nullptr}, {"here", nullptr}, {"there", nullptr}}});
    const std::string view = view_of_cluster(cluster, false);
    EXPECT_NE(view.find("DEAF"), std::string::npos) << view;
    EXPECT_NE(view.find("configuration 77ab is held here, and waits for: edge2, edge3"),
              std::string::npos)
        << view;
    EXPECT_NE(
        view.find("edge2 has another configuration: port_rules[0].ports is 80 here and 81 there"),
        std::string::npos)
        << view;
    EXPECT_NE(view.find("edge3 has another configuration; its lines have not arrived yet"),
              std::string::npos)
        << view;
}

TEST(ClusterView, SaysWhoHoldsAnOlderConfigurationAndWhatMendsIt) {
    Json cluster = converged_cluster();
    cluster["generation"] = 8;
    const std::string mend = "on edge1: nlb config push --host edge2";
    cluster["config_mismatches"] = Json::array({{{"host", "edge2"},
                                                 {"generation", 7},
                                                 {"older", "edge2"},
                                                 {"mend", mend},
                                                 {"path", "port_rules[0].ports"},
                                                 {"here", "80"},
                                                 {"there", "81"}}});
    std::string view = view_of_cluster(cluster, false);
    EXPECT_NE(view.find("edge2 holds an older configuration, generation 7 (8 here): "
                        "port_rules[0].ports is 80 here and 81 there"),
              std::string::npos)
        << view;
    EXPECT_NE(view.find(mend), std::string::npos) << view;
    cluster["config_mismatches"][0]["older"] = "edge1";
    view = view_of_cluster(cluster, false);
    EXPECT_NE(view.find("edge2 holds a newer configuration"), std::string::npos) << view;
}

TEST(ClusterView, EveryStateHasNlbsNumber) {
    Json cluster = converged_cluster();
    const auto number = [&](const char* state, const char* default_host) {
        cluster["state"] = state;
        cluster["default_host"] = default_host;
        return return_value_of(cluster);
    };
    EXPECT_EQ(number("stopped", ""), 1005);
    EXPECT_EQ(number("converging", ""), 1006);
    EXPECT_EQ(number("converged", "edge2"), 1007);
    EXPECT_EQ(number("converged", "edge1"), 1008);
    EXPECT_EQ(number("draining", "edge1"), 1009);
    EXPECT_EQ(number("suspended", ""), 1013);
}

// Replaces, one after the other, every value of the answer by values of other kinds.
void spoil(Json& root, Json& value, const std::function<void()>& look) {
    if (value.is_structured())
        for (auto& item : value.items()) spoil(root, item.value(), look);
    const Json original = value;
    for (const Json& other :
         {Json(nullptr), Json("\x1b[2J\xff"), Json(-1), Json(1e300), Json(UINT64_MAX),
          Json::array({1, "x", nullptr}), Json::object({{"a", 1}})}) {
        value = other;
        look();
    }
    value = original;
}

TEST(ClusterView, NoValueOfAnyKindBreaksIt) {
    Json cluster = converged_cluster();
    std::size_t views = 0;
    spoil(cluster, cluster, [&] {
        const std::string view = view_of_cluster(cluster, false);
        EXPECT_EQ(view.find('\x1b'), std::string::npos);
        ++views;
    });
    EXPECT_GT(views, 1000U);
}

}  // namespace
}  // namespace nlb::cli
