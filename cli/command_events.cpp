// events: what the control plane has told lately, with what to do about it.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/control_request.hpp"
#include "cli/event_view.hpp"

namespace nlb::cli {

ExitCode run_events(const Options& options, Console& console) {
    if (const ExitCode code = check_host(options, console); code != ExitCode::done) return code;
    Json request = request_for(options, "events");
    request["last"] = options.last;
    const ControlReply reply = ask(options, request);
    if (!reply.answered) return fail_unreachable(console, reply);
    if (!flag_of(reply.json, "ok")) {
        static_cast<void>(show_answer(reply, console));
        return ExitCode::refused;
    }
    const Json& events = list_of(reply.json, "events");
    for (const Json& event : events) {
        console.answer(event);
        console.say(event_line(event, console.colour()));
    }
    if (events.empty()) console.say("no event is kept");
    if (const std::string message = text_of(reply.json, "message"); !message.empty())
        console.warn(message);
    return ExitCode::done;
}

}  // namespace nlb::cli
