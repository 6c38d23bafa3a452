// Whether the right host listens is asked before anything is changed.
#include "cli/control_request.hpp"

#include <fmt/format.h>

#include "config/format.hpp"

namespace nlb::cli {

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
    return ask_control_plane(options.run_dir, request, options.timeout);
}

ExitCode fail_unreachable(Console& console, const ControlReply& reply) {
    const bool misused = reply.fault == ReturnValue::bad_params;
    return console.fail(misused ? ExitCode::usage : ExitCode::unreachable, reply.fault,
                        reply.message);
}

// Empty: the host that answers is the one that --host names, or none was named.
std::string other_host(const Options& options, const Json& answer) {
    if (options.host.empty()) return "";
    if (options.host == "all")
        return "--host all needs remote control, which is not enabled; run the command on each "
               "host";
    std::string answering;
    for (const Json& cluster : list_of(answer, "clusters")) {
        answering = text_of(cluster, "host");
        const bool by_id = std::to_string(number_of(cluster, "id")) == options.host;
        if (answering == options.host || by_id) return "";
    }
    return fmt::format(
        "--host {} needs remote control, which is not enabled: {} holds the control plane of {}; "
        "run the command there",
        config::in_quotes(options.host), options.run_dir,
        answering.empty() ? "no known host" : config::in_quotes(answering));
}

// Before anything is changed: does the right host listen? Done means yes.
ExitCode check_host(const Options& options, Console& console) {
    if (options.host.empty()) return ExitCode::done;
    if (options.host == "all")
        return console.fail(ExitCode::refused, ReturnValue::refused, other_host(options, {}));
    const ControlReply reply = ask(options, request_for(options, "query"));
    if (!reply.answered) return fail_unreachable(console, reply);
    const std::string refusal = other_host(options, reply.json);
    return refusal.empty() ? ExitCode::done
                           : console.fail(ExitCode::refused, ReturnValue::refused, refusal);
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

ExitCode show_reply(const Options& options, Console& console, const ControlReply& reply,
                    void (*show)(const Json&, Console&)) {
    if (!reply.answered) return fail_unreachable(console, reply);
    if (const std::string refusal = other_host(options, reply.json);
        flag_of(reply.json, "ok") && !refusal.empty())
        return console.fail(ExitCode::refused, ReturnValue::refused, refusal);
    if (show_answer(reply, console)) show(reply.json, console);
    return exit_code_of(reply.json);
}

// The parameters, or the rules that handle a port.
ExitCode run_asking(const Options& options, Console& console, const Json& request,
                    void (*show)(const Json&, Console&)) {
    if (options.host == "all") return check_host(options, console);
    return show_reply(options, console, ask(options, request), show);
}

}  // namespace nlb::cli
