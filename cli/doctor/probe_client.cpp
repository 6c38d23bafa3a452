// A child with pipes for its two streams; it is killed when its time is over.
#include "cli/doctor/probe_client.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace nlb::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAnswerBytesMax = 4U << 20;

struct Pipe {
    int ends[2] = {-1, -1};
    Pipe() {
        if (::pipe2(ends, O_CLOEXEC) != 0) ends[0] = ends[1] = -1;
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    void close_end(int which) {
        if (ends[which] >= 0) ::close(ends[which]);
        ends[which] = -1;
    }
};

// Takes what is there; closes the pipe at its end.
void drain(Pipe& from, std::string& into) {
    std::array<char, 65536> part{};
    const ssize_t count = ::read(from.ends[0], part.data(), part.size());
    if (count <= 0 || into.size() > kAnswerBytesMax)
        from.close_end(0);
    else
        into.append(part.data(), static_cast<std::size_t>(count));
}

// False: its time is over.
bool read_both(Pipe& out, std::string& said, Pipe& err, std::string& complained,
               Clock::time_point deadline) {
    while (out.ends[0] >= 0 || err.ends[0] >= 0) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return false;
        pollfd waits[2] = {{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}};
        if (::poll(waits, 2, static_cast<int>(left)) < 0 && errno != EINTR) return false;
        if (waits[0].revents != 0) drain(out, said);
        if (waits[1].revents != 0) drain(err, complained);
    }
    return true;
}

ProbeAnswer failed(std::string problem) {
    ProbeAnswer answer;
    answer.problem = std::move(problem);
    return answer;
}

std::string first_line(const std::string& text) {
    return printable(text.substr(0, text.find('\n')));
}

}  // namespace

std::string find_dataplane_program() {
    std::error_code unknown;
    const std::filesystem::path here =
        std::filesystem::read_symlink("/proc/self/exe", unknown).parent_path();
    for (const char* const place :
         {"../dataplane/nlb-dataplane", "nlb-dataplane", "../sbin/nlb-dataplane"}) {
        const std::filesystem::path program = here / place;
        if (::access(program.c_str(), X_OK) == 0) return program;
    }
    return "";
}

ProbeAnswer run_probe(const std::string& program, const ProbeQuestion& question, Duration timeout) {
    std::vector<std::string> words{program,       "--probe",       "--json",
                                   "--config",    question.config, "--host",
                                   question.host, "--run-dir",     question.run_dir};
    if (!question.root.empty()) words.insert(words.end(), {"--root", question.root});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    Pipe out, err;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err.ends[1], STDERR_FILENO);
    pid_t child = 0;
    const int error =
        ::posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return failed(program + " cannot be run: " + std::strerror(error));
    out.close_end(1);
    err.close_end(1);
    std::string said, complained;
    const bool ended = read_both(out, said, err, complained, Clock::now() + timeout);
    if (!ended) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (!ended)
        return failed(
            fmt::format("{} --probe did not end in {} s", program,
                        std::chrono::duration_cast<std::chrono::seconds>(timeout).count()));
    if (WIFSIGNALED(status))
        return failed(fmt::format("{} --probe ended by signal {} ({}){}{}", program,
                                  WTERMSIG(status), ::strsignal(WTERMSIG(status)),
                                  complained.empty() ? "" : ": ", first_line(complained)));
    if (WEXITSTATUS(status) != 0)
        return failed(complained.empty()
                          ? fmt::format("{} --probe ended with {}", program, WEXITSTATUS(status))
                          : first_line(complained));
    return read_probe(said);
}

ProbeAnswer read_probe(const std::string& text) {
    const auto parsed = parse_json(text);
    if (!parsed || !parsed->is_object())
        return failed("nlb-dataplane --probe gave no answer that can be read");
    ProbeAnswer answer;
    answer.answered = true;
    answer.dataplane_runs = flag_of(*parsed, "dataplane_runs");
    if (const Json& ports = list_of(*parsed, "ports"); ports.is_array()) answer.ports = ports;
    for (const Json& one : list_of(*parsed, "findings")) {
        const auto id = config::finding_named(text_of(one, "id"));
        if (!id) return failed("nlb-dataplane is of another version than nlb");
        answer.findings.push_back(
            {*id, text_of(one, "subject"), text_of(one, "says"), text_of(one, "mend")});
    }
    return answer;
}

}  // namespace nlb::cli
