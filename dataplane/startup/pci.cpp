// A file that is missing or strange counts as nothing known.
#include "dataplane/startup/pci.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace nlb::dataplane {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kVmware = 0x15ad;
constexpr std::uint16_t kBroadcom = 0x14e4;
constexpr long kBridgeClass = 0x06;

long number_in(const fs::path& file, long otherwise) {
    std::string text;
    if (!(std::ifstream(file) >> text)) return otherwise;
    return std::strtol(text.c_str(), nullptr, 0);
}

std::string driver_of(const fs::path& device) {
    std::error_code unbound;
    const fs::path link = fs::read_symlink(device / "driver", unbound);
    return unbound ? "" : link.filename().string();
}

// VFIO's own rule: a group is given out when nobody else uses a device of it.
bool is_harmless(const fs::path& device, const std::string& driver) {
    static constexpr std::array<std::string_view, 4> kDrivers{"", kVfioDriver, "pci-stub",
                                                              "pcieport"};
    return std::find(kDrivers.begin(), kDrivers.end(), driver) != kDrivers.end() ||
           number_in(device / "class", 0) >> 16 == kBridgeClass;
}

}  // namespace

PciDevice read_pci(const Device& device, const std::string& root) {
    PciDevice found;
    const fs::path place = fs::path(root) / device.name;
    std::error_code ignored;
    if (!device.is_pci() || !fs::exists(place, ignored)) return found;
    found.exists = true;
    found.driver = driver_of(place);
    found.vendor = static_cast<std::uint16_t>(number_in(place / "vendor", 0));
    found.node = static_cast<int>(number_in(place / "numa_node", -1));
    const fs::path group = place / "iommu_group";
    found.has_iommu_group = fs::exists(group, ignored);
    for (const auto& entry : fs::directory_iterator(group / "devices", ignored)) {
        const std::string address = entry.path().filename();
        const std::string driver = driver_of(fs::path(root) / address);
        if (address != device.name && !is_harmless(fs::path(root) / address, driver))
            found.companions.emplace_back(address, driver);
    }
    std::sort(found.companions.begin(), found.companions.end());
    return found;
}

bool is_shared_driver(const std::string& kernel_driver) {
    return kernel_driver == "mlx4_core" || kernel_driver == "mlx5_core" || kernel_driver == "mana";
}

std::uint32_t buffers_per_descriptor(std::uint16_t vendor, bool jumbo) {
    // vmxnet3 fills two command rings for each queue.
    if (vendor == kVmware) return 2;
    // bnxt adds a ring for what is longer than one buffer, twice as long as the first.
    if (vendor == kBroadcom && jumbo) return 3;
    return 1;
}

}  // namespace nlb::dataplane
