// EAL's arguments for a table of plans and machines, and the refusals that come before EAL.
#include "dataplane/startup/eal_arguments.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

constexpr std::uint64_t kGibibyte = 1ULL << 30;

StartupPlan plan_of(const std::string& outside, std::uint32_t connections = 1000) {
    StartupPlan plan;
    plan.host = "edge1";
    plan.run_dir = "/run/nlb";
    ClusterPlan cluster;
    cluster.name = "web";
    cluster.outside = parse_device(outside, "x").value();
    cluster.inside = parse_device("net_tap0,iface=nlb0", "x").value();
    cluster.cpus = {1};
    cluster.connections_max = connections;
    plan.clusters.push_back(cluster);
    return plan;
}

Machine machine_of(std::uint64_t memory, std::uint64_t huge = 0) {
    return {{0, 1}, memory, huge};
}

bool has(const EalPlan& plan, const std::string& argument) {
    return std::find(plan.arguments.begin(), plan.arguments.end(), argument) !=
           plan.arguments.end();
}

std::string value_of(const EalPlan& plan, const std::string& option) {
    const auto at = std::find(plan.arguments.begin(), plan.arguments.end(), option);
    return at == plan.arguments.end() ? "" : *(at + 1);
}

TEST(EalArguments, PlainMemoryWhenNoHugePagesAreReserved) {
    const auto plan = plan_eal(plan_of("net_af_packet0,iface=a"), machine_of(kGibibyte)).value();
    EXPECT_TRUE(has(plan, "--no-huge") && has(plan, "--no-shconf") && has(plan, "--no-pci") &&
                has(plan, "--no-telemetry"));
    EXPECT_FALSE(has(plan, "--in-memory"));
    EXPECT_TRUE(plan.warnings.empty());
    EXPECT_TRUE(has(plan, "--lcores=0@0,1@1"));
    EXPECT_EQ(value_of(plan, "-m"), std::to_string(plan.need.mebibytes()));
}

TEST(EalArguments, HugePagesWhenThereAreEnough) {
    const auto plan =
        plan_eal(plan_of("net_af_packet0,iface=a"), machine_of(kGibibyte, kGibibyte)).value();
    EXPECT_TRUE(has(plan, "--in-memory") && plan.huge_pages);
    EXPECT_FALSE(has(plan, "--no-huge"));
}

TEST(EalArguments, TooFewHugePagesAreAWarningAndPlainMemory) {
    const auto plan =
        plan_eal(plan_of("net_af_packet0,iface=a"), machine_of(kGibibyte, 2U << 20)).value();
    EXPECT_TRUE(has(plan, "--no-huge"));
    ASSERT_EQ(plan.warnings.size(), 1U);
    EXPECT_NE(plan.warnings[0].find("2 MiB are free"), std::string::npos);
}

TEST(EalArguments, HugePagesThatTheOperatorDoesNotWantAreLeftAlone) {
    StartupPlan plan = plan_of("net_af_packet0,iface=a");
    plan.eal.hugepages = false;
    EXPECT_TRUE(has(plan_eal(plan, machine_of(kGibibyte, kGibibyte)).value(), "--no-huge"));
}

TEST(EalArguments, OnlyTheAdaptersOfThePlanAreOpened) {
    const auto plan = plan_eal(plan_of("3b:00.0,arg=1"), machine_of(kGibibyte)).value();
    EXPECT_FALSE(has(plan, "--no-pci"));
    EXPECT_EQ(value_of(plan, "-a"), "0000:3b:00.0,arg=1");
}

TEST(EalArguments, TwoRunDirectoriesOrHostsShareNoFiles) {
    const auto prefix = [](const StartupPlan& plan) {
        const EalPlan eal = plan_eal(plan, machine_of(kGibibyte)).value();
        for (const std::string& argument : eal.arguments)
            if (argument.rfind("--file-prefix=", 0) == 0) return argument;
        return std::string();
    };
    StartupPlan one = plan_of("net_null0");
    StartupPlan other_directory = one;
    other_directory.run_dir = "/run/other";
    StartupPlan other_host = one;
    other_host.host = "edge2";
    EXPECT_EQ(prefix(one), prefix(one));
    EXPECT_NE(prefix(one), prefix(other_directory));
    EXPECT_NE(prefix(one), prefix(other_host));
}

TEST(EalArguments, TooLittleMemoryIsRefusedWithTheRemedy) {
    const auto plan = plan_eal(plan_of("net_null0", 50'000'000), machine_of(kGibibyte));
    ASSERT_FALSE(plan.ok());
    EXPECT_EQ(plan.error().message.rfind("too little memory: ", 0), 0U) << plan.error().message;
    EXPECT_NE(plan.error().message.find("lower connections.max"), std::string::npos);
}

TEST(EalArguments, AnOrderedAmountIsTakenUnlessItCannotDo) {
    StartupPlan plan = plan_of("net_null0");
    plan.eal.memory_mib = 500;
    EXPECT_EQ(value_of(plan_eal(plan, machine_of(kGibibyte)).value(), "-m"), "500");
    plan.eal.memory_mib = 8;
    const auto refused = plan_eal(plan, machine_of(kGibibyte));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message.rfind("eal.memory: 8 is too little", 0), 0U)
        << refused.error().message;
}

TEST(Memory, TheNeedGrowsWithConnectionsAndWorkers) {
    StartupPlan small = plan_of("net_null0", 1000);
    StartupPlan large = plan_of("net_null0", 1'000'000);
    const auto need = [](const StartupPlan& plan) {
        return memory_need(plan.clusters, plan.clusters[0].cpus.size());
    };
    EXPECT_LT(need(small).mebibytes(), 64U);
    EXPECT_GT(need(large).bytes - need(small).bytes, 52'000'000U)
        << "52 bytes for each connection over IPv4";
    EXPECT_LT(need(large).bytes - need(small).bytes, 70'000'000U)
        << "and no room for as many over IPv6 without such an address";
    StartupPlan both = plan_of("net_null0", 1'000'000);
    both.clusters[0].tables.vip_count = 2;
    both.clusters[0].tables.addresses[0].address = IpAddress::v4(0xc0000250);
    EXPECT_GT(need(both).bytes - need(small).bytes, 120'000'000U)
        << "120 bytes for each connection where there are both";
    small.clusters[0].cpus = {1, 2, 3, 4};
    EXPECT_GT(need(small).buffers, 4 * 4 * 1024U);
    EXPECT_EQ(connections_per_worker(1001, 4), 251U);
}

}  // namespace
}  // namespace nlb::dataplane
