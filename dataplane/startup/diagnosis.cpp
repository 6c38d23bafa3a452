// The table of known refusals. A cause that is not in it is passed on in DPDK's last words.
#include "dataplane/startup/diagnosis.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dataplane/startup/adapter_diagnosis.hpp"
#include "dataplane/startup/kernel_interface.hpp"

namespace nlb::dataplane {
namespace {

constexpr unsigned kCapNetAdmin = 12;
constexpr unsigned kCapNetRaw = 13;

Status check_tun(const Device& device, const std::string& begin, const Surroundings& surroundings) {
    if (access(surroundings.tun_path.c_str(), F_OK) != 0)
        return Error{
            begin + " needs " + surroundings.tun_path +
            ", which is missing: run `modprobe tun`, or pass the device into the container"};
    if (access(surroundings.tun_path.c_str(), R_OK | W_OK) != 0 || !surroundings.may_administer)
        return Error{begin + " may not be created: no permission for " + surroundings.tun_path +
                     " (CAP_NET_ADMIN); run as root"};
    // The kernel would hand the frames of one interface to two processes in turn. One that nobody
    // has opened has no carrier.
    if (const auto interface = device.argument("iface");
        interface && !device.argument("netns") && kernel_link_up(*interface))
        return Error{begin + ": the interface \"" + *interface +
                     "\" is in use already; stop its owner or choose another name"};
    return Done{};
}

Status check_own_tap(const Device& device, const std::string& begin,
                     const Surroundings& surroundings) {
    const auto interface = device.argument("iface");
    if (!interface || interface->empty() || interface->size() >= IFNAMSIZ)
        return Error{begin + " names no interface: write " + device.name +
                     ",iface=NAME with at most 15 letters"};
    if (auto good = check_tun(device, begin, surroundings); !good) return good;
    if (!surroundings.tap_has_offloads)
        return Error{begin + ": taps of this kernel have no queues or no offloads; write net_tap" +
                     device.name.substr(kTapDriver.size()) + ",iface=" + *interface};
    return Done{};
}

// Not known before /dev/net/tun may be opened; what then fails has a sentence of its own.
bool ask_tap_offloads(const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return true;
    unsigned features = 0;
    const bool known = ioctl(fd, TUNGETFEATURES, &features) == 0;
    close(fd);
    constexpr unsigned kNeeded = IFF_VNET_HDR | IFF_MULTI_QUEUE;
    return !known || (features & kNeeded) == kNeeded;
}

Status check_interface(const Device& device, const std::string& begin,
                       const Surroundings& surroundings) {
    const auto interface = device.argument("iface");
    if (!interface)
        return Error{begin + " names no interface: write " + device.name + ",iface=NAME"};
    if (!surroundings.may_capture)
        return Error{begin + " may not be opened: no permission (CAP_NET_RAW); run as root"};
    if (if_nametoindex(interface->c_str()) == 0)
        return Error{begin + ": no such interface \"" + *interface +
                     "\" in this network namespace; create it or correct the name"};
    return Done{};
}

}  // namespace

Surroundings read_surroundings() {
    Surroundings surroundings;
    surroundings.tap_has_offloads = ask_tap_offloads(surroundings.tun_path);
    std::ifstream in("/proc/self/status");
    std::string word;
    while (in >> word) {
        if (word != "CapEff:") continue;
        std::string hex;
        in >> hex;
        const auto bits = std::strtoull(hex.c_str(), nullptr, 16);
        surroundings.may_administer = (bits >> kCapNetAdmin & 1U) != 0;
        surroundings.may_capture = (bits >> kCapNetRaw & 1U) != 0;
    }
    return surroundings;
}

Status check_device(const Device& device, const std::string& where,
                    const Surroundings& surroundings) {
    const std::string begin = where + ": device \"" + device.text() + "\"";
    if (device.driver == kTapDriver) return check_own_tap(device, begin, surroundings);
    if (device.driver == "net_tap" || device.driver == "net_tun")
        return check_tun(device, begin, surroundings);
    if (device.driver == "net_af_packet" || device.driver == "net_af_xdp")
        return check_interface(device, begin, surroundings);
    if (device.is_pci())
        return check_adapter(device, begin, read_pci(device, surroundings.pci_devices));
    return Done{};
}

Error device_refused(const Device& device, const std::string& where,
                     const std::vector<std::string>& lines, int error) {
    const std::string begin = where + ": device \"" + device.text() + "\" was refused by DPDK: ";
    if (mentions(lines, "TUNSETIFF") && mentions(lines, "busy"))
        return Error{begin + "the interface \"" + device.argument("iface").value_or("dtap0") +
                     "\" is used by another process; stop it or choose another name"};
    if (device.is_pci()) return adapter_refused(device, where, lines, error, read_pci(device));
    if ((lines.empty() || mentions(lines, "failed to parse device")) &&
        (error == ENODEV || error == ENOENT || error == EINVAL || error == EFAULT))
        return Error{begin + "no driver \"" + device.driver +
                     "\" accepts it; check the spelling and the arguments"};
    return Error{begin + cause_of(lines, error)};
}

Error eal_refused(const std::vector<std::string>& lines, int error) {
    const std::string cause = cause_of(lines, error);
    if (mentions(lines, "Cannot create lock"))
        return Error{
            "DPDK did not start: another dataplane runs on the same run directory, or DPDK's "
            "runtime directory is not writable (" +
            cause + ")"};
    if (mentions(lines, "emory") || mentions(lines, "ugepage") || error == ENOMEM)
        return Error{
            "DPDK did not start for want of memory: free some, lower connections.max, or set "
            "eal.hugepages: false (" +
            cause + ")"};
    return Error{"DPDK did not start: " + cause};
}

}  // namespace nlb::dataplane
