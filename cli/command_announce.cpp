// announce: as long as this host serves the cluster, a routing daemon announces its addresses. A
// program of its own beside the control plane, so that the route does not outlive the cluster. Its
// unit withdraws the route however it ends (nlb-announce.service).
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <time.h>

#include "cli/announce/announcement.hpp"
#include "cli/announce/bird_client.hpp"
#include "cli/cluster_view.hpp"
#include "cli/commands.hpp"
#include "cli/control_request.hpp"

namespace nlb::cli {
namespace {

constexpr Duration kAskEach = std::chrono::milliseconds{100};
constexpr Duration kAnswerMost = std::chrono::milliseconds{300};
constexpr Duration kPatience = std::chrono::milliseconds{600};
constexpr Duration kBirdAnswerMost = std::chrono::seconds{1};
// A daemon that was restarted begins as its file says: it is told again.
constexpr Duration kTellAgain = std::chrono::seconds{5};

volatile std::sig_atomic_t ended = 0;

void note_end(int) {
    ended = 1;
}

void listen_to_signals() {
    struct sigaction action {};
    action.sa_handler = note_end;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

Instant now() {
    return Instant{std::chrono::steady_clock::now().time_since_epoch()};
}

// A host that drains does not: new clients are better off elsewhere.
bool takes_clients(const Json& cluster) {
    const auto value = static_cast<ReturnValue>(return_value_of(cluster));
    const bool member = value == ReturnValue::converging || value == ReturnValue::converged ||
                        value == ReturnValue::converged_default;
    return member && text_of(cluster, "serves_not_because").empty();
}

// Nothing: nobody answers. Several clusters count together: one address is one route.
std::optional<bool> state_of(const Options& options) {
    Options asked = options;
    asked.timeout = kAnswerMost;
    const ControlReply reply = ask(asked, request_for(asked, "query"));
    if (!reply.answered) return std::nullopt;
    const Json& clusters = list_of(reply.json, "clusters");
    return !clusters.empty() && std::all_of(clusters.begin(), clusters.end(), takes_clients);
}

class Announcer {
public:
    Announcer(const Options& options, Console& console)
        : options_(options), console_(console), state_(options.settle, kPatience) {}

    void look() {
        state_.see(state_of(options_), now());
        if (told_at_ && now() - *told_at_ >= kTellAgain) state_.forget();
        if (const auto wish = state_.wish(now())) tell(*wish);
    }

    bool tell(bool on) {
        told_at_ = now();
        const Status told =
            switch_protocol(options_.bird, options_.protocol_name, on, kBirdAnswerMost);
        if (!told) {
            if (told.error().message != complained_) console_.warn(told.error().message);
            complained_ = told.error().message;
            return false;
        }
        complained_.clear();
        state_.told(on);
        if (said_ == on) return true;
        said_ = on;
        console_.say(fmt::format("{} {}", on ? "announces" : "withdraws", options_.protocol_name));
        console_.answer({{"announces", on}, {"protocol", options_.protocol_name}});
        console_.flush();
        return true;
    }

private:
    const Options& options_;
    Console& console_;
    Announcement state_;
    std::optional<Instant> told_at_;
    std::optional<bool> said_;
    std::string complained_;  // each complaint is made once
};

}  // namespace

ExitCode run_announce(const Options& options, Console& console) {
    if (!is_bird_name(options.protocol_name))
        return console.fail_usage(
            Error{"--protocol: expected the name of a protocol in bird.conf "
                  "(letters, digits, _)"});
    Announcer announcer(options, console);
    if (options.withdraw) return announcer.tell(false) ? ExitCode::done : ExitCode::refused;
    listen_to_signals();
    while (ended == 0) {
        announcer.look();
        const timespec pause{0, std::chrono::nanoseconds{kAskEach}.count()};
        ::nanosleep(&pause, nullptr);
    }
    return announcer.tell(false) ? ExitCode::done : ExitCode::refused;
}

}  // namespace nlb::cli
