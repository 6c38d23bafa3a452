// Why an adapter on the PCI bus was refused: what the kernel knows of it and what its driver said,
// as one sentence with the command that mends it. It mends nothing. Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "dataplane/startup/device.hpp"
#include "dataplane/startup/pci.hpp"

namespace nlb::dataplane {

// Before DPDK is asked: a device that is not there, not handed over, or not alone in its group.
// `begin` starts the sentence.
[[nodiscard]] Status check_adapter(const Device& device, const std::string& begin,
                                   const PciDevice& adapter);

// After DPDK has refused; `lines` is what it said, also of other devices.
[[nodiscard]] Error adapter_refused(const Device& device, const std::string& where,
                                    const std::vector<std::string>& lines, int error,
                                    const PciDevice& adapter);

// The line that most likely names the cause: the first that DPDK logged as it failed; later ones
// only unwind. What `error` means where there is none.
[[nodiscard]] std::string cause_of(const std::vector<std::string>& lines, int error);
[[nodiscard]] bool mentions(const std::vector<std::string>& lines, std::string_view words);

}  // namespace nlb::dataplane
