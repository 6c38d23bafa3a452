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

// Off; where that is refused, at least no pause frame is sent. Which of them the device took, else
// what it does; unknown: it has no such thing. Requires: the port is started.
[[nodiscard]] ipc::FlowControl end_flow_control(const FlowControlCalls& calls);
// What is in force. Requires: the link is up, for it is agreed with the switch (e1000 tells what
// was before until then).
[[nodiscard]] ipc::FlowControl read_flow_control(const FlowControlCalls& calls);

}  // namespace nlb::dataplane
