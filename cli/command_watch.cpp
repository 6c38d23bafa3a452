// query --watch: the answer to `query`, drawn over itself each second. Plain ANSI: home, each line
// to its end, the rest cleared, so that nothing flickers. Arrows scroll, q ends it; a new size of
// the terminal counts from the next drawing on.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <string>
#include <termios.h>
#include <unistd.h>

#include "cli/cluster_view.hpp"
#include "cli/commands.hpp"
#include "cli/control_request.hpp"
#include "cli/watch_screen.hpp"

namespace nlb::cli {
namespace {

constexpr int kDrawEachMs = 1000;
volatile std::sig_atomic_t interrupted = 0;

void note_interrupt(int) {
    interrupted = 1;
}
void note_resize(int) {}  // poll() returns, and the next drawing asks for the size

// Keys one by one and unseen, a screen of its own; as before when it goes.
class Terminal {
public:
    Terminal() {
        known_ = tcgetattr(STDIN_FILENO, &former_) == 0;
        if (!known_) return;
        termios raw = former_;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal() {
        if (known_) tcsetattr(STDIN_FILENO, TCSANOW, &former_);
    }

private:
    termios former_{};
    bool known_ = false;
};

void listen_to_signals() {
    struct sigaction action {};
    action.sa_handler = note_interrupt;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    action.sa_handler = note_resize;
    sigaction(SIGWINCH, &action, nullptr);
}

std::string view_of(const Options& options, const ControlReply& reply, bool colour,
                    std::size_t width) {
    if (!reply.answered) return painted(reply.message, Paint::bad, colour);
    std::string text;
    for (const Json& cluster : list_of(reply.json, "clusters"))
        text += (text.empty() ? "" : "\n\n") + (options.hosts
                                                    ? view_of_hosts(cluster, colour, width)
                                                    : view_of_cluster(cluster, colour, width));
    return text.empty() ? refusal_in(reply.json) : text;
}

}  // namespace

ExitCode run_watch(const Options& options, Console& console) {
    if (console.json() || isatty(STDOUT_FILENO) != 1)
        return console.fail_usage(
            Error{"--watch draws on a terminal; without one, or with --json, ask `nlb query` again "
                  "and again"});
    if (const ExitCode code = check_host(options, console); code != ExitCode::done) return code;
    listen_to_signals();
    const Terminal terminal;
    WatchScreen screen;
    bool goes_on = true;
    while (goes_on && interrupted == 0) {
        const TerminalSize size = terminal_size();
        const ControlReply reply = ask(options, request_for(options, "query"));
        console.show(screen.draw(view_of(options, reply, console.colour(), size.columns), size));
        pollfd keys{STDIN_FILENO, POLLIN, 0};
        if (::poll(&keys, 1, kDrawEachMs) <= 0) continue;
        char bytes[32];
        const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (count == 0) break;  // nobody types any more
        if (count > 0) goes_on = screen.take_keys({bytes, static_cast<std::size_t>(count)});
    }
    console.show(WatchScreen::kLeave);
    return ExitCode::done;
}

}  // namespace nlb::cli
