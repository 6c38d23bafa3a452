// Each sentence about a device that cannot be used is the start's own (startup/adapter_diagnosis).
#include "dataplane/probe/adapters.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include "dataplane/startup/adapter_diagnosis.hpp"

namespace nlb::dataplane {
namespace {

using config::FindingId;
using config::Findings;

constexpr const char* kUnits = "/etc/systemd/system";
constexpr const char* kUnitPrefix = "nlb-bind-nic";

// By driverctl, or by a unit that bind-nic wrote.
bool is_kept(const Files& files, const std::string& address) {
    if (files.exists("/etc/driverctl.d/" + address)) return true;
    for (const std::string& name : files.names(kUnits)) {
        if (name.rfind(kUnitPrefix, 0) != 0) continue;
        const std::string unit = files.text(std::string{kUnits} + "/" + name).value_or("");
        if (unit.find(address) != std::string::npos) return true;
    }
    return false;
}

bool is_vfio(const PciDevice& pci) {
    return pci.driver.starts_with("vfio");
}

FindingId why_unusable(const PciDevice& pci) {
    if (!pci.exists) return FindingId::adapter_missing;
    if (pci.driver.empty()) return FindingId::adapter_unbound;
    return is_vfio(pci) ? FindingId::group_not_viable : FindingId::adapter_of_kernel;
}

std::string with_companions(const AdapterPort& port) {
    std::string all = port.device.name;
    for (const auto& companion : port.pci.companions) all += " " + companion.first;
    return "nlb-bind-nic " + all;
}

void judge_port(const AdapterPort& port, const AdapterFacts& facts, Findings& findings) {
    const auto good = check_adapter(port.device, "\"" + port.device.text() + "\"", port.pci);
    if (!good) {
        findings.push_back({why_unusable(port.pci), port.subject, good.error().message,
                            port.pci.exists ? with_companions(port) : "nlb-bind-nic"});
        const bool to_be_bound = port.pci.exists && !is_vfio(port.pci);
        if (to_be_bound && !facts.vfio_loaded)
            findings.push_back({FindingId::vfio_not_loaded, port.subject,
                                "vfio-pci is not loaded, which is to take the adapter",
                                "modprobe vfio-pci"});
        if (!to_be_bound) return;
    }
    const bool by_vfio = is_vfio(port.pci) || !good;
    if (by_vfio && !facts.iommu && !facts.without_iommu)
        findings.push_back({FindingId::iommu_missing, port.subject,
                            "there is no IOMMU on this machine, so vfio-pci gives out no device: "
                            "turn on VT-d or AMD-Vi in the firmware",
                            "add `intel_iommu=on iommu=pt` to the kernel's command line"});
    if (by_vfio && !facts.iommu && facts.without_iommu)
        findings.push_back({FindingId::iommu_unsafe, port.subject,
                            "vfio-pci runs without an IOMMU: the adapter may write anywhere in "
                            "memory",
                            "turn on VT-d or AMD-Vi in the firmware"});
    if (is_vfio(port.pci) && !port.kept)
        findings.push_back({FindingId::binding_not_kept, port.subject,
                            "nothing binds " + port.device.name + " to vfio-pci after a reboot",
                            "nlb-bind-nic --persist " + port.device.name});
}

}  // namespace

AdapterFacts read_adapters(const Files& files, const StartupPlan& plan) {
    AdapterFacts facts;
    for (const ClusterPlan& cluster : plan.clusters) {
        const std::pair<const Device*, const char*> sides[] = {{&cluster.outside, "outside"},
                                                               {&cluster.inside, "inside"}};
        for (const auto& [device, side] : sides)
            if (device->is_pci())
                facts.ports.push_back({cluster.name + " " + side, *device,
                                       read_pci(*device, files.place_of(kPciDevices)),
                                       is_kept(files, device->name)});
    }
    facts.iommu = !files.names("/sys/kernel/iommu_groups").empty();
    facts.without_iommu =
        files.text("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode").value_or("N") == "Y";
    facts.vfio_loaded = files.exists("/sys/bus/pci/drivers/vfio-pci");
    facts.dma_entries = static_cast<std::uint64_t>(
        files.number("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit").value_or(0));
    rlimit limit{};
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0)
        facts.memlock_bytes = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
    return facts;
}

Findings judge_adapters(const AdapterFacts& facts, std::uint64_t need_bytes,
                        std::uint64_t page_bytes) {
    Findings findings;
    const AdapterPort* by_vfio = nullptr;
    for (const AdapterPort& port : facts.ports) {
        judge_port(port, facts, findings);
        if (is_vfio(port.pci)) by_vfio = &port;
    }
    if (by_vfio == nullptr) return findings;
    if (!facts.may_lock && facts.memlock_bytes < need_bytes)
        findings.push_back({FindingId::memlock_too_low, by_vfio->subject,
                            fmt::format("VFIO locks {} MiB for the adapter, and this process may "
                                        "lock {} KiB",
                                        need_bytes >> 20, facts.memlock_bytes >> 10),
                            "ulimit -l unlimited"});
    const std::uint64_t mappings = page_bytes == 0 ? 1 : need_bytes / page_bytes;
    if (facts.dma_entries != 0 && mappings > facts.dma_entries)
        findings.push_back(
            {FindingId::dma_entries_few, by_vfio->subject,
             fmt::format("the plan takes {} huge pages and VFIO maps at most {}", mappings,
                         facts.dma_entries),
             "echo options vfio_iommu_type1 dma_entry_limit=1000000 >/etc/modprobe.d/vfio.conf"});
    return findings;
}

}  // namespace nlb::dataplane
