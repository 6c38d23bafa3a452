// Where the cluster's addresses are on this machine, and how the kernel's end of the inside device
// treats them. The keeper (dataplane/inside) mends what it may; this only says. Thread: main.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/finding_table.hpp"
#include "config/schema.hpp"
#include "dataplane/inside/kernel_settings.hpp"
#include "dataplane/inside/wishes.hpp"
#include "dataplane/probe/interfaces.hpp"

namespace nlb::dataplane {

struct DefaultRoute {
    std::string interface;
    bool v4 = true;
};
// Of /proc/net/route and /proc/net/ipv6_route.
[[nodiscard]] std::vector<DefaultRoute> read_default_routes(const Files& files);

struct InsideFacts {
    std::string subject;    // "web inside"
    std::string interface;  // that carries the addresses; empty: servers are another kernel's
    bool exists = false;
    bool managed = false;  // nlb sets the addresses
    std::uint32_t mtu = 0;
    std::uint32_t outside_mtu = 0;  // of a borrowed interface; 0: unknown
    InsideWishes wishes;
    bool has_gateway_v4 = false;  // of `gateway`
    bool has_gateway_v6 = false;
    std::vector<IpAddress> of_others;     // dedicated ones of the other hosts
    std::vector<LocalAddress> addresses;  // of the whole machine
    std::vector<DefaultRoute> routes;
    std::vector<KernelSetting> settings_to_change;
    bool forwards = false;
};
[[nodiscard]] std::vector<InsideFacts> read_inside(const Files& files, const StartupPlan& plan,
                                                   const config::Config& config,
                                                   const std::vector<LocalAddress>& addresses);
[[nodiscard]] config::Findings judge_inside(const InsideFacts& facts, bool runs);

}  // namespace nlb::dataplane
