// Runs health checks and the operator's programs on a thread of its own: whatever a library, a name
// service or a fork takes, the loop of heartbeats does not wait for it. It decides nothing about a
// server's health.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controlplane/health/check.hpp"

namespace nlb::controlplane {

class CheckRunner {
public:
    using Done = std::function<void(CheckResult)>;
    // Its thread begins here, with the priority of whoever makes it.
    CheckRunner();
    CheckRunner(const CheckRunner&) = delete;
    CheckRunner& operator=(const CheckRunner&) = delete;
    // Gives up what is under way. No `done` is called afterwards.
    ~CheckRunner();

    // `done` is called once, on the runner's thread, after health.timeout at the latest and a
    // little; programs may have to wait for a turn before that. Thread: any.
    void run(CheckOrder order, Done done);
    // Runs the program with the input. Those of one cluster follow one another; what is more than
    // kNotesPending behind is lost and logged. Thread: any.
    void notify(std::string cluster, std::vector<std::string> program, std::string input);

    static constexpr std::size_t kNotesPending = 64;
    static constexpr Duration kNoteTimeout = std::chrono::seconds{10};

private:
    struct Work;
    std::unique_ptr<Work> work_;
    std::thread thread_;
};

// What a program's end, and what it said, mean for a check.
struct ProgramEnd;
[[nodiscard]] CheckResult result_of_exec(const ProgramEnd& end);
[[nodiscard]] CheckResult result_of_unit(const std::string& unit, const ProgramEnd& end);

}  // namespace nlb::controlplane
