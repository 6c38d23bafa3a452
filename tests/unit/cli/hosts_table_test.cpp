// Answers of many hosts side by side.
#include "cli/hosts_table.hpp"

#include <gtest/gtest.h>
#include <sstream>

namespace nlb::cli {
namespace {

std::vector<HostReply> replies_of(std::size_t hosts, std::size_t rules) {
    std::vector<HostReply> replies;
    for (std::size_t i = 1; i <= hosts; ++i) {
        HostReply one{"edge" + std::to_string(i), {}};
        one.reply.answered = true;
        Json members = Json::array();
        for (std::size_t m = 0; m < hosts; ++m) members.push_back(Json::object());
        Json list = Json::array();
        for (std::size_t r = 0; r < rules; ++r)
            list.push_back({{"name", "service" + std::to_string(r)}, {"own", 2}});
        one.reply.json = {{"clusters",
                           {{{"state", "converged"},
                             {"default_host", "edge1"},
                             {"epoch", {{"counter", 7}}},
                             {"serves_not_because", ""},
                             {"members", members},
                             {"rules", list}}}}};
        replies.push_back(std::move(one));
    }
    return replies;
}

std::size_t widest(const std::string& text) {
    std::size_t most = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) most = std::max(most, line.size());
    return most;
}

TEST(HostsTable, EachRuleHasAColumnWhereAllFit) {
    const std::string table = table_of_hosts(replies_of(3, 2), false, 100);
    EXPECT_NE(table.find("service0  service1"), std::string::npos) << table;
    EXPECT_EQ(table.find("buckets"), std::string::npos) << table;
}

TEST(HostsTable, ThirtyTwoHostsAndRulesFitIntoAHundredColumns) {
    const auto replies = replies_of(32, 32);
    const std::string table = table_of_hosts(replies, false, 100);
    EXPECT_LE(widest(table), 100U);
    EXPECT_EQ(table.find("service"), std::string::npos) << "some rules alone would look like all";
    EXPECT_NE(table.find("buckets"), std::string::npos);
    EXPECT_NE(table.find("64"), std::string::npos) << table;
    EXPECT_NE(table_of_hosts(replies, false, 0).find("service31"), std::string::npos)
        << "a file has no width";
}

TEST(HostsTable, WhoShouldServeAndDoesNotIsRed) {
    auto replies = replies_of(2, 1);
    replies[1].reply.json["clusters"][0]["serves_not_because"] = "the outside port has no link";
    const std::string table = table_of_hosts(replies, true, 100);
    const std::size_t said = table.find("converged, SERVES NOBODY");
    ASSERT_NE(said, std::string::npos) << table;
    EXPECT_NE(table.rfind("\x1b[31m", said), std::string::npos) << table;
}

}  // namespace
}  // namespace nlb::cli
