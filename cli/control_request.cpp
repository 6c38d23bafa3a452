// A command that is about one host is answered by that host or by nobody: here by its socket,
// elsewhere by its name, which the hello of remote control bears.
#include "cli/control_request.hpp"

#include <fmt/format.h>

#include "cli/remote_route.hpp"
#include "cli/several_hosts.hpp"

namespace nlb::cli {
namespace {

ControlReply failed(ReturnValue fault, std::string message) {
    ControlReply reply;
    reply.fault = fault;
    reply.message = std::move(message);
    return reply;
}

ControlReply ask_remotely(const Options& options, const Json& request,
                          std::optional<remote::Wanted> wanted) {
    auto route = route_of(options);
    if (!route) return failed(ReturnValue::refused, route.error().message);
    if (wanted) route.value().question.wanted = *wanted;
    auto replies = ask_hosts(route.value().question, request);
    if (!replies) return failed(ReturnValue::bad_params, replies.error().message);
    if (replies.value().ambiguous)
        return failed(ReturnValue::bad_params, ambiguous(route.value(), replies.value()));
    if (replies.value().hosts.empty()) return nobody(route.value());
    return std::move(replies.value().hosts.front().reply);
}

}  // namespace

Json request_for(const Options& options, const std::string& command) {
    Json request{{"command", command}};
    if (!options.cluster.empty()) request["cluster"] = options.cluster;
    // The control plane answers when buckets have moved, or after this; a quarter is left for the
    // answer's way back.
    request["timeout_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout * 3 / 4).count();
    return request;
}

ControlReply ask(const Options& options, const Json& request) {
    if (speaks_to_this_host(options))
        return ask_control_plane(options.run_dir, request, options.timeout);
    return ask_remotely(options, request, std::nullopt);
}

ControlReply ask_anybody(const Options& options, const Json& request) {
    if (options.remote.empty()) return ask_control_plane(options.run_dir, request, options.timeout);
    Options any = options;
    any.host.clear();
    return ask_remotely(any, request, remote::Wanted::any);
}

ExitCode fail_unreachable(Console& console, const ControlReply& reply) {
    const ExitCode code = reply.fault == ReturnValue::bad_params ? ExitCode::usage
                          : reply.fault == ReturnValue::refused  ? ExitCode::refused
                                                                 : ExitCode::unreachable;
    return console.fail(code, reply.fault, reply.message);
}

ExitCode check_host(const Options& options, Console& console) {
    if (options.host != "all") return ExitCode::done;
    return console.fail(
        ExitCode::refused, ReturnValue::refused,
        fmt::format("{} asks one host at a time: name it with --host", options.command));
}

ExitCode exit_code_of(const Json& answer) {
    return flag_of(answer, "ok") ? ExitCode::done : ExitCode::refused;
}

std::string refusal_in(const Json& answer) {
    const std::string message = text_of(answer, "message");
    const auto value = static_cast<int>(number_of(answer, "return_value"));
    return message.empty() ? describe(value) : fmt::format("{} (NLB {})", message, value);
}

// Prints the answer, or its refusal; true when there is something more to show to people.
bool show_answer(const ControlReply& reply, Console& console) {
    if (console.json()) {
        console.answer_verbatim(reply.line);
        return false;
    }
    if (flag_of(reply.json, "ok")) return true;
    console.fail(ExitCode::refused, ReturnValue::refused, refusal_in(reply.json));
    return false;
}

ExitCode show_reply(Console& console, const ControlReply& reply,
                    void (*show)(const Json&, Console&)) {
    if (!reply.answered) return fail_unreachable(console, reply);
    if (show_answer(reply, console)) show(reply.json, console);
    return exit_code_of(reply.json);
}

// The parameters, or the rules that handle a port.
ExitCode run_asking(const Options& options, Console& console, const Json& request,
                    void (*show)(const Json&, Console&)) {
    if (speaks_to_several(options)) return run_on_hosts(options, console, request, {show});
    return show_reply(console, ask(options, request), show);
}

}  // namespace nlb::cli
