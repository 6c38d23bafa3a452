// What this process may, and what the installed unit of the dataplane may: capabilities and device
// files. It asks for nothing. Thread: main.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/finding_table.hpp"
#include "dataplane/startup/files.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

// Bits of /proc/PID/status, CapEff.
inline constexpr unsigned kCapNetAdmin = 12;
inline constexpr unsigned kCapNetRaw = 13;
inline constexpr unsigned kCapIpcLock = 14;
inline constexpr unsigned kCapSysNice = 23;

// Of nlb-dataplane.service with its drop-ins.
struct UnitFacts {
    std::string user;                       // empty: root
    std::vector<std::string> capabilities;  // AmbientCapabilities
    std::vector<std::string> bounding;      // empty: all
    bool closed = false;                    // DevicePolicy=closed or strict
    std::vector<std::string> devices;       // of DeviceAllow
};
// As systemd reads it: a later line adds, an empty one forgets. `texts`: the unit, then drop-ins in
// their order.
[[nodiscard]] UnitFacts unit_of(const std::vector<std::string>& texts);

struct PermissionFacts {
    std::uint64_t effective = 0;    // capabilities of this process
    std::optional<UnitFacts> unit;  // nothing: it is not installed
    bool vhost = false;             // /dev/vhost-net is there
    bool tun = false;               // /dev/net/tun is there
};
[[nodiscard]] PermissionFacts read_permissions(const Files& files);
[[nodiscard]] inline bool may(const PermissionFacts& facts, unsigned capability) {
    return (facts.effective >> capability & 1U) != 0;
}
[[nodiscard]] config::Findings judge_permissions(const PermissionFacts& facts,
                                                 const StartupPlan& plan);

}  // namespace nlb::dataplane
