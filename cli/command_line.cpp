// What all commands have in common; CLI11 does the parsing. A usage error is one line on the error
// stream (or a JSON twin) and exit code 2.
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>
#include <string_view>
#include <vector>

#include "cli/command_table.hpp"
#include "config/format.hpp"
#include "config/nearest.hpp"

namespace nlb::cli {
namespace {

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
    for (const Command& command : commands()) names.emplace_back(command.name);
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
        const bool known = std::any_of(commands().begin(), commands().end(),
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
    for (const Command& command : commands()) {
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
