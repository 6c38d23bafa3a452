// NLB's return values, as answers on the control socket carry them (docs/control-socket.md), and
// what a command came to. The numbers are a contract: none may change.
#pragma once

#include <string>

namespace nlb::controlplane {

enum class ReturnValue : int {
    ok = 1000,
    already = 1001,
    drain_stopped = 1002,  // done, and it broke off a drain
    bad_params = 1003,
    not_found = 1004,
    stopped = 1005,
    converging = 1006,
    converged = 1007,
    default_host = 1008,  // converged, and this host is the default host
    draining = 1009,
    suspended = 1013,
    refused = 1015,
};

[[nodiscard]] constexpr bool is_ok(ReturnValue value) {
    return value != ReturnValue::bad_params && value != ReturnValue::not_found &&
           value != ReturnValue::refused;
}

struct CommandResult {
    ReturnValue value = ReturnValue::ok;
    std::string message;  // one sentence for people
};

}  // namespace nlb::controlplane
