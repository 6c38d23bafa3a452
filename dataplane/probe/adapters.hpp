// Adapters on the PCI bus and what hands them to DPDK: driver, IOMMU, group, VFIO's limits, whether
// the binding lasts. It binds nothing. Thread: main.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/finding_table.hpp"
#include "dataplane/startup/files.hpp"
#include "dataplane/startup/pci.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

struct AdapterPort {
    std::string subject;  // "web outside"
    Device device;
    PciDevice pci;
    bool kept = false;  // something binds it again after a reboot
};

struct AdapterFacts {
    std::vector<AdapterPort> ports;
    bool iommu = false;          // there are groups
    bool without_iommu = false;  // VFIO was told to go without
    bool vfio_loaded = false;
    std::uint64_t dma_entries = 0;    // VFIO's limit; 0: unknown
    std::uint64_t memlock_bytes = 0;  // RLIMIT_MEMLOCK; UINT64_MAX: none
    bool may_lock = false;            // CAP_IPC_LOCK: the limit does not count
};
[[nodiscard]] AdapterFacts read_adapters(const Files& files, const StartupPlan& plan);
// `need_bytes`: of the plan; `page_bytes`: of the huge pages that it gets, 0: plain memory.
[[nodiscard]] config::Findings judge_adapters(const AdapterFacts& facts, std::uint64_t need_bytes,
                                              std::uint64_t page_bytes);

}  // namespace nlb::dataplane
