// config show: the text of the configuration in force, as it can be put into a file.
#include <fmt/format.h>

#include "cli/change/base.hpp"
#include "cli/change/push.hpp"
#include "cli/commands.hpp"
#include "cli/control_request.hpp"

namespace nlb::cli {

ExitCode run_config(const Options& options, Console& console) {
    if (options.action == "push") return run_push(options, console);
    if (options.plan_only)
        return console.fail_usage(Error{"config show takes no --plan; config push does"});
    if (const ExitCode code = check_host(options, console); code != ExitCode::done) return code;
    const ControlReply reply = ask(options, request_for(options, "map"));
    if (!reply.answered) return fail_unreachable(console, reply);
    if (!flag_of(reply.json, "ok"))
        return console.fail(ExitCode::refused, ReturnValue::refused, refusal_in(reply.json));
    // All clusters of a host are read from one file.
    for (const Json& cluster : list_of(reply.json, "clusters")) {
        const Json& configuration = member_of(cluster, "configuration");
        const std::string file = text_of(configuration, "file", "?");
        const Json& text = member_of(configuration, "text");
        if (!text.is_string())
            return console.fail(ExitCode::refused, ReturnValue::refused,
                                file +
                                    " is longer than the 256 KiB that a host tells: read it "
                                    "there");
        const std::string own = text_of(configuration, "own_file", file);
        console.aside(file == own ? file + " is in force"
                                  : fmt::format("{} is in force: it came from another machine, and "
                                                "its generation is higher than that of {}",
                                                file, own));
        console.show(text.get<std::string>());
        Json answer = success("");
        answer["file"] = file;
        answer["own_file"] = own;
        answer["generation"] = number_of(cluster, "generation");
        answer["digest"] = text_of(cluster, "config_digest");
        answer["text"] = text;
        console.answer(answer);
        return ExitCode::done;
    }
    return console.fail(ExitCode::refused, ReturnValue::refused, "the host is in no cluster");
}

}  // namespace nlb::cli
