// What all commands have in common that speak to a control plane: the request's frame, who is
// asked, and what becomes of a refusal.
#pragma once

#include <string>

#include "cli/console.hpp"
#include "cli/control_client.hpp"
#include "cli/options.hpp"

namespace nlb::cli {

[[nodiscard]] Json request_for(const Options& options, const std::string& command);
// The one host that the options mean.
[[nodiscard]] ControlReply ask(const Options& options, const Json& request);
// What every host knows alike: this one, or with --remote whoever answers first. `--host` is not
// looked at.
[[nodiscard]] ControlReply ask_anybody(const Options& options, const Json& request);
ExitCode fail_unreachable(Console& console, const ControlReply& reply);

// For commands that concern one host: `--host all` is refused. Done means that it may go on.
[[nodiscard]] ExitCode check_host(const Options& options, Console& console);

[[nodiscard]] ExitCode exit_code_of(const Json& answer);
// The message of an answer, with NLB's number.
[[nodiscard]] std::string refusal_in(const Json& answer);
// Prints the answer, or its refusal; true when there is something more to show to people.
[[nodiscard]] bool show_answer(const ControlReply& reply, Console& console);

ExitCode show_reply(Console& console, const ControlReply& reply,
                    void (*show)(const Json&, Console&));
// One question; one answer, or one from each host that is meant.
ExitCode run_asking(const Options& options, Console& console, const Json& request,
                    void (*show)(const Json&, Console&));

}  // namespace nlb::cli
