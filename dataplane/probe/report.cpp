#include "dataplane/probe/report.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace nlb::dataplane {
namespace {

using Json = nlohmann::ordered_json;

Json finding_view(const config::Finding& finding) {
    const config::FindingKind& kind = config::kind_of(finding.id);
    return {{"id", kind.name},
            {"severity", config::kSeverityNames[static_cast<std::size_t>(kind.severity)]},
            {"subject", finding.subject},
            {"says", finding.says},
            {"mend", finding.mend}};
}

// Null where only a started port would tell.
Json port_view(const PortFacts& port) {
    Json view{
        {"port", port.subject},
        {"device", port.device},
        {"opened", port.opened},
        {"not_opened_because", port.refusal.empty() ? port.not_opened_because : port.refusal}};
    if (!port.opened) return view;
    view["driver"] = port.driver;
    view["firmware"] = port.firmware;
    view["rx_queues_max"] = port.rx_queues_max;
    view["tx_queues_max"] = port.tx_queues_max;
    view["queues"] = port.queues;
    view["rss"] = {{"types", port.rss_types},
                   {"key_bytes", port.key_bytes},
                   {"table_entries", port.table_entries}};
    view["rx_offloads"] = port.rx_offloads;
    view["tx_offloads"] = port.tx_offloads;
    view["mtu"] = {{"now", port.mtu}, {"min", port.mtu_min}, {"max", port.mtu_max}};
    view["numa_node"] = port.numa_node < 0 ? Json() : Json(port.numa_node);
    const bool started = port.started;
    view["link_up"] = started ? Json(port.link) : Json();
    view["speed_mbps"] = started && port.speed_mbps != 0 ? Json(port.speed_mbps) : Json();
    view["rte_flow"] = started ? Json(port.flow_rules) : Json();
    view["flow_control"] =
        started ? Json(ipc::word_of(port.flow_control, ipc::kFlowControlNames)) : Json();
    view["reception"] = started ? Json(ipc::word_of(port.reception, ipc::kReceptionNames)) : Json();
    return view;
}

}  // namespace

std::string json_of(const ProbeReport& report) {
    Json ports = Json::array();
    for (const PortFacts& port : report.ports) ports.push_back(port_view(port));
    Json findings = Json::array();
    for (const config::Finding& finding : report.findings)
        findings.push_back(finding_view(finding));
    const Json whole{{"host", report.host},
                     {"dataplane_runs", report.runs},
                     {"ports", ports},
                     {"findings", findings}};
    return whole.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const ProbeReport& report) {
    std::string text;
    for (const config::Finding& finding : report.findings)
        text += fmt::format(
            "{} {}: {} ({})\n",
            config::kSeverityNames[static_cast<std::size_t>(config::kind_of(finding.id).severity)],
            finding.subject, finding.says, config::kind_of(finding.id).name);
    for (const PortFacts& port : report.ports)
        text += fmt::format("port {}: {} {}\n", port.subject, port.device,
                            port.opened ? fmt::format("driver {}, {} queues, MTU {}", port.driver,
                                                      port.rx_queues_max, port.mtu)
                            : port.refusal.empty() ? port.not_opened_because
                                                   : "refused");
    return text;
}

}  // namespace nlb::dataplane
