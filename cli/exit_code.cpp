// The words for NLB's return values, once.
#include "cli/exit_code.hpp"

#include <fmt/format.h>

namespace nlb::cli {
namespace {

const char* words_for(int return_value) {
    switch (static_cast<ReturnValue>(return_value)) {
        case ReturnValue::ok:
            return "done";
        case ReturnValue::already:
            return "already in this state";
        case ReturnValue::drain_stopped:
            return "stopped while draining";
        case ReturnValue::bad_params:
            return "bad parameters";
        case ReturnValue::not_found:
            return "not found";
        case ReturnValue::stopped:
            return "stopped";
        case ReturnValue::converging:
            return "converging";
        case ReturnValue::converged:
            return "converged";
        case ReturnValue::converged_default:
            return "converged as default host";
        case ReturnValue::draining:
            return "draining";
        case ReturnValue::suspended:
            return "suspended";
        case ReturnValue::media_disconnected:
            return "no link on the outside port";
        case ReturnValue::refused:
            return "refused";
        case ReturnValue::bad_password:
            return "wrong key";
        case ReturnValue::port_overlap:
            return "two rules cover one port";
        case ReturnValue::bad_port_params:
            return "a port rule is wrong";
        case ReturnValue::max_port_rules:
            return "too many port rules";
        case ReturnValue::truncated:
            return "cut short";
        case ReturnValue::io_error:
            return "control plane not reachable";
        case ReturnValue::timeout:
            return "timed out";
    }
    return "unknown answer";
}

}  // namespace

std::string describe(int return_value) {
    return fmt::format("{} (NLB {})", words_for(return_value), return_value);
}

}  // namespace nlb::cli
