// The commands that ask the control plane of this machine. They decide nothing: what to do, and
// whether it may be done, is its matter.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

#include "cli/cluster_view.hpp"
#include "cli/commands.hpp"
#include "cli/control_client.hpp"
#include "cli/endpoint.hpp"
#include "cli/json_tree.hpp"
#include "cli/port_view.hpp"
#include "config/format.hpp"
#include "config/load.hpp"

namespace nlb::cli {
namespace {

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
        if (answering == options.host) return "";
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

ExitCode run_changing(const Options& options, Console& console, const Json& request) {
    if (const ExitCode code = check_host(options, console); code != ExitCode::done) return code;
    const ControlReply reply = ask(options, request);
    if (!reply.answered) return fail_unreachable(console, reply);
    if (show_answer(reply, console)) {
        const std::string message = text_of(reply.json, "message");
        const std::string result =
            describe(static_cast<int>(number_of(reply.json, "return_value")));
        console.say(fmt::format("{}: {}{}{}", options.command,
                                painted(result, Paint::good, console.colour()),
                                message.empty() ? "" : ": ", message));
        for (const Json& cluster : list_of(reply.json, "clusters"))
            console.say(state_line(cluster, console.colour()));
    }
    return exit_code_of(reply.json);
}

void show_clusters(const Json& answer, Console& console) {
    const Json& clusters = list_of(answer, "clusters");
    for (std::size_t i = 0; i < clusters.size(); ++i)
        console.say(fmt::format("{}{}", i == 0 ? "" : "\n",
                                view_of_cluster(clusters[i], console.colour())));
    if (clusters.empty())
        console.say(describe(static_cast<int>(number_of(answer, "return_value"))));
}

// Everything of the answer but its frame.
void show_params(const Json& answer, Console& console) {
    Json rest = answer;
    for (const char* frame : {"ok", "return_value", "message"}) rest.erase(frame);
    const Json& clusters = list_of(rest, "clusters");
    if (clusters.size() == 1 && rest.size() == 1)
        console.say(tree_of(clusters.front(), console.colour()));
    else
        console.say(tree_of(rest, console.colour()));
}

std::string file_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    text.resize(std::min(text.size(), config::kFileBytesMax));
    return text;
}

// Sections of `display`, in both forms.
void show_display(const ControlReply& params, const ControlReply& query, const std::string& file,
                  const std::string& text, Console& console) {
    const auto headline = [&](const std::string& words) {
        console.say(fmt::format("\n{}", painted("== " + words, Paint::bold, console.colour())));
    };
    headline("parameters in force");
    if (flag_of(params.json, "ok"))
        show_params(params.json, console);
    else
        console.say(refusal_in(params.json));
    headline("state");
    show_clusters(query.json, console);
    headline("configuration: " + file);
    console.say(text.empty() ? "(cannot be read; name it with --config)" : text);
    headline("recent events");
    const Json& recent = list_of(query.json, "recent");
    console.say(recent.empty() ? "(the control plane tells none; its log has them)"
                               : tree_of(recent, console.colour()));
    Json answer = success("");
    answer["params"] = params.json;
    answer["query"] = query.json;
    answer["config"] = {{"file", file}, {"text", text}};
    answer["recent"] = recent;
    console.answer(answer);
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

// A script that asks whether all is well need not read the answer.
bool serves_what_it_should(const Json& answer) {
    const Json& clusters = list_of(answer, "clusters");
    return std::all_of(clusters.begin(), clusters.end(), [](const Json& cluster) {
        return text_of(cluster, "serves_not_because").empty();
    });
}

void show_ports(const Json& answer, Console& console) {
    const Json& clusters = list_of(answer, "clusters");
    for (std::size_t i = 0; i < clusters.size(); ++i)
        console.say(fmt::format("{}{}\n\n{}", i == 0 ? "" : "\n",
                                state_line(clusters[i], console.colour()),
                                view_of_ports(clusters[i], console.colour())));
}

void show_rules(const Json& answer, Console& console) {
    for (const Json& cluster : list_of(answer, "clusters"))
        console.say(state_line(cluster, console.colour()) + "\n\n" +
                    view_of_rules(cluster, console.colour()));
}

}  // namespace

ExitCode run_verb(const Options& options, Console& console) {
    Json request = request_for(options, options.command);
    if (options.alone) request["alone"] = true;
    if (options.force) request["force"] = true;
    if (options.max_moves) request["max_moves"] = *options.max_moves;
    return run_changing(options, console, request);
}

ExitCode run_rule_verb(const Options& options, Console& console) {
    Json request = request_for(options, options.command);
    request["rule"] = options.subject;
    return run_changing(options, console, request);
}

ExitCode run_query(const Options& options, Console& console) {
    if (options.host == "all") return check_host(options, console);
    const ControlReply reply = ask(options, request_for(options, "query"));
    const ExitCode code =
        show_reply(options, console, reply, options.ports ? show_ports : show_clusters);
    return code == ExitCode::done && !serves_what_it_should(reply.json) ? ExitCode::refused : code;
}

ExitCode run_params(const Options& options, Console& console) {
    return run_asking(options, console, request_for(options, "params"), show_params);
}

ExitCode run_query_port(const Options& options, Console& console) {
    if (const auto wanted = parse_port_of_vip(options.subject); !wanted)
        return console.fail_usage(wanted.error());
    Json request = request_for(options, "query");
    request["rule"] = options.subject;
    return run_asking(options, console, request, show_rules);
}

ExitCode run_display(const Options& options, Console& console) {
    if (const ExitCode code = check_host(options, console); code != ExitCode::done) return code;
    const ControlReply query = ask(options, request_for(options, "query"));
    if (!query.answered) return fail_unreachable(console, query);
    if (!flag_of(query.json, "ok")) {
        show_answer(query, console);
        return exit_code_of(query.json);
    }
    // A suspended host refuses this; the rest is shown all the same.
    const ControlReply params = ask(options, request_for(options, "params"));
    if (!params.answered) return fail_unreachable(console, params);
    show_display(params, query, options.config, file_text(options.config), console);
    return ExitCode::done;
}

}  // namespace nlb::cli
