// The table of what drivers say when they refuse, and what mends it.
#include "dataplane/startup/adapter_diagnosis.hpp"

#include <array>
#include <cstring>

namespace nlb::dataplane {
namespace {

// What a driver or VFIO says, what it means, and the remedy. {} is the device's address.
struct Known {
    std::string_view said;
    std::string_view means;
};
constexpr std::array kKnown{
    Known{"DDP",
          "its package (DDP) is missing or does not fit the driver: put ice.pkg into "
          "/lib/firmware/updates/intel/ice/ddp/ or /lib/firmware/intel/ice/ddp/ (package "
          "firmware-misc-nonfree), or write \"{},safe-mode-support=1\" (one queue)"},
    Known{"ibverbs", "rdma-core is missing: apt install rdma-core ibverbs-providers"},
    Known{"libmlx", "rdma-core is missing: apt install rdma-core ibverbs-providers"},
    Known{"glue library", "rdma-core is missing: apt install rdma-core ibverbs-providers"},
    Known{"no Verbs device",
          "the kernel's RDMA driver does not serve it: modprobe mlx5_ib (or mlx4_ib), and apt "
          "install rdma-core ibverbs-providers"},
    Known{"No space left on device",
          "VFIO has no room for more DMA mappings: use larger or fewer huge pages, or raise the "
          "limit (`echo options vfio_iommu_type1 dma_entry_limit=1000000 >/etc/modprobe.d/"
          "vfio.conf`, then load the module anew)"},
    Known{"remapping, error 12",
          "this process may not lock so much memory (RLIMIT_MEMLOCK): LimitMEMLOCK=infinity in "
          "nlb-dataplane.service, or `ulimit -l unlimited`"},
    Known{"Cannot allocate memory",
          "memory could not be mapped for it: LimitMEMLOCK=infinity in nlb-dataplane.service (or "
          "`ulimit -l unlimited`), and enough huge pages on its node"},
    Known{"Device or resource busy",
          "another process holds it: stop that (`fuser -v /dev/vfio/*`)"},
    Known{"Permission denied", "no permission for /dev/vfio: run as root"},
};

constexpr std::uint16_t kVirtio = 0x1af4;
constexpr const char* kMissing =
    "there is no such PCI device on this machine; see `scripts/bind-nic`";

std::string with_address(std::string_view text, const std::string& address) {
    std::string filled(text);
    if (const std::size_t place = filled.find("{}"); place != std::string::npos)
        filled.replace(place, 2, address);
    return filled;
}

std::string names_of(const std::vector<std::pair<std::string, std::string>>& devices) {
    std::string names;
    for (const auto& [address, driver] : devices)
        names += (names.empty() ? "" : ", ") + address + " (" + driver + ")";
    return names;
}

Error not_viable(const std::string& begin, const Device& device, const PciDevice& adapter) {
    std::string all = device.name;
    for (const auto& companion : adapter.companions) all += " " + companion.first;
    return Error{begin + "shares its IOMMU group with " + names_of(adapter.companions) +
                 ", and VFIO gives out a group only as a whole: `scripts/bind-nic " + all +
                 "`, or put the card into another slot"};
}

// Lines that name this device, else all: drivers often do not say of which they speak.
std::vector<std::string> about(const Device& device, const std::vector<std::string>& lines) {
    std::vector<std::string> own;
    for (const std::string& line : lines)
        if (line.find(device.name) != std::string::npos) own.push_back(line);
    return own.empty() ? lines : own;
}

}  // namespace

std::string cause_of(const std::vector<std::string>& lines, int error) {
    static constexpr std::array<std::string_view, 7> kSigns{
        "rror", "annot", "nable", "ailed", "nvalid", "o such", "not viable"};
    for (const std::string& line : lines)
        for (const std::string_view sign : kSigns)
            if (line.find(sign) != std::string::npos) return line;
    if (!lines.empty()) return lines.front();
    return error != 0 ? std::strerror(error) : "no reason given";
}

bool mentions(const std::vector<std::string>& lines, std::string_view words) {
    for (const std::string& line : lines)
        if (line.find(words) != std::string::npos) return true;
    return false;
}

Status check_adapter(const Device& device, const std::string& begin, const PciDevice& adapter) {
    if (!adapter.exists) return Error{begin + ": " + kMissing};
    // A legacy virtio device may also be driven through its ports, without any kernel driver.
    const bool by_ports = adapter.vendor == kVirtio && adapter.driver.empty();
    if (is_shared_driver(adapter.driver) || by_ports) return Done{};
    if (adapter.driver.empty())
        return Error{begin + " has no driver: `scripts/bind-nic " + device.name +
                     "` hands it to DPDK"};
    const bool handed_over = adapter.driver == kVfioDriver || adapter.driver.starts_with("uio") ||
                             adapter.driver == "igb_uio" || adapter.driver.starts_with("vfio");
    if (!handed_over)
        return Error{begin + " is the kernel's (driver " + adapter.driver +
                     "): `scripts/bind-nic " + device.name + "` hands it to DPDK"};
    if (adapter.driver == kVfioDriver && !adapter.companions.empty())
        return not_viable(begin + " ", device, adapter);
    return Done{};
}

Error adapter_refused(const Device& device, const std::string& where,
                      const std::vector<std::string>& lines, int error, const PciDevice& adapter) {
    const std::string begin = where + ": device \"" + device.text() + "\" was refused by DPDK: ";
    if (!adapter.companions.empty() && (lines.empty() || mentions(lines, "not viable")))
        return not_viable(begin + "it ", device, adapter);
    for (const auto& said : {about(device, lines), lines})
        for (const Known& known : kKnown)
            if (mentions(said, known.said))
                return Error{begin + with_address(known.means, device.name) + " (" +
                             cause_of(said, error) + ")"};
    if (is_shared_driver(adapter.driver) && lines.empty())
        return Error{begin + "no driver of DPDK serves it beside " + adapter.driver +
                     ": apt install rdma-core ibverbs-providers librte-net-mlx5-23"};
    if (lines.empty() && !adapter.exists) return Error{begin + kMissing};
    if (lines.empty())
        return Error{begin +
                     "no driver of DPDK took it; see `scripts/bind-nic` for what it is bound to, "
                     "and docs/install.md for the adapters that there are drivers for"};
    return Error{begin + cause_of(about(device, lines), error)};
}

}  // namespace nlb::dataplane
