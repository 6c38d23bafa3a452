// Keeps the event history over a restart: a file of one JSON object a line, in the state directory.
// A thread of its own writes, because a disk may take longer than a lease. The file is bounded:
// what is read back is the newest kEventsKept lines.
#pragma once

#include <string>
#include <vector>

#include "controlplane/api/event_history.hpp"
#include "controlplane/health/with_asio.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

// Adds to the end, or replaces the file as a whole where `whole`. It returns when the kernel has
// it.
[[nodiscard]] Status write_events(const std::string& path, const std::string& text, bool whole);
// The newest lines of the file that are JSON objects; empty when there is none.
[[nodiscard]] std::vector<std::string> read_events(const std::string& path);

// Thread: the loop's, all calls.
class EventStore {
public:
    // `directory` is made when it is missing, at the first write.
    EventStore(asio::io_context& loop, EventHistory& history, std::string directory)
        : loop_(loop),
          history_(history),
          directory_(std::move(directory)),
          path_(directory_ + "/events") {}
    // Returns once nothing is being written.
    ~EventStore();
    EventStore(const EventStore&) = delete;
    EventStore& operator=(const EventStore&) = delete;

    // What was kept before this life, into the history.
    void read();
    void add(std::string line);
    // For the end: what is not on the disk yet is written before it returns.
    void finish();

    // Beyond that the file is written anew, with what the history holds.
    static constexpr std::size_t kLinesMax = 2 * kEventsKept;

private:
    void write();
    // Thread: the writer's, or the loop's when that has ended.
    [[nodiscard]] Status write_below(const std::string& text, bool whole) const;
    [[nodiscard]] std::string take_pending(bool& whole);
    void on_written(const Status& done);

    asio::io_context& loop_;
    EventHistory& history_;
    std::string directory_;
    std::string path_;
    std::vector<std::string> pending_;
    std::size_t lines_ = 0;  // in the file
    bool busy_ = false;
    bool failing_ = false;
    bool writes_whole_ = false;  // after a failure the file's end is not known
    asio::thread_pool writer_{1};
};

}  // namespace nlb::controlplane
