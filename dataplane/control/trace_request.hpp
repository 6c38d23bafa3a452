// What `nlb trace` asks for, read from its datagram and held against the bounds of
// core/ipc/trace_messages.hpp: whoever may open the socket sends what he likes. It knows no cluster
// and runs no filter. Thread: any.
#pragma once

#include <span>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/trace_messages.hpp"

namespace nlb::dataplane {

struct TraceRequest {
    trace::Request request{};
    // as many as the request says; not validated (dataplane/worker/trace_filter.hpp does)
    std::vector<trace::Instruction> filter;
};
[[nodiscard]] Result<TraceRequest> read_trace_request(std::span<const Byte> datagram);

}  // namespace nlb::dataplane
