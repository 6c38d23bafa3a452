// What the shell and NLB's scripts learn from `nlb`: four exit codes, and NLB's own return values,
// whose numbers administrators know.
#pragma once

#include <string>

namespace nlb::cli {

enum class ExitCode : int {
    done = 0,
    refused = 1,      // or failed
    usage = 2,        // or a mistake in the configuration
    unreachable = 3,  // no control plane answers
};

// WLBS_* of Windows NLB; the control plane answers with these too (docs/control-socket.md).
enum class ReturnValue : int {
    ok = 1000,
    already = 1001,
    drain_stopped = 1002,
    bad_params = 1003,
    not_found = 1004,
    stopped = 1005,
    converging = 1006,
    converged = 1007,
    converged_default = 1008,
    draining = 1009,
    suspended = 1013,
    media_disconnected = 1014,
    refused = 1015,
    bad_password = 1101,  // of remote control
    io_error = 1102,      // the control plane cannot be spoken to
    timeout = 1103,
    port_overlap = 1150,
    bad_port_params = 1151,
    max_port_rules = 1152,
    truncated = 1153,
};

// "converged as default host (NLB 1008)"; numbers that are not known appear as they are.
[[nodiscard]] std::string describe(int return_value);

}  // namespace nlb::cli
