// Which frames a port's device lets through: its own address, the cluster's and the masked one, and
// groups. Everything on the wire is asked for only where filters are refused. It sets nothing by
// itself: what it calls comes as a value, the device's own or a test's.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/port_report.hpp"
#include "core/tables/tables.hpp"

namespace nlb::dataplane {

// What cores take from the wire beside the device's own address.
struct FilterWish {
    std::vector<MacAddress> stations;
    std::vector<MacAddress> groups;  // where not all can be had
    bool everything = false;         // of the inside: servers send to routers' addresses
};
// The addresses of unicast mode are stations, those of the others a group; solicited-node groups
// of each IPv6 address, and what all hosts and routers listen to.
[[nodiscard]] FilterWish filter_wish(const Tables& tables);

// 0 or a negative errno, as ethdev answers.
struct FilterCalls {
    std::function<int(const MacAddress&)> add_station;
    std::function<int(std::span<const MacAddress>)> set_groups;
    std::function<int()> take_all_groups;
    std::function<int()> take_everything;
};
[[nodiscard]] FilterCalls filter_calls(std::uint16_t port);

// A wish for nothing asks for nothing. `lenient`: a device that knows neither takes everything
// anyhow, as virtual ones do. Refuses a
// device that grants neither filters nor everything. Requires: the port is started. Thread: main.
[[nodiscard]] Result<ipc::Reception> set_filters(const FilterCalls& calls, const FilterWish& wish,
                                                 bool lenient);

}  // namespace nlb::dataplane
