// Keeps recordings on the disk: STATE_DIR/HOST/flight/, bounded, written by a thread of its own, as
// a disk may take longer than a lease. A disk that fails is told once, and the recorder goes on
// when it takes bytes again. It also reads them for `nlb bundle`. It decides nothing about what is
// recorded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/agent/events.hpp"
#include "controlplane/flight/agent_recorder.hpp"
#include "controlplane/health/with_asio.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

struct RecordedFile {
    std::string name;
    std::uint64_t bytes = 0;
};

// Which files of a flight folder may go, the oldest first, so that the rest holds what is kept of
// the last hour of recording within `bytes_max`. `files` are in the order of their names.
struct KeptFile {
    std::string name;
    std::uint64_t bytes = 0;
    std::chrono::milliseconds lasted{};  // from its beginning to its last byte
};
[[nodiscard]] std::vector<std::string> files_to_remove(const std::vector<KeptFile>& files,
                                                       std::uint64_t bytes_max);

// Thread: the loop's, all calls.
class FlightStore {
public:
    static constexpr std::uint64_t kBytesMax = 64 * 1024 * 1024;  // on the disk
    // Segments that are being written; the rest is for those that are over.
    static constexpr std::uint64_t kOpenBytesMax = 16 * 1024 * 1024;
    static constexpr std::size_t kQueuedBytesMax = 8 * 1024 * 1024;
    static constexpr std::chrono::milliseconds kRetry{10'000};
    static constexpr std::size_t kChunkBytesMax = 256 * 1024;
    static constexpr std::chrono::minutes kKept{60};

    // `state_directory` is made when it is missing. `events` outlives it.
    FlightStore(asio::io_context& loop, std::string state_directory, EventSink& events,
                std::chrono::milliseconds retry = kRetry);
    // Returns once nothing is being written.
    ~FlightStore();
    FlightStore(const FlightStore&) = delete;
    FlightStore& operator=(const FlightStore&) = delete;

    // Where the recorder of a cluster puts its segments; it lives as long as the store.
    [[nodiscard]] SegmentSink& sink_for(const std::string& cluster);
    // What has been handed over is written when `then` is called.
    using Listed = std::function<void(Result<std::vector<RecordedFile>>)>;
    void list(Listed then);
    // At most kChunkBytesMax from `offset` on; empty: the end. An error: there is no such file.
    using Read = std::function<void(Result<std::vector<Byte>>)>;
    void read(const std::string& name, std::uint64_t offset, Read then);
    // For the end: everything is written before it returns.
    void finish();

private:
    class File;

    [[nodiscard]] bool take_room(std::size_t bytes);
    // `write` on the writer's thread; `bytes` were taken from the room.
    void write(std::size_t bytes, std::function<Status()> write);
    void on_written(std::size_t bytes, const Status& done);

    asio::io_context& loop_;
    EventSink& events_;
    asio::steady_timer retry_;
    std::chrono::milliseconds retry_after_;
    std::string state_directory_;
    std::string directory_;
    std::vector<std::unique_ptr<File>> files_;
    std::size_t queued_bytes_ = 0;
    std::uint64_t failures_ = 0;
    bool failing_ = false;  // told, and not over
    bool waits_ = false;    // for the next try
    asio::thread_pool writer_{1};
};

}  // namespace nlb::controlplane
