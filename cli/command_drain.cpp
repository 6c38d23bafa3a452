// A drain that is waited for: the command, then a look each half second until the last connection
// has ended or the time is over. It never asks; what becomes of connections that are left was said
// beforehand (`--then stop`).
#include <algorithm>
#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <thread>

#include "cli/commands.hpp"
#include "cli/control_request.hpp"
#include "cli/text_table.hpp"

namespace nlb::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{500};

struct Progress {
    bool known = false;
    bool over = false;
    std::uint64_t connections = 0;  // left
    std::string why_not;            // when not known
};

class Drain {
public:
    Drain(const Options& options, Console& console) : options_(options), console_(console) {
        exchange_ = options;
        exchange_.timeout = std::min<Duration>(options.timeout, std::chrono::seconds{2});
    }

    ExitCode run() {
        if (const ExitCode code = check_host(exchange_, console_); code != ExitCode::done)
            return code;
        const auto deadline = Clock::now() + options_.timeout;
        const ControlReply begun = ask(exchange_, request(options_.command));
        if (!begun.answered) return fail_unreachable(console_, begun);
        if (!flag_of(begun.json, "ok")) {
            static_cast<void>(show_answer(begun, console_));
            return ExitCode::refused;
        }
        rules_ = list_of(begun.json, "rules");
        Progress progress;
        for (;;) {
            progress = look();
            if (!progress.known || progress.over || Clock::now() >= deadline) break;
            say_progress(progress);
            std::this_thread::sleep_for(
                std::min<Clock::duration>(kLookEvery, deadline - Clock::now()));
        }
        if (!progress.known)
            return console_.fail(ExitCode::unreachable, ReturnValue::io_error, progress.why_not);
        if (progress.over) return finish(ExitCode::done, ReturnValue::ok, progress, "drained");
        return options_.then.empty() ? give_up(progress) : cut(progress);
    }

private:
    [[nodiscard]] bool of_host() const { return options_.command == "drainstop"; }

    [[nodiscard]] Json request(const std::string& command) const {
        Json wish = request_for(exchange_, command);
        if (!of_host()) wish["rule"] = options_.subject;
        if (of_host() && options_.force) wish["force"] = true;
        return wish;
    }

    [[nodiscard]] Progress look() const {
        Json question = request_for(exchange_, "query");
        if (!of_host()) question["rule"] = options_.subject;
        const ControlReply reply = ask(exchange_, question);
        if (!reply.answered) return {false, false, 0, reply.message};
        Progress progress{true, true, 0, ""};
        for (const Json& cluster : list_of(reply.json, "clusters")) {
            if (of_host() && text_of(cluster, "state") != "stopped") progress.over = false;
            for (const Json& rule : list_of(cluster, "rules")) {
                const auto left = number_of(rule, "connections");
                if (left > 0) progress.connections += static_cast<std::uint64_t>(left);
                if (!of_host() && (left > 0 || number_of(rule, "own") > 0)) progress.over = false;
            }
        }
        return progress;
    }

    // Each time that it changes, so that a log of it stays short.
    void say_progress(const Progress& progress) {
        if (told_ && *told_ == progress.connections) return;
        told_ = progress.connections;
        console_.say(fmt::format("{}: {} left", options_.command,
                                 counted(progress.connections, "connection")));
        console_.flush();
    }

    ExitCode give_up(const Progress& progress) {
        return finish(
            ExitCode::refused, ReturnValue::timeout, progress,
            fmt::format("not over after {}: {} left; it goes on",
                        std::chrono::duration_cast<std::chrono::milliseconds>(options_.timeout),
                        counted(progress.connections, "connection")));
    }

    // The time is over, and the operator said what then.
    ExitCode cut(const Progress& progress) {
        const ControlReply reply = ask(exchange_, request(of_host() ? "stop" : "disable"));
        if (!reply.answered) return fail_unreachable(console_, reply);
        if (!flag_of(reply.json, "ok"))
            return finish(ExitCode::refused, ReturnValue::refused, progress,
                          text_of(reply.json, "message"));
        return finish(ExitCode::done, ReturnValue::drain_stopped, progress,
                      fmt::format("{} cut, {}", counted(progress.connections, "connection"),
                                  of_host() ? "the host is stopped" : "the rule is disabled"));
    }

    ExitCode finish(ExitCode code, ReturnValue value, const Progress& progress,
                    const std::string& message) {
        const bool ok = code == ExitCode::done;
        console_.answer({{"ok", ok},
                         {"return_value", static_cast<int>(value)},
                         {"message", message},
                         {"rules", rules_.is_array() ? rules_ : Json::array()},
                         {"ended", progress.over},
                         {"connections", progress.connections}});
        if (console_.json()) return code;
        if (!ok) return console_.fail(code, value, options_.command + ": " + message);
        console_.say(fmt::format("{}: {}", options_.command, message));
        return code;
    }

    const Options& options_;
    Options exchange_;  // with the time for one question
    Console& console_;
    Json rules_;
    std::optional<std::uint64_t> told_;
};

}  // namespace

ExitCode run_waiting_drain(const Options& options, Console& console) {
    return Drain(options, console).run();
}

}  // namespace nlb::cli
