// posix_spawn, pipes and SIGCHLD on the loop. A child gets nothing of this process but its input
// and output: no descriptor, no signal mask, no environment beyond a path.
#include "controlplane/health/programs.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "config/format.hpp"
#include "controlplane/health/trusted_file.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

using daemon::monotonic_now;

struct Pipe {
    int out = -1;  // to read from
    int in = -1;
    Pipe() = default;
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        for (const int end : {out, in})
            if (end >= 0) close(end);
    }
    [[nodiscard]] bool open() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return false;
        out = ends[0];
        in = ends[1];
        return true;
    }
};

// An end that a program gets must block, as programs expect.
void let_block(int descriptor) {
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
}

class SpawnRules {
public:
    SpawnRules(int input, int output) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        posix_spawn_file_actions_addchdir_np(&actions_, "/");
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setpgroup(&attributes_, 0);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes_, &none);
        sigset_t all;
        sigfillset(&all);
        posix_spawnattr_setsigdefault(&attributes_, &all);
    }
    SpawnRules(const SpawnRules&) = delete;
    SpawnRules& operator=(const SpawnRules&) = delete;
    ~SpawnRules() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    // 0, or an errno.
    [[nodiscard]] int spawn(pid_t& pid, const std::string& file,
                            const std::vector<std::string>& words) const {
        std::vector<char*> arguments;
        for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        static char locale[] = "LC_ALL=C.UTF-8";
        std::array<char*, 3> environment{path, locale, nullptr};
        return posix_spawn(&pid, file.c_str(), &actions_, &attributes_, arguments.data(),
                           environment.data());
    }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

}  // namespace

struct Programs::Child {
    explicit Child(asio::io_context& loop) : timer(loop), output(loop) {}
    pid_t pid = -1;
    Instant began{};
    Duration timeout{};
    bool timed_out = false;
    Done done;
    asio::steady_timer timer;
    asio::posix::stream_descriptor output;
    std::array<char, 1024> buffer{};
    std::string said;
};

Programs::Programs(asio::io_context& loop) : loop_(loop), child_ended_(loop, SIGCHLD) {
    await_children();
}

Programs::~Programs() {
    for (const auto& child : running_) {
        kill(-child->pid, SIGKILL);
        waitpid(child->pid, nullptr, 0);
    }
}

void Programs::run(ProgramOrder order, Done done) {
    NLB_ASSERT(!order.words.empty() && order.input.size() <= kProgramInputMax);
    waiting_.push_back({std::move(order), std::move(done)});
    start_waiting();
}

void Programs::start_waiting() {
    while (!waiting_.empty() && running_.size() < kRunningMax) {
        Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        start(std::move(next.order), std::move(next.done));
    }
}

// The file is looked at anew each time: what root could trust yesterday may be open to others now.
void Programs::start(ProgramOrder order, Done done) {
    const auto fail = [&](std::string because) {
        asio::post(loop_, [done = std::move(done), because = std::move(because)] {
            done({because, 0, {}, {}});
        });
    };
    const auto file = trusted_file(order.words.front());
    if (!file) return fail("refused: " + file.error().message);
    Pipe input;
    Pipe output;
    if (!input.open() || !output.open())
        return fail(std::string{"not started: "} + std::strerror(errno));
    // A pipe holds more than kProgramInputMax, so nothing waits here.
    if (!order.input.empty() && write(input.in, order.input.data(), order.input.size()) < 0)
        return fail(std::string{"not started: "} + std::strerror(errno));
    let_block(input.out);
    let_block(output.in);
    const auto child = std::make_shared<Child>(loop_);
    const SpawnRules rules(input.out, output.in);
    if (const int error = rules.spawn(child->pid, file.value(), order.words); error != 0)
        return fail(order.words.front() + " is not started: " + std::strerror(error));
    child->began = monotonic_now();
    child->timeout = order.timeout;
    child->done = std::move(done);
    child->output.assign(std::exchange(output.out, -1));
    running_.push_back(child);
    read_from(child);
    child->timer.expires_after(
        std::chrono::duration_cast<asio::steady_timer::duration>(order.timeout));
    child->timer.async_wait([child](const asio::error_code& error) {
        if (error) return;
        child->timed_out = true;
        kill(-child->pid, SIGKILL);
    });
}

// Read to its end also beyond what is kept, so that no program is stuck on its output.
void Programs::read_from(const std::shared_ptr<Child>& child) {
    child->output.async_read_some(
        asio::buffer(child->buffer),
        [this, child](const asio::error_code& error, std::size_t count) {
            if (error) return;
            const std::size_t room = kProgramOutputMax - child->said.size();
            child->said.append(child->buffer.data(), std::min(count, room));
            read_from(child);
        });
}

void Programs::await_children() {
    child_ended_.async_wait([this](const asio::error_code& error, int) {
        if (error) return;
        reap();
        await_children();
    });
}

void Programs::reap() {
    const auto looked_at = running_;
    for (const auto& child : looked_at) {
        siginfo_t ended{};
        if (waitid(P_PID, static_cast<id_t>(child->pid), &ended, WEXITED | WNOHANG | WNOWAIT) !=
                0 ||
            ended.si_pid != child->pid)
            continue;
        // What it left running is no longer wanted either. The number is its group's until it has
        // been waited for.
        kill(-child->pid, SIGKILL);
        int status = 0;
        waitpid(child->pid, &status, 0);
        running_.remove(child);
        finish(child, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    start_waiting();
}

// What it said last may still be in the pipe.
void Programs::finish(const std::shared_ptr<Child>& child, int status) {
    child->timer.cancel();
    asio::error_code ignored;
    child->output.non_blocking(true, ignored);
    while (child->said.size() < kProgramOutputMax) {
        const std::size_t count = child->output.read_some(asio::buffer(child->buffer), ignored);
        if (ignored || count == 0) break;
        child->said.append(child->buffer.data(),
                           std::min(count, kProgramOutputMax - child->said.size()));
    }
    child->output.close(ignored);
    ProgramEnd end{{}, status, std::move(child->said), monotonic_now() - child->began};
    if (child->timed_out) end.because = "timed out after " + config::to_string(child->timeout);
    child->done(std::move(end));
}

}  // namespace nlb::controlplane
