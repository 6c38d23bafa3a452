// One request to several hosts of a cluster: their answers side by side, and who gave none by name.
#pragma once

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace nlb::cli {

// What people see.
struct HostsView {
    // Of one host's answer; nothing: it has changed something, and a line says so.
    void (*show)(const Json&, Console&) = nullptr;
    bool one_table = false;  // several hosts get a row each
};

// Exit 0 when every host has answered and done it, 3 when none has answered. Who named no host
// and reached one only is answered as on that host. Requires: speaks_to_several(options).
ExitCode run_on_hosts(const Options& options, Console& console, const Json& request,
                      const HostsView& view);

}  // namespace nlb::cli
