// The command's end of core/ipc/trace_messages.hpp: one connection to RUN_DIR/trace.sock. It waits
// until something comes, the dataplane goes or the user interrupts, and believes nothing but
// messages of its own build.
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/trace_messages.hpp"

namespace nlb::cli {

class TraceClient {
public:
    // An error says whom it did not find, and the remedy.
    [[nodiscard]] static Result<TraceClient> connect(const std::string& run_dir);
    TraceClient(TraceClient&& other) noexcept;
    TraceClient& operator=(TraceClient&&) = delete;
    ~TraceClient();

    [[nodiscard]] Status ask(const trace::Request& request,
                             std::span<const trace::Instruction> filter);

    struct Traced {
        trace::Packet packet;
        std::span<const Byte> bytes;  // until the next call
    };
    struct Interrupted {};
    struct Gone {};
    struct Refused {
        std::string sentence;
    };
    using Event = std::variant<Traced, trace::Progress, Interrupted, Gone, Refused>;
    // SIGINT and SIGTERM interrupt while it waits here, and wait themselves while it does not.
    [[nodiscard]] Event next();

private:
    TraceClient(int socket, int signals);
    int socket_;
    int signals_;
    std::vector<Byte> datagram_;
};

}  // namespace nlb::cli
