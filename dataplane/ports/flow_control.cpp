// ethdev calls receiving what the sender of frames does on a pause frame, and sending the reverse.
#include "dataplane/ports/flow_control.hpp"

namespace nlb::dataplane {
namespace {

ipc::FlowControl told(rte_eth_fc_mode mode) {
    switch (mode) {
        case RTE_ETH_FC_NONE:
            return ipc::FlowControl::off;
        case RTE_ETH_FC_RX_PAUSE:
            return ipc::FlowControl::rx_only;
        case RTE_ETH_FC_TX_PAUSE:
            return ipc::FlowControl::tx_only;
        case RTE_ETH_FC_FULL:
            break;
    }
    return ipc::FlowControl::both;
}

}  // namespace

FlowControlCalls flow_control_calls(std::uint16_t port) {
    return {
        [port](rte_eth_fc_conf& settings) { return rte_eth_dev_flow_ctrl_get(port, &settings); },
        [port](rte_eth_fc_conf& settings) { return rte_eth_dev_flow_ctrl_set(port, &settings); }};
}

ipc::FlowControl end_flow_control(const FlowControlCalls& calls) {
    rte_eth_fc_conf settings{};
    if (calls.get(settings) != 0) return ipc::FlowControl::unknown;
    // Said even where it is off already: without a link that is no answer, only no agreement yet.
    for (const rte_eth_fc_mode wanted : {RTE_ETH_FC_NONE, RTE_ETH_FC_RX_PAUSE}) {
        settings.mode = wanted;
        if (calls.set(settings) == 0) return told(wanted);
    }
    return read_flow_control(calls);
}

ipc::FlowControl read_flow_control(const FlowControlCalls& calls) {
    rte_eth_fc_conf settings{};
    return calls.get(settings) == 0 ? told(settings.mode) : ipc::FlowControl::unknown;
}

}  // namespace nlb::dataplane
