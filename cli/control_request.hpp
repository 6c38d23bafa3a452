// What all commands have in common that speak to the control plane: the request's frame, the check
// that the host that was meant answers, and what becomes of a refusal.
#pragma once

#include <string>

#include "cli/console.hpp"
#include "cli/control_client.hpp"
#include "cli/options.hpp"

namespace nlb::cli {

[[nodiscard]] Json request_for(const Options& options, const std::string& command);
[[nodiscard]] ControlReply ask(const Options& options, const Json& request);
ExitCode fail_unreachable(Console& console, const ControlReply& reply);

// Empty: the host that answers is the one that --host names, or none was named.
[[nodiscard]] std::string other_host(const Options& options, const Json& answer);
// Before anything is changed: does the right host listen? Done means yes.
[[nodiscard]] ExitCode check_host(const Options& options, Console& console);

[[nodiscard]] ExitCode exit_code_of(const Json& answer);
// The message of an answer, with NLB's number.
[[nodiscard]] std::string refusal_in(const Json& answer);
// Prints the answer, or its refusal; true when there is something more to show to people.
[[nodiscard]] bool show_answer(const ControlReply& reply, Console& console);

ExitCode show_reply(const Options& options, Console& console, const ControlReply& reply,
                    void (*show)(const Json&, Console&));
// One question, one answer.
ExitCode run_asking(const Options& options, Console& console, const Json& request,
                    void (*show)(const Json&, Console&));

}  // namespace nlb::cli
