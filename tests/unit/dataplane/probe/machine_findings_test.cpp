// Each fault of a machine that is seeded is found, and none on one that is right.
#include <gtest/gtest.h>

#include "dataplane/probe/adapters.hpp"
#include "dataplane/probe/memory.hpp"
#include "dataplane/probe/permissions.hpp"
#include "dataplane/probe/processors.hpp"
#include "tests/unit/dataplane/probe/seeded.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::uint64_t kMebibyte = 1U << 20;
constexpr const char* kTap = "nlb_tap0,iface=nlb0";
constexpr const char* kPacket = "net_af_packet0,iface=eth1";
constexpr const char* kAddress = "0000:3b:00.0";

class MemoryFindings : public ::testing::Test {
protected:
    [[nodiscard]] Names found(bool runs = false) const {
        return names_of(judge_memory(plan_, machine_, pages_, runs));
    }
    StartupPlan plan_ = plan_on(kPacket, kTap);
    Machine machine_{{0, 1}, 4096 * kMebibyte, 1024 * kMebibyte, {}};
    std::vector<HugePages> pages_{{0, 2 * kMebibyte, 512, 512}};
};

TEST_F(MemoryFindings, EnoughIsRight) {
    EXPECT_EQ(found(), Names{});
}

TEST_F(MemoryFindings, TooLittleIsAnErrorUnlessTheDataplaneHasItAlready) {
    machine_.available_bytes = machine_.huge_bytes_free = kMebibyte;
    EXPECT_EQ(found(), Names{"memory_too_little"});
    EXPECT_EQ(found(true), Names{});
}

TEST_F(MemoryFindings, NoPagesAndTooFewPagesAreToldApart) {
    machine_.huge_bytes_free = 4 * kMebibyte;
    pages_[0].free = 2;
    EXPECT_EQ(found(), Names{"hugepages_too_few"});
    machine_.huge_bytes_free = 0;
    pages_.clear();
    EXPECT_EQ(found(), Names{"hugepages_none"});
    plan_.eal.hugepages = false;
    EXPECT_EQ(found(), Names{});
}

TEST_F(MemoryFindings, TheCommandReservesWhatThePlanNeeds) {
    machine_.huge_bytes_free = 0;
    pages_.clear();
    plan_.eal.memory_mib = 511;
    const auto findings = judge_memory(plan_, machine_, pages_, false);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].mend, "nlb-bind-nic --persist --hugepages 256");
}

TEST_F(MemoryFindings, PagesOfAnotherNodeAreFar) {
    plan_ = plan_on(kAddress, kTap);
    PciDevice pci;
    pci.exists = true;
    pci.node = 1;
    machine_.adapters[kAddress] = pci;
    pages_.push_back({1, 2 * kMebibyte, 0, 0});
    EXPECT_EQ(found(), Names{"hugepages_far"});
    pages_[1].free = 512;
    EXPECT_EQ(found(), Names{});
}

TEST_F(MemoryFindings, MoreWorkersThanDpdkHasAreRefused) {
    plan_.clusters[0].cpus.clear();
    for (std::uint16_t cpu = 0; cpu < 200; ++cpu) plan_.clusters[0].cpus.push_back(cpu);
    EXPECT_EQ(found(), Names{"lcores_refused"});
}

class ProcessorFindings : public ::testing::Test {
protected:
    [[nodiscard]] Names found() const {
        return names_of(judge_processors(facts_, plan_, adapters_));
    }
    StartupPlan plan_ = plan_on(kPacket, kTap);
    Adapters adapters_;
    ProcessorFacts facts_{{0, 1, 2, 3}, {}, {{1, {true, {1}, 0, "performance"}}}};
};

TEST_F(ProcessorFindings, ACpuForEachIsRight) {
    EXPECT_EQ(found(), Names{});
}

TEST_F(ProcessorFindings, ACpuThatIsNotThereAndOneThatIsForbidden) {
    facts_.workers = {{9, {false, {}, -1, ""}}};
    EXPECT_EQ(found(), Names{"lcore_missing"});
    facts_.workers = {{9, {true, {9}, 0, ""}}};
    EXPECT_EQ(found(), Names{"lcore_forbidden"});
}

TEST_F(ProcessorFindings, HyperthreadsOfOneCore) {
    facts_.workers[1].siblings = {1, 3};
    EXPECT_EQ(found(), Names{});
    facts_.workers[3] = {true, {1, 3}, 0, ""};
    EXPECT_EQ(found(), Names{"lcores_share_core"});
}

TEST_F(ProcessorFindings, OnlyBusyWorkersWantCpusOfTheirOwn) {
    plan_.poll = config::PollMode::busy;
    EXPECT_EQ(found(), Names{"lcore_not_isolated"});
    facts_.isolated = {1};
    EXPECT_EQ(found(), Names{});
}

TEST_F(ProcessorFindings, AWorkerFarFromItsAdapter) {
    plan_ = plan_on(kAddress, kTap);
    adapters_[kAddress].node = 1;
    EXPECT_EQ(found(), Names{"lcore_far"});
    facts_.workers[1].node = 1;
    EXPECT_EQ(found(), Names{});
}

TEST_F(ProcessorFindings, AGovernorThatSavesAndAMainThreadWithoutACpu) {
    facts_.workers[1].governor = "powersave";
    EXPECT_EQ(found(), Names{"governor_saves"});
    facts_.workers[1].governor = "";
    facts_.allowed = {1};
    EXPECT_EQ(found(), Names{"main_shares_cpu"});
}

TEST(ClockFindings, EachFaultIsFoundAndNoneOnAClockThatIsRight) {
    EXPECT_EQ(names_of(judge_clock({"", 12.5, 0.001})), Names{});
    EXPECT_EQ(names_of(judge_clock({"unstable", 0, 0})), Names{"tsc_unreliable"});
    EXPECT_EQ(names_of(judge_clock({"", -470, 0})), Names{"clock_slewed"});
    EXPECT_EQ(names_of(judge_clock({"", 0, 0.2})), Names{"time_stolen"});
}

TEST(ClockFindings, StolenTimeIsTheEighthFieldOfAll) {
    EXPECT_DOUBLE_EQ(stolen_share("cpu  60 0 20 10 0 0 5 5 0 0\ncpu0 1 1 1\n"), 0.05);
    EXPECT_DOUBLE_EQ(stolen_share("cpu  1 2"), 0);
    EXPECT_DOUBLE_EQ(stolen_share(""), 0);
}

class AdapterFindings : public ::testing::Test {
protected:
    void SetUp() override {
        AdapterPort port{"web outside", parse_device(kAddress, "x").value(), {}, true};
        port.pci.exists = port.pci.has_iommu_group = true;
        port.pci.driver = "vfio-pci";
        facts_.ports = {port};
        facts_.iommu = facts_.vfio_loaded = true;
        facts_.dma_entries = 65535;
        facts_.memlock_bytes = UINT64_MAX;
    }
    [[nodiscard]] Names found(std::uint64_t page = 2 * kMebibyte) const {
        return names_of(judge_adapters(facts_, 256 * kMebibyte, page));
    }
    PciDevice& pci() { return facts_.ports[0].pci; }
    AdapterFacts facts_;
};

TEST_F(AdapterFindings, ABoundAdapterIsRight) {
    EXPECT_EQ(found(), Names{});
}

TEST_F(AdapterFindings, WhoHoldsTheAdapterDecides) {
    pci().driver = "ixgbe";
    EXPECT_EQ(found(), Names{"adapter_of_kernel"});
    pci().driver = "";
    EXPECT_EQ(found(), Names{"adapter_unbound"});
    facts_.vfio_loaded = false;
    EXPECT_EQ(found(), (Names{"adapter_unbound", "vfio_not_loaded"}));
    pci() = {};
    EXPECT_EQ(found(), Names{"adapter_missing"});
    // Its driver is also DPDK's way.
    facts_.vfio_loaded = true;
    pci().exists = true;
    pci().driver = "mlx5_core";
    EXPECT_EQ(found(), Names{});
}

TEST_F(AdapterFindings, AGroupWithOthersNamesThemAndTheCommandForAll) {
    pci().companions = {{"0000:3b:00.1", "ixgbe"}};
    const auto findings = judge_adapters(facts_, kMebibyte, 0);
    EXPECT_EQ(names_of(findings), Names{"group_not_viable"});
    EXPECT_NE(findings[0].says.find("0000:3b:00.1 (ixgbe)"), std::string::npos);
    EXPECT_EQ(findings[0].mend, "nlb-bind-nic 0000:3b:00.0 0000:3b:00.1");
}

TEST_F(AdapterFindings, WithoutAnIommuNothingWorksOrItIsUnsafe) {
    facts_.iommu = false;
    EXPECT_EQ(found(), Names{"iommu_missing"});
    facts_.without_iommu = true;
    EXPECT_EQ(found(), Names{"iommu_unsafe"});
}

TEST_F(AdapterFindings, ABindingThatARebootEnds) {
    facts_.ports[0].kept = false;
    EXPECT_EQ(found(), Names{"binding_not_kept"});
}

TEST_F(AdapterFindings, LimitsOfLockedMemoryAndOfMappings) {
    facts_.memlock_bytes = 8 * kMebibyte;
    EXPECT_EQ(found(), Names{"memlock_too_low"});
    facts_.may_lock = true;
    EXPECT_EQ(found(), Names{});
    facts_.dma_entries = 100;
    EXPECT_EQ(found(), Names{"dma_entries_few"});
    EXPECT_EQ(found(0), Names{});
}

constexpr std::uint64_t kAllCapabilities = ~std::uint64_t{0};
constexpr const char* kUnitText =
    "[Service]\nUser=nlb\nAmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_NICE\n"
    "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_NICE\nDevicePolicy=closed\n"
    "DeviceAllow=/dev/net/tun rw\nDeviceAllow=char-vfio rw\n";

TEST(PermissionFindings, RootWithoutUnitsAndUnitsAsTheyAreAreRight) {
    const StartupPlan plan = plan_on(kPacket, kTap);
    EXPECT_EQ(names_of(judge_permissions({kAllCapabilities, {}, true, true}, plan)), Names{});
    EXPECT_EQ(
        names_of(judge_permissions({kAllCapabilities, unit_of({kUnitText}), true, true}, plan)),
        Names{});
}

TEST(PermissionFindings, AUserWithoutRights) {
    const StartupPlan plan = plan_on(kPacket, kTap);
    EXPECT_EQ(names_of(judge_permissions({0, {}, true, true}, plan)),
              (Names{"not_permitted", "not_real_time"}));
    EXPECT_EQ(names_of(judge_permissions({0, unit_of({kUnitText}), true, true}, plan)),
              Names{"looks_as_user"});
}

TEST(PermissionFindings, ADropInThatTakesRightsOrDevicesAway) {
    const auto judged = [](const std::string& drop_in, const char* inside) {
        return names_of(
            judge_permissions({kAllCapabilities, unit_of({kUnitText, drop_in}), true, true},
                              plan_on(kPacket, inside)));
    };
    EXPECT_EQ(judged("[Service]\nAmbientCapabilities=\nAmbientCapabilities=CAP_NET_ADMIN "
                     "CAP_SYS_NICE\n",
                     kTap),
              Names{"unit_lacks_rights"});
    EXPECT_EQ(judged("DeviceAllow=\nDeviceAllow=char-vfio rw\n", kTap), Names{"unit_lacks_device"});
    EXPECT_EQ(judged("User=root\nAmbientCapabilities=\n", kTap), Names{});
    EXPECT_EQ(judged("", "virtio_user0,path=/dev/vhost-net"), Names{"unit_lacks_device"});
}

TEST(PermissionFindings, MissingDeviceFiles) {
    EXPECT_EQ(
        names_of(judge_permissions({kAllCapabilities, {}, true, false}, plan_on(kPacket, kTap))),
        Names{"tun_missing"});
    EXPECT_EQ(names_of(judge_permissions(
                  {kAllCapabilities, {}, false, true},
                  plan_on(kPacket, "virtio_user0,path=/dev/vhost-net,iface=nlb0"))),
              Names{"vhost_missing"});
}

}  // namespace
}  // namespace nlb::dataplane
