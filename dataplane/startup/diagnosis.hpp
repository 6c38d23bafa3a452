// Why a device or EAL refused, in one sentence that says what to do. It looks at the machine and at
// DPDK's own words; it mends nothing. Thread: main.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "dataplane/startup/device.hpp"
#include "dataplane/startup/pci.hpp"

namespace nlb::dataplane {

// What this process and machine have; a value, so that tests may lack any of it.
struct Surroundings {
    std::string tun_path = "/dev/net/tun";
    bool tap_has_offloads = true;  // IFF_VNET_HDR and IFF_MULTI_QUEUE; true where nobody can ask
    bool may_administer = true;    // CAP_NET_ADMIN
    bool may_capture = true;       // CAP_NET_RAW
    std::string pci_devices = kPciDevices;
};
[[nodiscard]] Surroundings read_surroundings();

// The common reasons, before DPDK is asked: its own messages for them are long and name no remedy.
// `where` begins the sentence: `cluster "web": outside`.
[[nodiscard]] Status check_device(const Device& device, const std::string& where,
                                  const Surroundings& surroundings);

// After DPDK said no. `lines` is what it logged, `error` an errno value or 0.
[[nodiscard]] Error device_refused(const Device& device, const std::string& where,
                                   const std::vector<std::string>& lines, int error);
[[nodiscard]] Error eal_refused(const std::vector<std::string>& lines, int error);

}  // namespace nlb::dataplane
