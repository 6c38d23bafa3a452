// One function for each object.
#include "controlplane/api/port_view.hpp"

#include <algorithm>
#include <cmath>

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

double rounded(double number) {
    return std::round(number * 1000) / 1000;
}

Json counters_view(const ipc::PortReport& port) {
    const ipc::PortCounters& counters = port.counters;
    Json queues = Json::array();
    const std::size_t count = std::min<std::size_t>(port.rx_queues, ipc::kPortQueuesShown);
    for (std::size_t i = 0; i < count; ++i)
        queues.push_back(
            {{"packets", counters.queue_rx_packets[i]}, {"missed", counters.queue_missed[i]}});
    return {{"rx_packets", counters.rx_packets}, {"rx_bytes", counters.rx_bytes},
            {"tx_packets", counters.tx_packets}, {"tx_bytes", counters.tx_bytes},
            {"missed", counters.missed},         {"no_buffer", counters.no_buffer},
            {"errors", counters.rx_errors},      {"tx_errors", counters.tx_errors},
            {"oversize", counters.oversize},     {"pause_received", counters.pause_rx},
            {"pause_sent", counters.pause_tx},   {"queues", queues}};
}

Json port_view(const ipc::PortReport& port, const char* side) {
    return {{"port", side},
            {"device", ipc::text_in(port.name)},
            {"driver", ipc::text_in(port.driver)},
            {"state", ipc::word_of(port.state, ipc::kPortStateNames)},
            {"speed_mbps", port.speed_mbps == 0 ? Json() : Json(port.speed_mbps)},
            {"mtu", port.mtu},
            {"numa_node", port.numa_node < 0 ? Json() : Json(port.numa_node)},
            {"rx_queues", port.rx_queues},
            {"tx_queues", port.tx_queues},
            {"rx_ring", port.rx_ring},
            {"tx_ring", port.tx_ring},
            {"flow_control", ipc::word_of(port.flow_control, ipc::kFlowControlNames)},
            {"reception", ipc::word_of(port.reception, ipc::kReceptionNames)},
            {"link_by", ipc::word_of(port.link_watch, ipc::kLinkWatchNames)},
            {"wakes_by", ipc::word_of(port.waking, ipc::kWakingNames)},
            {"reopened", port.reopened},
            {"counters", counters_view(port)}};
}

}  // namespace

Json ports_view(const Traffic& traffic) {
    if (!traffic.report) return Json();
    Json ports = Json::array();
    for (std::size_t i = 0; i < traffic.report->ports.size(); ++i)
        if (const ipc::PortReport& port = traffic.report->ports[i];
            !ipc::text_in(port.name).empty())
            ports.push_back(port_view(port, i == 0 ? "outside" : "inside"));
    return ports;
}

Json workers_view(const Traffic& traffic) {
    if (!traffic.report) return Json();
    Json utilisation = Json::array();
    const std::size_t count = std::min<std::size_t>(traffic.report->worker_count, ipc::kLanesShown);
    for (std::size_t i = 0; i < count; ++i) utilisation.push_back(rounded(traffic.utilisation[i]));
    return {{"utilisation", utilisation},
            {"cycles_per_packet", rounded(traffic.cycles_per_packet)},
            {"burst_packets", rounded(traffic.packets_per_burst)},
            {"ring_fill", rounded(traffic.ring_fill())}};
}

Json buffers_view(const Traffic& traffic) {
    if (!traffic.report) return Json();
    return {{"all", traffic.report->buffers}, {"free", traffic.report->buffers_free}};
}

}  // namespace nlb::controlplane
