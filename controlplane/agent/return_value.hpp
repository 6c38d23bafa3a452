// NLB's return values, as answers on the control socket carry them (docs/control-socket.md), and
// what a command came to. The numbers are a contract: none may change.
#pragma once

#include <string>
#include <vector>

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
    media_disconnected = 1014,  // the outside port has no link
    refused = 1015,
    port_overlap = 1150,     // of a file that was to be reloaded: two rules cover one port
    bad_port_params = 1151,  // of that file: a rule is wrong in another way
    max_port_rules = 1152,   // of that file: more than 32 rules
    truncated = 1153,        // the answer would be too long: its oldest part is left out
};

[[nodiscard]] constexpr bool is_ok(ReturnValue value) {
    switch (value) {
        case ReturnValue::bad_params:
        case ReturnValue::not_found:
        case ReturnValue::refused:
        case ReturnValue::port_overlap:
        case ReturnValue::bad_port_params:
        case ReturnValue::max_port_rules:
            return false;
        default:
            return true;
    }
}

struct CommandResult {
    ReturnValue value = ReturnValue::ok;
    std::string message;               // one sentence for people
    std::vector<std::string> rules{};  // names of those that it changed
};

}  // namespace nlb::controlplane
