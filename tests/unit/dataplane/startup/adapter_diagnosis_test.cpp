// What drivers say at their probe, and the sentence that an operator gets.
#include "dataplane/startup/adapter_diagnosis.hpp"

#include <gtest/gtest.h>

#include "dataplane/startup/eal_log.hpp"

namespace nlb::dataplane {
namespace {

std::string sentence(const std::vector<std::string>& lines, const PciDevice& adapter = {}) {
    return adapter_refused(parse_device("0000:3b:00.0", "x").value(), "outside", lines, 0, adapter)
        .message;
}
bool says(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

TEST(AdapterDiagnosis, KnownCausesBringTheirRemedyAndTheDriversOwnWords) {
    const struct {
        const char* line;
        const char* remedy;
    } kCases[] = {
        {"ice_load_pkg(): failed to load the DDP package", "safe-mode-support=1"},
        {"mlx5_common: Cannot load glue library: libibverbs.so.1: cannot open",
         "apt install rdma-core"},
        {"EAL: 0000:3b:00.0 cannot set up DMA remapping, error 12 (Cannot allocate memory)",
         "RLIMIT_MEMLOCK"},
        {"EAL: Cannot set up DMA remapping, error 28 (No space left on device)", "dma_entry_limit"},
        {"EAL: Cannot open /dev/vfio/7: Device or resource busy", "another process holds it"},
    };
    for (const auto& one : kCases) {
        const std::string text = sentence({one.line});
        EXPECT_TRUE(says(text, one.remedy)) << text;
        EXPECT_TRUE(says(text, one.line)) << text;
        EXPECT_TRUE(text.starts_with("outside: device \"0000:3b:00.0\" was refused by DPDK: "));
    }
}

TEST(AdapterDiagnosis, AGroupThatIsNotViableNamesItsMembersAndAnUnknownCauseIsQuoted) {
    PciDevice adapter;
    adapter.exists = true;
    adapter.driver = "vfio-pci";
    adapter.companions = {{"0000:3b:00.1", "ixgbe"}};
    EXPECT_TRUE(says(sentence({"EAL: 0000:3b:00.0 VFIO group is not viable! Not all devices in "
                               "IOMMU group bound to VFIO or unbound"},
                              adapter),
                     "0000:3b:00.1 (ixgbe)"));
    EXPECT_TRUE(says(sentence({"net: hello", "net_new_init(): firmware check failed"}),
                     "firmware check failed"));
}

TEST(AdapterDiagnosis, WhatIsSaidOfThisDeviceComesBeforeWhatIsSaidOfOthers) {
    const std::string text =
        sentence({"EAL: 0000:af:00.0 failed: other", "EAL: 0000:3b:00.0 failed: this"});
    EXPECT_TRUE(says(text, "failed: this")) << text;
}

TEST(AdapterDiagnosis, SilenceIsNotTakenForASpellingMistake) {
    PciDevice adapter;
    adapter.exists = true;
    adapter.driver = "vfio-pci";
    EXPECT_TRUE(says(sentence({}, adapter), "no driver of DPDK took it"));
    adapter.driver = "mlx5_core";
    EXPECT_TRUE(says(sentence({}, adapter), "librte-net-mlx5"));
    EXPECT_TRUE(says(sentence({}), "no such PCI device"));
}

TEST(AdapterDiagnosis, WhatEalSaidAtItsProbeIsKept) {
    EalLog log;
    log.write("EAL: 0000:3b:00.0 VFIO group is not viable!\n");
    log.keep_probe();
    log.write("later\n");
    EXPECT_EQ(log.take(), std::vector<std::string>{"later"});
    ASSERT_EQ(log.probe().size(), 1U);
    EXPECT_TRUE(says(log.probe().front(), "not viable"));
}

}  // namespace
}  // namespace nlb::dataplane
