// The commands that ask control planes: this machine's, or those of other hosts. They decide
// nothing: what to do, and whether it may be done, is their matter.
#include <algorithm>
#include <fmt/format.h>

#include "cli/cluster_view.hpp"
#include "cli/commands.hpp"
#include "cli/control_request.hpp"
#include "cli/endpoint.hpp"
#include "cli/event_view.hpp"
#include "cli/json_tree.hpp"
#include "cli/port_view.hpp"
#include "cli/remote_route.hpp"
#include "cli/several_hosts.hpp"
#include "config/format.hpp"

namespace nlb::cli {
namespace {

ExitCode run_changing(const Options& options, Console& console, const Json& request) {
    if (speaks_to_several(options)) return run_on_hosts(options, console, request, {});
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
        console.say(
            fmt::format("{}{}", i == 0 ? "" : "\n",
                        view_of_cluster(clusters[i], console.colour(), terminal_size().columns)));
    if (clusters.empty())
        console.say(describe(static_cast<int>(number_of(answer, "return_value"))));
}

// One cluster after the other, each under its name.
void show_params(const Json& answer, Console& console) {
    const Json& clusters = list_of(answer, "clusters");
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        if (clusters.size() > 1)
            console.say(fmt::format("{}{}", i == 0 ? "" : "\n",
                                    painted("cluster " + text_of(clusters[i], "name", "?"),
                                            Paint::bold, console.colour())));
        console.say(tree_of(clusters[i], console.colour()));
    }
}

// Of the first cluster that tells one: all of a host are read from one file.
Json configuration_in(const Json& map) {
    for (const Json& cluster : list_of(map, "clusters"))
        if (const Json& found = member_of(cluster, "configuration"); found.is_object())
            return {{"file", text_of(found, "file")},
                    {"generation", number_of(cluster, "generation")},
                    {"digest", text_of(cluster, "config_digest")},
                    {"text", member_of(found, "text")}};
    return nullptr;
}

struct Sections {
    ControlReply params;
    ControlReply query;
    Json configuration;
    Json recent;
};

void say_sections(const Sections& sections, Console& console) {
    const auto headline = [&](const std::string& words) {
        console.say(fmt::format("\n{}", painted("== " + words, Paint::bold, console.colour())));
    };
    headline("parameters in force");
    if (flag_of(sections.params.json, "ok"))
        show_params(sections.params.json, console);
    else
        console.say(refusal_in(sections.params.json));
    headline("state");
    show_clusters(sections.query.json, console);
    const Json& file = sections.configuration;
    headline(fmt::format("configuration in force: {}, generation {}, digest {}",
                         text_of(file, "file", "?"), number_of(file, "generation"),
                         text_of(file, "digest", "?")));
    const Json& text = member_of(file, "text");
    console.say(text.is_string() ? text.get<std::string>() : "(not told)");
    headline("recent events");
    for (const Json& event : sections.recent) console.say(event_line(event, console.colour()));
    if (sections.recent.empty()) console.say("(none is kept)");
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
                    view_of_rules(cluster, console.colour(), terminal_size().columns));
}

void show_hosts(const Json& answer, Console& console) {
    for (const Json& cluster : list_of(answer, "clusters"))
        console.say(view_of_hosts(cluster, console.colour(), terminal_size().columns));
}

}  // namespace

ExitCode run_verb(const Options& options, Console& console) {
    if (options.command == "drainstop" && options.timeout_given)
        return run_waiting_drain(options, console);
    Json request = request_for(options, options.command);
    if (options.alone) request["alone"] = true;
    if (options.force) request["force"] = true;
    if (options.max_moves) request["max_moves"] = *options.max_moves;
    return run_changing(options, console, request);
}

ExitCode run_rule_verb(const Options& options, Console& console) {
    if (options.command == "drain" && options.timeout_given)
        return run_waiting_drain(options, console);
    Json request = request_for(options, options.command);
    request["rule"] = options.subject;
    return run_changing(options, console, request);
}

ExitCode run_query(const Options& options, Console& console) {
    if (options.watch) return run_watch(options, console);
    const auto show = options.ports ? show_ports : options.hosts ? show_hosts : show_clusters;
    if (speaks_to_several(options))
        return run_on_hosts(options, console, request_for(options, "query"),
                            {show, show == show_clusters});
    const ControlReply reply = ask(options, request_for(options, "query"));
    const ExitCode code = show_reply(console, reply, show);
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
    Sections sections;
    sections.query = ask(options, request_for(options, "query"));
    if (!sections.query.answered) return fail_unreachable(console, sections.query);
    if (!flag_of(sections.query.json, "ok")) {
        static_cast<void>(show_answer(sections.query, console));
        return exit_code_of(sections.query.json);
    }
    // A suspended host refuses this; the rest is shown all the same.
    sections.params = ask(options, request_for(options, "params"));
    if (!sections.params.answered) return fail_unreachable(console, sections.params);
    sections.configuration = configuration_in(ask(options, request_for(options, "map")).json);
    sections.recent = list_of(ask(options, request_for(options, "events")).json, "events");
    if (!sections.recent.is_array()) sections.recent = Json::array();
    say_sections(sections, console);
    Json answer = success("");
    answer["params"] = sections.params.json;
    answer["query"] = sections.query.json;
    answer["config"] = sections.configuration;
    answer["recent"] = sections.recent;
    console.answer(answer);
    return ExitCode::done;
}

}  // namespace nlb::cli
