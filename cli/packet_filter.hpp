// The words of pcap-filter(7), as tcpdump takes them, made into a classic BPF program by libpcap.
// It runs nothing.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/trace_messages.hpp"

namespace nlb::cli {

// For Ethernet frames; an empty expression wants everything.
[[nodiscard]] Result<std::vector<trace::Instruction>> compile_filter(const std::string& expression);

}  // namespace nlb::cli
