// One table of commands; CLI11 does the parsing.
#include "cli/command_table.hpp"

#include <CLI/CLI.hpp>

#include "cli/arguments.hpp"
#include "cli/command_doctor.hpp"
#include "cli/commands.hpp"
#include "cli/windows/arguments.hpp"
#include "config/format.hpp"

namespace nlb::cli {
namespace {

std::string read_settle(const std::string& text, Options& options) {
    const auto duration = config::parse_duration(text);
    if (!duration) return duration.error().message;
    options.settle = duration.value();
    return "";
}

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

void tables_arguments(CLI::App& app, Options& options) {
    add_members(app, options);
    app.add_option("-o,--output", options.output, "the file to write")
        ->required()
        ->type_name("FILE");
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

void no_arguments(CLI::App&, Options&) {}

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

void add_plan(CLI::App& app, Options& options, const char* help) {
    app.add_flag("--plan", options.plan_only, help);
}

void change_arguments(CLI::App& app, Options& options, const std::vector<std::string>& actions,
                      const char* name) {
    app.add_option("action", options.action, "what to do")
        ->required()
        ->type_name(CLI::detail::join(actions, "|"))
        ->check(CLI::IsMember(actions));
    app.add_option("name", options.subject, "which one")->required()->type_name(name);
    add_plan(app, options,
             "show what would change and move, and what each host says; change nothing");
    add_max_moves(app, options);
}

void add_words(CLI::App& app, Options& options) {
    app.add_option("keys", options.words, "as in nlb.yaml(5); KEY= takes one out")
        ->type_name("KEY=VALUE");
}

void hosts_arguments(CLI::App& app, Options& options) {
    change_arguments(app, options, {"add", "remove"}, "HOST");
    add_words(app, options);
}

void rules_arguments(CLI::App& app, Options& options) {
    change_arguments(app, options, {"add", "remove", "set"}, "RULE");
    add_words(app, options);
}

void vips_arguments(CLI::App& app, Options& options) {
    change_arguments(app, options, {"add", "remove"}, "ADDRESS");
}

void keys_arguments(CLI::App& app, Options& options) {
    app.add_option("action", options.action, "what to do")
        ->required()
        ->type_name("rotate")
        ->check(CLI::IsMember({"rotate"}));
    add_plan(app, options, "show what would be done, and who could take the key; change nothing");
}

void config_arguments(CLI::App& app, Options& options) {
    app.add_option("action", options.action, "what to do")
        ->required()
        ->type_name("show|push")
        ->check(CLI::IsMember({"show", "push"}));
    add_plan(app, options, "of push: show what would change on that host; change nothing");
}

void announce_arguments(CLI::App& app, Options& options) {
    app.add_option("--protocol", options.protocol_name,
                   "what bird.conf calls the routes: it is switched on and off")
        ->required()
        ->type_name("NAME");
    app.add_option("--bird", options.bird, "BIRD's control socket [/run/bird/bird.ctl]")
        ->type_name("SOCKET");
    app.add_option("--settle", "how long this host serves before it announces [1s]")
        ->type_name("TIME")
        ->check(CLI::Validator([&options](std::string& text) { return read_settle(text, options); },
                               ""));
    app.add_flag("--withdraw", options.withdraw, "withdraw the routes, and end");
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
    {"bundle", "collect what this host recorded of the last hour, or make several bundles one",
     run_bundle, bundle_arguments},
    {"replay", "run the recordings of a bundle again: what happened, and who disagreed", run_replay,
     replay_arguments},
    {"start", "take part in the cluster", run_verb, start_arguments},
    {"stop", "leave the cluster at once; connections are cut", run_verb, stop_arguments},
    {"drainstop", "take no new connections, and stop when the last one ends", run_verb,
     drainstop_arguments},
    {"suspend", "stop, and answer only query and resume", run_verb, stop_arguments},
    {"resume", "end a suspension; start takes part again", run_verb, target},
    {"reload", "read the configuration again, on all hosts together", run_verb, add_max_moves},
    {"hosts", "add a host to the cluster's configuration on all hosts, or remove one", run_change,
     hosts_arguments},
    {"rules", "add, remove or change a port rule on all hosts", run_change, rules_arguments},
    {"vips", "add or remove a virtual address on all hosts", run_change, vips_arguments},
    {"keys", "give all hosts a new cluster key, and retire the former one", run_keys,
     keys_arguments},
    {"config", "print the configuration in force, or bring it to a host that has an older one",
     run_config, config_arguments},
    {"enable", "let this host handle a rule", run_rule_verb, rule_subject},
    {"disable", "stop handling a rule on this host; its connections are cut", run_rule_verb,
     rule_subject},
    {"drain", "take no new connections for a rule on this host", run_rule_verb, drain_arguments},
    {"ip2mac", "show the MAC addresses that a cluster address gives", run_ip2mac, address_subject},
    {"check", "find every mistake in a configuration, and show its timing", run_check,
     check_subject},
    {"doctor", "find what is wrong on this host or will be, and what mends it", run_doctor,
     no_arguments},
    {"keygen", "write a new cluster key", run_keygen, keygen_subject},
    {"tables", "write fixed tables for nlb-dataplane --tables", run_tables, tables_arguments},
    {"explain", "say what each host does with a packet, and why", run_explain, explain_arguments},
    {"trace", "show packets with verdict and reason, as the running dataplane decides them",
     run_trace, trace_arguments},
    {"plan", "say which buckets would move", run_plan, plan_arguments},
    {"announce", "announce the cluster's addresses by BIRD while this host serves", run_announce,
     announce_arguments},
    {"import", "write a configuration from what Windows NLB says of itself", run_import,
     import_arguments},
    {"observe", "show the Windows NLB clusters whose heartbeats are heard", run_observe,
     observe_arguments},
    {"help", "say how a command is used", run_help, help_subject},
};

}  // namespace

std::span<const Command> commands() {
    return kCommands;
}

}  // namespace nlb::cli
