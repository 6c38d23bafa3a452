// One table of commands; CLI11 does the parsing. A usage error is one line on the error stream (or
// a JSON twin) and exit code 2.
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"
#include "cli/windows/arguments.hpp"
#include "config/format.hpp"
#include "config/nearest.hpp"

namespace nlb::cli {
namespace {

struct Command {
    const char* name;
    const char* help;
    ExitCode (*run)(const Options&, Console&);
    void (*declare)(CLI::App&, Options&);
};

void rule_subject(CLI::App& app, Options& options) {
    app.add_option("rule", options.subject, "a rule's name, [VIP:]PORT, or all")
        ->required()
        ->type_name("RULE|[VIP:]PORT|all");
}

void port_subject(CLI::App& app, Options& options) {
    app.add_option("port", options.subject, "the port, and the VIP if a rule of its own handles it")
        ->required()
        ->type_name("[VIP:]PORT");
}

void address_subject(CLI::App& app, Options& options) {
    app.add_option("address", options.subject, "the cluster's primary address")
        ->required()
        ->type_name("ADDRESS");
    app.add_option("--switch", options.switch_kind,
                   "what to type on a switch and a router of that kind; with --config for that "
                   "cluster's mode, VLAN and addresses")
        ->type_name("cisco|arista|juniper|linux");
}

void check_subject(CLI::App& app, Options& options) {
    app.add_option("file", options.subject, "the configuration; without it, that of --config")
        ->type_name("FILE");
}

void keygen_subject(CLI::App& app, Options& options) {
    app.add_option("path", options.subject,
                   "the new file; without it, the key file that --config names, else nlb.key")
        ->type_name("PATH");
}

void add_members(CLI::App& app, Options& options) {
    app.add_option("--members", options.members, "the hosts that are present; without it, all")
        ->type_name("A,B,C");
}

void tables_arguments(CLI::App& app, Options& options) {
    add_members(app, options);
    app.add_option("-o,--output", options.output, "the file to write")
        ->required()
        ->type_name("FILE");
}

void explain_arguments(CLI::App& app, Options& options) {
    app.add_option("protocol", options.protocol, "what to send: tcp, udp or icmp")
        ->type_name("tcp|udp|icmp");
    app.add_option("source", options.source, "the client")->type_name("SRC[:PORT]");
    app.add_option("destination", options.destination, "a virtual or dedicated address")
        ->type_name("DST[:PORT]");
    app.add_option("--flags", options.flags, "TCP flags by their letters, SAFRPU; without it, S")
        ->type_name("SA");
    app.add_option("--pcap", options.pcap,
                   "explain every frame of a capture (pcap or pcapng, - for standard input)")
        ->type_name("FILE");
    app.add_flag("--all-hosts", options.all_hosts, "as every host of the cluster sees it");
    add_members(app, options);
}

void trace_arguments(CLI::App& app, Options& options) {
    app.add_option("--filter", options.filter,
                   "which packets, in the words of pcap-filter(7); without it, all")
        ->type_name("EXPRESSION");
    app.add_option("--count", options.count, "end after so many; without it, when interrupted")
        ->type_name("N");
    app.add_option("-w,--write", options.output,
                   "a pcapng with each decision as the packet's comment, - for standard output")
        ->type_name("FILE");
    app.add_option("--direction", options.direction, "from clients, from servers, or both [both]")
        ->type_name("in|out|both");
    app.add_option("--rate", options.rate,
                   "at most so many a second [1000]; the rest is counted, not shown")
        ->type_name("N");
    app.add_option("--snap", options.snap, "bytes kept of each [256]")->type_name("BYTES");
}

// NLB's form of what --cluster and --host say.
void target(CLI::App& app, Options& options) {
    app.add_option("target", options.target, "NLB's form of --cluster and --host")
        ->type_name("CLUSTER[:HOST]");
}

void add_max_moves(CLI::App& app, Options& options) {
    app.add_option("--max-moves", options.max_moves,
                   "refuse when more buckets than that would change hands")
        ->type_name("N");
}

void start_arguments(CLI::App& app, Options& options) {
    target(app, options);
    app.add_flag("--alone", options.alone,
                 "do not wait for signs that somebody else serves; you know that nobody does");
    add_max_moves(app, options);
}

void add_then(CLI::App& app, Options& options) {
    app.add_option("--then", options.then,
                   "with --timeout: what when connections are left; without it, they go on")
        ->type_name("stop")
        ->check(CLI::IsMember({"stop"}));
}

void query_arguments(CLI::App& app, Options& options) {
    app.add_flag("--ports", options.ports,
                 "show the ports instead: devices, links, what they lost; workers and buffers");
    target(app, options);
    app.add_flag("--watch", options.watch, "draw it again each second; q ends, arrows scroll");
    app.add_flag("--hosts", options.hosts, "only the hosts");
}

void events_arguments(CLI::App& app, Options& options) {
    app.add_option("--last", options.last, "the newest so many [20], at most 1000")->type_name("N");
}

void drain_arguments(CLI::App& app, Options& options) {
    rule_subject(app, options);
    add_then(app, options);
}

void stop_arguments(CLI::App& app, Options& options) {
    target(app, options);
    app.add_flag("--force", options.force, "also when no other host serves the cluster");
}

void drainstop_arguments(CLI::App& app, Options& options) {
    stop_arguments(app, options);
    add_then(app, options);
}

void help_subject(CLI::App& app, Options& options) {
    app.add_option("verb", options.subject, "the command; without it, all")->type_name("VERB");
}

// Answered by run_command_line, which knows the grammar.
ExitCode run_help(const Options&, Console&) {
    return ExitCode::done;
}

void plan_arguments(CLI::App& app, Options& options) {
    add_members(app, options);
    add_max_moves(app, options);
    app.add_option("--leave", options.leave, "a member that goes")->type_name("HOST");
    app.add_option("--join", options.join, "a host that comes")->type_name("HOST");
    app.add_option("--new-config", options.new_config,
                   "the configuration that takes the place of --config")
        ->type_name("FILE");
}

constexpr Command kCommands[] = {
    {"query", "show this host's state, the members and who owns which bucket", run_query,
     query_arguments},
    {"queryport", "show the rule that handles a port, and its packets", run_query_port,
     port_subject},
    {"params", "show the parameters in force", run_params, target},
    {"display", "show everything: params, query, configuration, recent events", run_display,
     target},
    {"events", "show the newest events, and what to do about them", run_events, events_arguments},
    {"start", "take part in the cluster", run_verb, start_arguments},
    {"stop", "leave the cluster at once; connections are cut", run_verb, stop_arguments},
    {"drainstop", "take no new connections, and stop when the last one ends", run_verb,
     drainstop_arguments},
    {"suspend", "stop, and answer only query and resume", run_verb, stop_arguments},
    {"resume", "end a suspension; start takes part again", run_verb, target},
    {"reload", "read the configuration again, on all hosts together", run_verb, add_max_moves},
    {"enable", "let this host handle a rule", run_rule_verb, rule_subject},
    {"disable", "stop handling a rule on this host; its connections are cut", run_rule_verb,
     rule_subject},
    {"drain", "take no new connections for a rule on this host", run_rule_verb, drain_arguments},
    {"ip2mac", "show the MAC addresses that a cluster address gives", run_ip2mac, address_subject},
    {"check", "find every mistake in a configuration, and show its timing", run_check,
     check_subject},
    {"keygen", "write a new cluster key", run_keygen, keygen_subject},
    {"tables", "write fixed tables for nlb-dataplane --tables", run_tables, tables_arguments},
    {"explain", "say what each host does with a packet, and why", run_explain, explain_arguments},
    {"trace", "show packets with verdict and reason, as the running dataplane decides them",
     run_trace, trace_arguments},
    {"plan", "say which buckets would move", run_plan, plan_arguments},
    {"import", "write a configuration from what Windows NLB says of itself", run_import,
     import_arguments},
    {"observe", "show the Windows NLB clusters whose heartbeats are heard", run_observe,
     observe_arguments},
    {"help", "say how a command is used", run_help, help_subject},
};

// A plain number counts seconds.
std::string read_timeout(const std::string& text, Options& options) {
    std::uint64_t number = 0;
    const auto duration =
        config::parse_duration(config::read_decimal(text, number) ? text + "s" : text);
    if (!duration) return duration.error().message;
    if (duration.value() <= Duration{0})
        return "expected a time above zero, got " + config::in_quotes(text);
    options.timeout = duration.value();
    options.timeout_given = true;
    return "";
}

std::string expect_name(const std::string& text) {
    return text.empty() ? "expected a name, got \"\"" : "";
}

void declare_common(CLI::App& app, Options& options, bool& version) {
    app.add_option_function<std::string>(
           "--config",
           [&options](const std::string& path) {
               options.config = path;
               options.config_given = true;
           },
           fmt::format("the configuration [{}]", kDefaultConfig))
        ->type_name("FILE");
    app.add_option("--cluster", options.cluster, "one cluster; without it, all or the only one")
        ->type_name("NAME")
        ->check(expect_name);
    app.add_option("--host", options.host, "a host; without it, this machine")
        ->type_name("NAME|all")
        ->check(expect_name);
    app.add_option("--run-dir", options.run_dir,
                   fmt::format("where the control plane's socket is [{}]", kDefaultRunDir))
        ->type_name("DIR");
    app.add_option("--remote", options.remote,
                   "speak to a cluster from outside, at one of its addresses [port 2504]")
        ->type_name("ADDRESS[:PORT]")
        ->check(expect_name);
    app.add_option("--key-file", options.key_file,
                   "the key of remote control; without it, what the configuration names")
        ->type_name("FILE");
    app.add_option("--timeout", "how long to wait for the control plane [2s]")
        ->type_name("TIME")
        ->check(CLI::Validator(
            [&options](std::string& text) { return read_timeout(text, options); }, ""));
    app.add_flag("--json", options.json, "answer in JSON, errors too");
    app.add_flag("--version", version, "print the version");
}

// A word where a command belongs; empty when every word was understood.
std::string unknown_command(const CLI::App& app) {
    const auto rest = app.remaining();
    if (!app.get_subcommands().empty() || rest.empty() || rest.front().rfind('-', 0) == 0)
        return "";
    std::vector<std::string_view> names;
    for (const Command& command : kCommands) names.emplace_back(command.name);
    const std::string_view meant = config::nearest(rest.front(), names);
    return fmt::format("no command {}{}", config::in_quotes(rest.front()),
                       meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
}

// `nlb query web:edge2`, as NLB writes it. What is said twice must be said alike.
Status apply_target(Options& options) {
    if (options.target.empty()) return Done{};
    const std::size_t colon = options.target.find(':');
    const std::string cluster = options.target.substr(0, colon);
    const std::string host = colon == std::string::npos ? "" : options.target.substr(colon + 1);
    if (cluster.empty() || (colon != std::string::npos && host.empty()))
        return Error{"expected CLUSTER or CLUSTER:HOST, got " + config::in_quotes(options.target)};
    const bool twice = (!options.cluster.empty() && options.cluster != cluster) ||
                       (!host.empty() && !options.host.empty() && options.host != host);
    if (twice)
        return Error{config::in_quotes(options.target) +
                     " and --cluster or --host mean different things"};
    options.cluster = cluster;
    if (!host.empty()) options.host = host;
    return Done{};
}

// NLB's `/local`: this machine's, which every command is. Kept where a file may be meant.
bool is_needless(std::string_view word, std::string_view command) {
    constexpr std::array kNlbVerbs{"query",  "queryport", "params",  "display", "start",
                                   "stop",   "drainstop", "suspend", "resume",  "reload",
                                   "enable", "disable",   "drain"};
    return (word == "/local" || word == "/LOCAL") &&
           std::find(kNlbVerbs.begin(), kNlbVerbs.end(), command) != kNlbVerbs.end();
}

// CLI11 reads them from the last to the first.
std::vector<std::string> words_of(int argc, const char* const* argv) {
    std::string_view command;
    std::vector<std::string> words;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const bool known = std::any_of(std::begin(kCommands), std::end(kCommands),
                                       [word](const Command& one) { return word == one.name; });
        if (command.empty() && known) command = word;
        if (!is_needless(word, command)) words.emplace_back(word);
    }
    std::reverse(words.begin(), words.end());
    return words;
}

// CLI11's sentences may take several lines; the first one says what is wrong.
std::string first_line(std::string text) {
    text.resize(std::min(text.size(), text.find('\n')));
    return text;
}

bool asks_for_json(int argc, const char* const* argv) {
    for (int i = 1; i < argc; ++i)
        if (std::string_view(argv[i]) == "--json") return true;
    return false;
}

// Nothing is lost silently: a full disk or a closed pipe turns success into failure.
int finish(std::ostream& out, ExitCode code) {
    out.flush();
    if (!out && code == ExitCode::done) return static_cast<int>(ExitCode::refused);
    return static_cast<int>(code);
}

int help_for(CLI::App& app, const std::string& verb, std::ostream& out, Console& console) {
    if (verb.empty()) {
        // help() of a grammar that has read a command is that command's.
        out << app.get_formatter()->make_help(&app, "", CLI::AppFormatMode::Normal);
        return finish(out, ExitCode::done);
    }
    for (const CLI::App* command : app.get_subcommands(nullptr))
        if (command->get_name() == verb) {
            out << command->help();
            return finish(out, ExitCode::done);
        }
    return finish(out, console.fail_usage(Error{"no command " + config::in_quotes(verb) +
                                                "; `nlb help` lists them"}));
}

}  // namespace

int run_command_line(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                     bool colour) {
    Options options;
    bool version = false;
    CLI::App app(
        "Network load balancing without a load balancer: see and steer this host and its cluster.",
        "nlb");
    app.require_subcommand(0, 1);
    app.fallthrough();
    app.get_formatter()->column_width(34);
    declare_common(app, options, version);
    const Command* chosen = nullptr;
    for (const Command& command : kCommands) {
        CLI::App* sub = app.add_subcommand(command.name, command.help);
        command.declare(*sub, options);
        sub->callback([&chosen, &command] { chosen = &command; });
    }
    Console early(out, err, asks_for_json(argc, argv), colour);
    try {
        app.parse(words_of(argc, argv));
    } catch (const CLI::CallForHelp&) {
        const auto asked = app.get_subcommands();
        out << (asked.empty() ? app.help() : asked.front()->help());
        return finish(out, ExitCode::done);
    } catch (const CLI::Error& error) {
        const std::string unknown = unknown_command(app);
        const Error usage{(unknown.empty() ? first_line(error.what()) : unknown) +
                          "; `nlb --help` lists commands and options"};
        return finish(out, early.fail_usage(usage));
    }
    if (version) {
        out << "nlb " << NLB_VERSION << '\n';
        return finish(out, ExitCode::done);
    }
    if (chosen == nullptr)
        return finish(out, early.fail_usage(Error{"expected a command; `nlb --help` lists them"}));
    options.command = chosen->name;
    if (options.command == "help") return help_for(app, options.subject, out, early);
    if (const Status applied = apply_target(options); !applied)
        return finish(out, early.fail_usage(applied.error()));
    Console console(out, err, options.json, colour);
    return finish(out, chosen->run(options, console));
}

}  // namespace nlb::cli
