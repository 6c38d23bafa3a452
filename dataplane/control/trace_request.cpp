// The build first: of another one nothing else means what it seems to.
#include "dataplane/control/trace_request.hpp"

#include <cstring>
#include <optional>
#include <string>

namespace nlb::dataplane {
namespace {

std::optional<std::string> fault_of(const trace::Request& request, std::size_t bytes_of_filter) {
    if (request.build != trace::build_of_this())
        return "nlb and nlb-dataplane are of different builds: install both from one package";
    const auto direction = static_cast<std::uint32_t>(request.direction);
    if (direction < 1 || direction > 3 || request.packets_per_second < 1 ||
        request.packets_per_second > trace::kRateMax || request.snap_bytes < 14 ||
        request.snap_bytes > trace::kSnapBytesMax || request.cluster.back() != 0)
        return "the request's direction, rate, snap length or cluster is out of bounds";
    if (request.instruction_count < 1 || request.instruction_count > trace::kInstructionsMax ||
        bytes_of_filter != request.instruction_count * sizeof(trace::Instruction))
        return "the filter has " + std::to_string(request.instruction_count) +
               " instructions; at most " + std::to_string(trace::kInstructionsMax) + " are taken";
    return std::nullopt;
}

}  // namespace

Result<TraceRequest> read_trace_request(std::span<const Byte> datagram) {
    const auto message = ipc::read_message(datagram);
    const auto request = message ? message->body<trace::Request>() : std::nullopt;
    if (!request || message->type != ipc::MessageType::trace_request)
        return Error{"that is no trace request of this build"};
    const std::span<const Byte> rest = message->rest_after<trace::Request>();
    if (const auto fault = fault_of(*request, rest.size())) return Error{*fault};
    TraceRequest read{*request, std::vector<trace::Instruction>(request->instruction_count)};
    std::memcpy(read.filter.data(), rest.data(), rest.size());
    return read;
}

}  // namespace nlb::dataplane
