// Mistakes in `manager`, each told in full, and what is taken.
#include "bad_yaml.hpp"

namespace nlb::config {
namespace {

const std::string kMetrics = "metrics: {listen: '127.0.0.1:9780'}\n";

const BadYaml kCases[] = {
    {"APageWithoutAPlaceIsRefused", kMetrics, kMetrics + "manager: {names: []}\n",
     R"(nlb.yaml:24:10: manager.listen: expected "ADDRESS:PORT" or "[IPV6]:PORT", got nothing)"},
    {"ANameIsNoPlaceToListenOn", kMetrics, kMetrics + "manager: {listen: 'localhost:9781'}\n",
     R"(nlb.yaml:24:19: manager.listen: expected "ADDRESS:PORT", "[IPV6]:PORT" or "" for none, got "localhost:9781")"},
    {"ThePlaceOfMetricsIsTaken", kMetrics, kMetrics + "manager: {listen: '127.0.0.1:9780'}\n",
     R"(nlb.yaml:24:19: manager.listen: expected another address or port than metrics.listen, got "127.0.0.1:9780")"},
    {"AReadTokenWantsAFile", kMetrics,
     kMetrics + "manager: {listen: '[::1]:9781', read_token: true}\n",
     R"(nlb.yaml:24:45: manager.read_token: expected false, because there is no token_file, got "true")"},
    {"ANameWithAPortIsNone", kMetrics,
     kMetrics + "manager: {listen: '[::1]:9781', names: ['nlb.example.net:80']}\n",
     R"(nlb.yaml:24:41: manager.names[0]: expected a DNS name without a port, such as nlb.example.net, got "nlb.example.net:80")"},
};

class BadManager : public testing::TestWithParam<BadYaml> {};

TEST_P(BadManager, IsToldInFull) {
    expect_told(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Yaml, BadManager, testing::ValuesIn(kCases), claim_of);

TEST(Manager, IsOffUnlessItIsWritten) {
    EXPECT_EQ(load_text(kRightYaml, "nlb.yaml").value().config.manager.listen, "");
}

TEST(Manager, IsReadAsItIsWritten) {
    const auto loaded =
        load_text(kRightYaml +
                      "manager: {listen: '[::1]:9781', token_file: /t, read_token: true, "
                      "names: [nlb.example.net]}\n",
                  "nlb.yaml");
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const Manager& manager = loaded.value().config.manager;
    EXPECT_EQ(manager.listen, "[::1]:9781");
    EXPECT_EQ(manager.token_file, "/t");
    EXPECT_TRUE(manager.read_token);
    EXPECT_EQ(manager.names, std::vector<std::string>{"nlb.example.net"});
}

}  // namespace
}  // namespace nlb::config
