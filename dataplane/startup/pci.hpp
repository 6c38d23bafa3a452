// What the kernel knows of a PCI device: who drives it, whose IOMMU group it shares, on which NUMA
// node it lies, and how its DPDK driver fills rings. It reads /sys and changes nothing. Thread:
// main.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/startup/device.hpp"

namespace nlb::dataplane {

inline constexpr const char* kPciDevices = "/sys/bus/pci/devices";
inline constexpr const char* kVfioDriver = "vfio-pci";

struct PciDevice {
    bool exists = false;
    std::string driver;  // the kernel's; empty: none
    std::uint16_t vendor = 0;
    int node = -1;  // NUMA; -1: the machine has one node, or does not say
    bool has_iommu_group = false;
    // (address, driver) of other devices of its group that keep VFIO from giving it out.
    std::vector<std::pair<std::string, std::string>> companions;
};

using Adapters = std::map<std::string, PciDevice>;  // by PCI address

// `root` is kPciDevices but in tests. Of a virtual device: nothing exists.
[[nodiscard]] PciDevice read_pci(const Device& device, const std::string& root = kPciDevices);

// Drivers whose DPDK side works through the kernel's (mlx4, mlx5, mana): the NIC stays where it is.
[[nodiscard]] bool is_shared_driver(const std::string& kernel_driver);

// How many frame buffers a receive queue holds for each of its descriptors. `jumbo`: frames may be
// longer than usual.
[[nodiscard]] std::uint32_t buffers_per_descriptor(std::uint16_t vendor, bool jumbo);

}  // namespace nlb::dataplane
