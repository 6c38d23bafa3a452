// Keeps the state file as the agents want it: a thread of its own writes, because a disk may take
// longer than a lease, and what could not be written is tried again. It decides nothing about what
// is kept.
#pragma once

#include <chrono>
#include <string>

#include "controlplane/agent/events.hpp"
#include "controlplane/health/with_asio.hpp"
#include "controlplane/loop/state_file.hpp"

namespace nlb::controlplane {

// Thread: the loop's, all calls.
class StateKeeper {
public:
    // `events` outlives it. `directory` is made when it is missing, at the first write.
    StateKeeper(asio::io_context& loop, std::string directory, EventSink& events,
                std::chrono::milliseconds retry = kRetry)
        : loop_(loop),
          events_(events),
          retry_(loop),
          retry_after_(retry),
          directory_(std::move(directory)),
          path_(directory_ + "/state") {}
    // Returns once nothing is being written.
    ~StateKeeper();
    StateKeeper(const StateKeeper&) = delete;
    StateKeeper& operator=(const StateKeeper&) = delete;

    // What the file holds now; what is wanted until somebody says otherwise.
    const StoredState& read();
    // Logs why read() found a file and could not use it, if so. The log has to run for that.
    void tell_unreadable() const;
    // Only when it changed is anything written. A failure is told once, and when it is over.
    void keep(StoredState state);
    // For the end: what is not on the disk yet is written before it returns.
    void finish();
    [[nodiscard]] const StoredState& wanted() const { return wanted_; }

    static constexpr std::chrono::milliseconds kRetry{1000};

private:
    [[nodiscard]] static Status write_below(const std::string& directory, const std::string& path,
                                            const StoredState& state);
    void write();
    void note_kept();
    void on_written(const StoredState& state, const Status& done);

    asio::io_context& loop_;
    EventSink& events_;
    asio::steady_timer retry_;
    std::chrono::milliseconds retry_after_;
    std::string directory_;
    std::string path_;
    std::string unreadable_;
    StoredState wanted_;
    StoredState written_;
    bool busy_ = false;
    bool failing_ = false;
    asio::thread_pool writer_{1};
};

}  // namespace nlb::controlplane
