// What one dataplane is to run, from the configuration or from a tables file: clusters, ports,
// cores and the tables that they begin with. It opens no device; what it refuses is a mistake of
// the operator (exit 2). Thread: main, before EAL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "core/base/result.hpp"
#include "core/ipc/tables_codec.hpp"
#include "core/tables/tables.hpp"
#include "dataplane/startup/device.hpp"

namespace nlb::dataplane {

// How servers are reached; from the configuration alone.
struct InsidePlan {
    bool managed = false;             // this program sets the addresses of a kernel's interface
    bool by_name = false;             // the operator named an interface, and no device for it
    bool watched = false;             // it looks whether they are there
    bool asks = false;                // servers are elsewhere: their MAC is asked for
    std::vector<IpAddress> gateways;  // default routes through it
    std::optional<MacAddress> server_mac;
};

struct ClusterPlan {
    std::string name;
    Device outside;
    Device inside;
    std::vector<std::uint16_t> cpus;    // one worker each; not empty
    std::uint32_t connections_max = 0;  // over all workers
    Tables tables{};                    // until a control plane speaks; for ever when fixed
    // What its control plane must hold alike (config/digest.hpp, paired_lines); empty when fixed.
    std::string settings;
    InsidePlan inside_plan;  // nothing of it when fixed
    PortWish port;           // of both ports
    // For how long this machine may stand still, clocks and all, before a lease that it holds could
    // reach beyond T*P: docs/protocol.md, (i).
    Duration stands_most = Duration::max();
    Duration quiet_wait{};  // core/cluster/timing.hpp; nothing when fixed
};

struct StartupPlan {
    std::string host;
    std::string run_dir;
    std::vector<ClusterPlan> clusters;  // as the configuration lists them
    config::PollMode poll = config::PollMode::adaptive;
    config::Eal eal;
    bool fixed = false;  // `--tables`: no control plane, and the fence holds for ever
};

// The clusters that `host` is in. Tables with nothing owned: dedicated addresses work at once,
// virtual ones wait for the control plane. Refuses a host that is in no cluster, and device strings
// that are none.
[[nodiscard]] Result<StartupPlan> plan_from_config(const config::Config& config,
                                                   const std::string& host);
// Ports, cores and connections are the file's, unless `config` (may be nullptr) has a cluster of
// that name with `host` in it.
[[nodiscard]] Result<StartupPlan> plan_from_tables(const std::vector<FixedTables>& fixed,
                                                   const config::Config* config,
                                                   const std::string& host);

}  // namespace nlb::dataplane
