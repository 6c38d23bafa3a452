// One question to the control plane of this machine and its answer, over RUN_DIR/control.sock
// (docs/control-socket.md). It waits no longer than it is told to, and believes nothing but that
// the answer is one line of JSON.
#pragma once

#include <string>

#include "cli/exit_code.hpp"
#include "cli/json.hpp"
#include "core/base/types.hpp"

namespace nlb::cli {

inline constexpr std::size_t kControlLineBytesMax = 1U << 20;

struct ControlReply {
    bool answered = false;
    std::string line;  // as received, without its end
    Json json;
    // When not answered: why, in one sentence with the remedy.
    ReturnValue fault = ReturnValue::io_error;
    std::string message;
};

// `timeout` is for the whole exchange.
[[nodiscard]] ControlReply ask_control_plane(const std::string& run_dir, const Json& request,
                                             Duration timeout);

}  // namespace nlb::cli
