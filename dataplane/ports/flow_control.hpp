// Pause frames (IEEE 802.3x). A host whose ring is full must lose frames, not stop the switch: what
// waits there is for the other hosts too. Thread: main.
#pragma once

#include <cstdint>
#include <functional>
#include <rte_ethdev.h>

#include "core/ipc/port_report.hpp"

namespace nlb::dataplane {

// 0 or a negative errno, as ethdev answers.
struct FlowControlCalls {
    std::function<int(rte_eth_fc_conf&)> get;
    std::function<int(rte_eth_fc_conf&)> set;
};
[[nodiscard]] FlowControlCalls flow_control_calls(std::uint16_t port);

// Off; where that is refused, at least no pause frame is sent. What the device says afterwards;
// unknown: it has no such thing, or does not tell. Requires: the port is started.
[[nodiscard]] ipc::FlowControl end_flow_control(const FlowControlCalls& calls);

}  // namespace nlb::dataplane
