// Runs the operator's programs without a shell, each in a process group of its own and no longer
// than its time limit; then the whole group is killed. What they say is read up to a limit. It
// decides nothing about what a program's end means.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "config/daemon/clock.hpp"
#include "controlplane/health/with_asio.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

struct ProgramOrder {
    std::vector<std::string> words;  // the file, from "/", and its arguments
    std::string input;               // at most kProgramInputMax bytes
    Duration timeout{};              // from its start
};
struct ProgramEnd {
    // Empty: it ran to its end. Else why not: refused, not started, timed out.
    std::string because;
    int status = 0;      // exit code, or 128 + the signal that ended it
    std::string output;  // the beginning of what it said, at most kProgramOutputMax bytes
    Duration took{};
};
inline constexpr std::size_t kProgramInputMax = 32 * 1024;
inline constexpr std::size_t kProgramOutputMax = 4096;

// Thread: the loop's.
class Programs {
public:
    using Done = std::function<void(ProgramEnd)>;
    explicit Programs(asio::io_context& loop);
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;
    // Whatever still runs is killed; nobody is called.
    ~Programs();

    // Calls `done` once, from the loop. Beyond kRunningMax at once it waits for its turn.
    void run(ProgramOrder order, Done done);

    static constexpr std::size_t kRunningMax = 16;

private:
    struct Child;
    struct Waiting {
        ProgramOrder order;
        Done done;
    };
    void start(ProgramOrder order, Done done);
    void start_waiting();
    void read_from(const std::shared_ptr<Child>& child);
    void await_children();
    void reap();
    void finish(const std::shared_ptr<Child>& child, int status);

    asio::io_context& loop_;
    asio::signal_set child_ended_;
    std::list<std::shared_ptr<Child>> running_;
    std::deque<Waiting> waiting_;
};

}  // namespace nlb::controlplane
