// Which shell runs which kind of check, and the queue of each cluster's events.
#include "controlplane/health/check_runner.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <unistd.h>
#include <utility>

#include "config/daemon/event_line.hpp"
#include "controlplane/health/programs.hpp"
#include "controlplane/health/web_checks.hpp"

namespace nlb::controlplane {
namespace {

using config::CheckKind;
using Outcome = CheckResult::Outcome;

constexpr const char* kSystemctl = "/usr/bin/systemctl";
// Its own manual names this directory as the sign (sd_booted(3)).
constexpr const char* kSystemdRuns = "/run/systemd/system";
constexpr std::size_t kSaidMax = 120;

// The first line, fit for a line of a log.
std::string first_line(const std::string& said) {
    std::string line = said.substr(0, std::min(said.find('\n'), kSaidMax));
    for (char& character : line)
        if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f) character = ' ';
    return line;
}

CheckResult no_systemd() {
    return {Outcome::impossible, "systemd does not run here: use check exec or tcp", {}};
}

}  // namespace

CheckResult result_of_exec(const ProgramEnd& end) {
    if (!end.because.empty()) return {Outcome::failed, end.because, end.took};
    if (end.status == 0) return {Outcome::passed, {}, end.took};
    const std::string said = first_line(end.output);
    return {Outcome::failed,
            "exit status " + std::to_string(end.status) + (said.empty() ? "" : ": " + said),
            end.took};
}

// A unit that reloads serves meanwhile.
CheckResult result_of_unit(const std::string& unit, const ProgramEnd& end) {
    if (!end.because.empty() || end.status != 0) return result_of_exec(end);
    const std::string state = first_line(end.output);
    if (state == "active" || state == "reloading") return {Outcome::passed, {}, end.took};
    return {Outcome::failed, unit + " is " + (state.empty() ? "unknown to systemd" : state),
            end.took};
}

// All of it belongs to the runner's thread, but for the queue of asio itself.
struct CheckRunner::Work {
    asio::io_context loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> stays{loop.get_executor()};
    Programs programs{loop};
    WebChecks web{loop};
    struct Notes {
        std::deque<ProgramOrder> pending;
        bool running = false;
    };
    std::map<std::string, Notes> notes;  // by cluster

    void run(const CheckOrder& order, Done done) {
        const config::Health& health = order.health;
        if (health.check == CheckKind::exec) {
            programs.run(
                {health.program, {}, health.timeout},
                [done = std::move(done)](const ProgramEnd& end) { done(result_of_exec(end)); });
        } else if (health.check == CheckKind::unit) {
            if (access(kSystemdRuns, F_OK) != 0) return done(no_systemd());
            programs.run(
                {{kSystemctl, "show", "--property=ActiveState", "--value", "--", health.unit},
                 {},
                 health.timeout},
                [unit = health.unit, done = std::move(done)](const ProgramEnd& end) {
                    done(result_of_unit(unit, end));
                });
        } else {
            web.run(order, std::move(done));
        }
    }

    void note(const std::string& cluster, ProgramOrder order) {
        Notes& of_cluster = notes[cluster];
        if (of_cluster.pending.size() >= kNotesPending)
            return daemon::log_event(daemon::EventId::notify_lost,
                               {{"cluster", cluster},
                                {"because", std::to_string(kNotesPending) +
                                                " events wait for the program already"}});
        of_cluster.pending.push_back(std::move(order));
        run_next_note(cluster);
    }

    void run_next_note(const std::string& cluster) {
        Notes& of_cluster = notes[cluster];
        if (of_cluster.running || of_cluster.pending.empty()) return;
        of_cluster.running = true;
        ProgramOrder order = std::move(of_cluster.pending.front());
        of_cluster.pending.pop_front();
        programs.run(std::move(order), [this, cluster](const ProgramEnd& end) {
            if (const CheckResult result = result_of_exec(end); result.outcome != Outcome::passed)
                daemon::log_event(daemon::EventId::notify_failed,
                            {{"cluster", cluster}, {"because", result.because}});
            notes[cluster].running = false;
            run_next_note(cluster);
        });
    }
};

CheckRunner::CheckRunner()
    : work_(std::make_unique<Work>()), thread_([this] { work_->loop.run(); }) {}

CheckRunner::~CheckRunner() {
    work_->loop.stop();
    thread_.join();
}

void CheckRunner::run(CheckOrder order, Done done) {
    asio::post(work_->loop,
               [work = work_.get(), order = std::move(order), done = std::move(done)]() mutable {
                   work->run(order, std::move(done));
               });
}

void CheckRunner::notify(std::string cluster, std::vector<std::string> program, std::string input) {
    asio::post(work_->loop, [work = work_.get(), cluster = std::move(cluster),
                             order = ProgramOrder{std::move(program), std::move(input),
                                                  kNoteTimeout}]() mutable {
        work->note(cluster, std::move(order));
    });
}

}  // namespace nlb::controlplane
