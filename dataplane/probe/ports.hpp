// What DPDK says of the ports of a plan: EAL is started once, adapters are opened with the queues
// that a start would give them, and closed again. Devices whose opening would change something for
// others (taps, sockets, files, XDP programs) are not opened, and it says so. Thread: main.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/finding_table.hpp"
#include "core/ipc/port_report.hpp"
#include "dataplane/startup/eal_arguments.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

struct PortFacts {
    std::string subject;  // "web outside"
    std::string device;
    bool opened = false;
    std::string not_opened_because;  // a reason that is no fault; empty where it was tried
    std::string refusal;             // DPDK's, as a sentence
    // Of an opened one.
    std::string driver;
    std::string firmware;
    std::uint16_t rx_queues_max = 0;
    std::uint16_t tx_queues_max = 0;
    std::uint16_t table_entries = 0;  // of the redirection table; 0: it tells of none
    std::uint8_t key_bytes = 0;       // of RSS
    std::vector<std::string> rss_types;
    std::vector<std::string> rx_offloads;
    std::vector<std::string> tx_offloads;
    std::uint16_t mtu = 0;
    std::uint16_t mtu_min = 0;
    std::uint16_t mtu_max = 0;
    std::uint16_t mtu_wanted = 0;
    int numa_node = -1;
    bool knows_interrupts = false;
    // Of one that was also started: an adapter that is nobody else's.
    bool started = false;
    bool link = false;
    std::uint32_t speed_mbps = 0;
    bool flow_rules = false;
    ipc::FlowControl flow_control = ipc::FlowControl::unknown;
    ipc::Reception reception = ipc::Reception::promiscuous;
    std::vector<std::string> complaints;
    std::uint16_t lcores = 0;  // of its cluster
    std::uint16_t queues = 0;  // that flows spread over; 0: not known
    std::string fewer_because;
};

// Why a device is not opened by a look; empty: it may be.
[[nodiscard]] std::string why_not_opened(const Device& device, bool shared_with_kernel);

struct OpenedPorts {
    std::string eal_refusal;  // empty: EAL ran
    std::vector<PortFacts> ports;
};
// `usable`: by device name, those that the machine lets be opened. Requires: called once in a
// process, before any other thread exists.
[[nodiscard]] OpenedPorts open_ports(const StartupPlan& plan, EalPlan eal,
                                     const std::vector<std::string>& usable);

[[nodiscard]] config::Findings judge_port(const PortFacts& facts);

}  // namespace nlb::dataplane
