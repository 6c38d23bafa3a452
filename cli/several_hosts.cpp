// This host is asked at its socket, the others over remote control. Whoever means to change
// something says which host, or that all are meant, as soon as more than one could be.
#include "cli/several_hosts.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/cluster_view.hpp"
#include "cli/control_request.hpp"
#include "cli/hosts_table.hpp"
#include "cli/remote_route.hpp"
#include "config/format.hpp"

namespace nlb::cli {
namespace {

bool is_ok(const HostReply& one) {
    return one.reply.answered && flag_of(one.reply.json, "ok");
}

bool serves(const HostReply& one) {
    const Json& clusters = list_of(one.reply.json, "clusters");
    return std::all_of(clusters.begin(), clusters.end(), [](const Json& cluster) {
        return text_of(cluster, "serves_not_because").empty();
    });
}

// Whom the answers name, beside those that the configuration here names.
std::vector<std::string> names_in(const Route& route, const std::vector<HostReply>& replies) {
    std::vector<std::string> names = route.hosts;
    const auto add = [&names](const std::string& name) {
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    };
    for (const HostReply& one : replies)
        for (const Json& cluster : list_of(one.reply.json, "clusters"))
            for (const Json& name : list_of(cluster, "configured_hosts"))
                add(printable(plain(name)));
    for (const HostReply& one : replies) add(one.host);
    return names;
}

// In the order of the configuration; who said nothing at all has an answer that says so.
std::vector<HostReply> with_the_silent(const Route& route, std::vector<HostReply> replies) {
    std::vector<HostReply> all;
    for (const std::string& name : names_in(route, replies)) {
        const auto found = std::find_if(replies.begin(), replies.end(),
                                        [&name](const auto& one) { return one.host == name; });
        if (found != replies.end()) {
            all.push_back(std::move(*found));
            continue;
        }
        HostReply silent{name, {}};
        silent.reply.fault = ReturnValue::timeout;
        silent.reply.message = name + " did not answer";
        all.push_back(std::move(silent));
    }
    return all;
}

void answer_in_json(const std::vector<HostReply>& replies, bool ok, Console& console) {
    Json hosts = Json::array();
    for (const HostReply& one : replies) {
        Json host{{"host", one.host}, {"answered", one.reply.answered}};
        if (one.reply.answered)
            host["answer"] = one.reply.json;
        else
            host["message"] = one.reply.message;
        hosts.push_back(std::move(host));
    }
    Json answer = success("");
    answer["ok"] = ok;
    if (!ok) answer["return_value"] = static_cast<int>(ReturnValue::refused);
    answer["hosts"] = std::move(hosts);
    console.answer(answer);
}

void say_silent(const std::vector<HostReply>& replies, Console& console) {
    for (const HostReply& one : replies)
        if (!one.reply.answered)
            console.say(painted(one.reply.message, Paint::bad, console.colour()));
        else if (!is_ok(one))
            console.say(
                fmt::format("{}: {}", one.host,
                            painted(refusal_in(one.reply.json), Paint::bad, console.colour())));
}

void say_change(const Options& options, const HostReply& one, Console& console) {
    const std::string message = text_of(one.reply.json, "message");
    const std::string result =
        describe(static_cast<int>(number_of(one.reply.json, "return_value")));
    console.say(fmt::format("{}: {}: {}{}{}", one.host, options.command,
                            painted(result, Paint::good, console.colour()),
                            message.empty() ? "" : ": ", message));
}

void say_answers(const Options& options, const std::vector<HostReply>& replies,
                 const HostsView& view, Console& console) {
    if (view.one_table)
        console.say(table_of_hosts(replies, console.colour(), terminal_size().columns));
    for (const HostReply& one : replies) {
        if (!is_ok(one)) continue;
        if (view.show == nullptr) {
            say_change(options, one, console);
        } else if (!view.one_table) {
            console.say(painted("== " + one.host, Paint::bold, console.colour()));
            view.show(one.reply.json, console);
            console.say("");
        }
    }
    say_silent(replies, console);
}

ExitCode exit_code_of(const std::vector<HostReply>& replies) {
    const auto answered = [](const HostReply& one) { return one.reply.answered; };
    if (std::none_of(replies.begin(), replies.end(), answered)) return ExitCode::unreachable;
    const bool well = std::all_of(replies.begin(), replies.end(),
                                  [](const HostReply& one) { return is_ok(one) && serves(one); });
    return well ? ExitCode::done : ExitCode::refused;
}

}  // namespace

ExitCode run_on_hosts(const Options& options, Console& console, const Json& request,
                      const HostsView& view) {
    auto found = route_of(options);
    if (!found) return console.fail(ExitCode::refused, ReturnValue::refused, found.error().message);
    Route& route = found.value();
    const bool reads = view.show != nullptr;
    if (reads) route.question.wanted = remote::Wanted::all;
    std::vector<HostReply> replies;
    if (!route.self.empty()) {
        Json mine = request;
        mine["cluster"] = route.cluster;
        replies.push_back({route.self, ask_control_plane(options.run_dir, mine, options.timeout)});
    }
    if (!route.question.targets.empty()) {
        auto heard = ask_hosts(route.question, request);
        if (!heard) return console.fail_usage(heard.error());
        if (heard.value().ambiguous)
            return console.fail_usage(Error{ambiguous(route, heard.value())});
        for (HostReply& one : heard.value().hosts) replies.push_back(std::move(one));
    }
    if (replies.empty()) return fail_unreachable(console, nobody(route));
    const bool alone = options.host.empty() && replies.size() == 1;
    if (alone && reads) {
        const ExitCode code = show_reply(console, replies.front().reply, view.show);
        return code == ExitCode::done ? exit_code_of(replies) : code;
    }
    if (alone && console.json() && replies.front().reply.answered) {
        static_cast<void>(show_answer(replies.front().reply, console));
        return exit_code_of(replies);
    }
    if (!alone) replies = with_the_silent(route, std::move(replies));
    const ExitCode code = exit_code_of(replies);
    if (console.json())
        answer_in_json(replies, code == ExitCode::done, console);
    else
        say_answers(options, replies, view, console);
    return code;
}

}  // namespace nlb::cli
