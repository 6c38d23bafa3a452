// A file's name is CLUSTER.MILLISECONDS.flight, the second part when it began, in UTC and 14
// digits: names sort as they were recorded. What its writer knows lives on the writer's thread.
#include "controlplane/loop/flight_store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

#include "config/daemon/state_directory.hpp"
#include "controlplane/flight/segment.hpp"

namespace nlb::controlplane {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::string_view kSuffix = ".flight";
constexpr std::size_t kFilesMax = 4096;

Status write_all(int fd, const std::string& path, const std::vector<Byte>& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t count = ::write(fd, bytes.data() + at, bytes.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return Error{path + ": cannot record: " + std::strerror(errno)};
        at += static_cast<std::size_t>(count);
    }
    return Done{};
}

bool is_recording(std::string_view name) {
    return name.ends_with(kSuffix) && name.size() > kSuffix.size() && name[0] != '.' &&
           name.find('/') == std::string_view::npos;
}

// 0 where the name has none.
std::int64_t begun_ms(std::string_view name) {
    name.remove_suffix(kSuffix.size());
    const std::size_t dot = name.rfind('.');
    std::int64_t ms = 0;
    for (const char c : name.substr(dot == std::string_view::npos ? 0 : dot + 1)) {
        if (c < '0' || c > '9' || ms > INT64_MAX / 100) return 0;
        ms = ms * 10 + (c - '0');
    }
    return ms;
}

// By when they began; nothing when there is no such folder.
std::vector<KeptFile> files_in(const std::string& directory) {
    std::vector<std::pair<std::int64_t, KeptFile>> found;
    std::error_code fault;
    for (fs::directory_iterator at(directory, fault), end; !fault && at != end;
         at.increment(fault)) {
        const std::string name = at->path().filename().string();
        struct stat about {};
        if (!is_recording(name) || lstat(at->path().c_str(), &about) != 0 ||
            !S_ISREG(about.st_mode))
            continue;
        const std::int64_t begun = begun_ms(name);
        const std::int64_t ended =
            std::int64_t{about.st_mtim.tv_sec} * 1000 + about.st_mtim.tv_nsec / 1'000'000;
        found.emplace_back(begun, KeptFile{name, static_cast<std::uint64_t>(about.st_size),
                                           milliseconds{ended - begun}});
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return std::tie(a.first, a.second.name) < std::tie(b.first, b.second.name);
    });
    std::vector<KeptFile> files;
    for (auto& [begun, file] : found) files.push_back(std::move(file));
    return files;
}

// A time of day that was set back must not make the newest recording look like the oldest.
std::string name_behind(const std::vector<KeptFile>& files, const std::string& cluster,
                        std::int64_t now_ms) {
    std::int64_t begun = std::max<std::int64_t>(now_ms, 1);
    if (!files.empty()) begun = std::max(begun, begun_ms(files.back().name) + 1);
    char digits[32];
    std::snprintf(digits, sizeof digits, ".%014lld", static_cast<long long>(begun));
    return cluster + digits + std::string{kSuffix};
}

}  // namespace

// How long a clock says that a segment lasted is believed within what a segment can last. Clusters
// of one host record side by side, so an hour is counted for each.
std::vector<std::string> files_to_remove(const std::vector<KeptFile>& files,
                                         std::uint64_t bytes_max) {
    std::vector<std::string> remove;
    std::map<std::string, milliseconds> lasted;
    std::uint64_t bytes = 0;
    std::size_t kept = 0;
    for (auto file = files.rbegin(); file != files.rend(); ++file) {
        const std::string cluster = file->name.substr(0, file->name.find('.'));
        const bool old = lasted[cluster] >= FlightStore::kKept;
        bytes += file->bytes;
        if (old || bytes > bytes_max || ++kept > kFilesMax) remove.push_back(file->name);
        lasted[cluster] +=
            std::clamp(file->lasted, milliseconds{0},
                       std::chrono::duration_cast<milliseconds>(AgentRecorder::kSegmentLasts) * 2);
    }
    std::reverse(remove.begin(), remove.end());
    return remove;
}

// One cluster's. The loop asks; what is behind `Writing` is the writer's alone.
class FlightStore::File final : public SegmentSink {
public:
    File(FlightStore& store, std::string cluster) : store_(store), cluster_(std::move(cluster)) {}

    bool begin(const SegmentHead& head) override {
        const std::size_t bytes = head.state.size() + head.settings.size();
        if (store_.waits_ || !store_.take_room(bytes)) return false;
        failures_ = store_.failures_;
        store_.write(bytes, [writing = writing_, head, cluster = cluster_,
                             state = store_.state_directory_, directory = store_.directory_] {
            return writing->open(head, cluster, state, directory);
        });
        return true;
    }
    bool append(std::vector<Byte> records) override {
        if (failures_ != store_.failures_ || !store_.take_room(records.size())) return false;
        const std::size_t bytes = records.size();
        store_.write(bytes, [writing = writing_, records = std::move(records)] {
            return writing->append(records);
        });
        return true;
    }

private:
    // Thread: the writer's.
    struct Writing {
        ~Writing() { close(); }
        void close() {
            if (fd >= 0) ::close(fd);
            fd = -1;
        }
        Status open(const SegmentHead& head, const std::string& cluster, const std::string& state,
                    const std::string& directory) {
            close();
            if (const Status made = daemon::make_state_directory(state); !made) return made;
            if (mkdir(directory.c_str(), 0750) != 0 && errno != EEXIST)
                return Error{directory + ": cannot make this folder: " + std::strerror(errno)};
            const std::vector<KeptFile> files = files_in(directory);
            for (const std::string& old : files_to_remove(files, kBytesMax - kOpenBytesMax))
                ::unlink((directory + "/" + old).c_str());
            path = directory + "/" + name_behind(files, cluster, head.wall_ns / 1'000'000);
            fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
            if (fd < 0) return Error{path + ": cannot record: " + std::strerror(errno)};
            encoder = std::make_unique<SegmentEncoder>();
            return keep(encoder->begin(head));
        }
        // Behind a failure what follows belongs to nothing that is on the disk.
        Status append(const std::vector<Byte>& records) {
            return fd < 0 ? Status{Done{}} : keep(encoder->append(records));
        }
        Status keep(const std::vector<Byte>& bytes) {
            const Status done = write_all(fd, path, bytes);
            if (!done) close();
            return done;
        }

        int fd = -1;
        std::string path;
        std::unique_ptr<SegmentEncoder> encoder;
    };

    FlightStore& store_;
    std::string cluster_;
    std::uint64_t failures_ = 0;  // of the store, when this segment began
    std::shared_ptr<Writing> writing_ = std::make_shared<Writing>();
};

FlightStore::FlightStore(asio::io_context& loop, std::string state_directory, EventSink& events,
                         milliseconds retry)
    : loop_(loop),
      events_(events),
      retry_(loop),
      retry_after_(retry),
      state_directory_(std::move(state_directory)),
      directory_(state_directory_ + "/flight") {}

FlightStore::~FlightStore() {
    writer_.join();
}

SegmentSink& FlightStore::sink_for(const std::string& cluster) {
    return *files_.emplace_back(std::make_unique<File>(*this, cluster));
}

bool FlightStore::take_room(std::size_t bytes) {
    if (queued_bytes_ + bytes > kQueuedBytesMax) return false;
    queued_bytes_ += bytes;
    return true;
}

void FlightStore::write(std::size_t bytes, std::function<Status()> write) {
    asio::post(writer_, [this, bytes, write = std::move(write)] {
        const Status done = write();
        asio::post(loop_, [this, bytes, done] { on_written(bytes, done); });
    });
}

// Told once; the segments that were being written are over.
void FlightStore::on_written(std::size_t bytes, const Status& done) {
    queued_bytes_ -= bytes;
    if (done) {
        if (failing_ && !waits_) {
            failing_ = false;
            events_.on_event({EventId::recording_kept, {{"folder", directory_}}});
        }
        return;
    }
    ++failures_;
    if (!failing_)
        events_.on_event({EventId::recording_not_kept,
                          {{"because", done.error().message}, {"next", "it is tried again"}}});
    failing_ = waits_ = true;
    retry_.expires_after(retry_after_);
    retry_.async_wait([this](const asio::error_code& stopped) {
        if (!stopped) waits_ = false;
    });
}

void FlightStore::list(Listed then) {
    asio::post(writer_, [this, directory = directory_, then = std::move(then)] {
        std::vector<RecordedFile> files;
        for (const KeptFile& file : files_in(directory)) files.push_back({file.name, file.bytes});
        asio::post(loop_, [then, files = std::move(files)] { then(files); });
    });
}

void FlightStore::read(const std::string& name, std::uint64_t offset, Read then) {
    const Error none{"no recording is called so; `flight` without a file lists them"};
    if (!is_recording(name) || offset > INT64_MAX) return then(none);
    asio::post(
        writer_, [this, none, path = directory_ + "/" + name, offset, then = std::move(then)] {
            std::vector<Byte> bytes(kChunkBytesMax);
            const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
            const ssize_t count =
                fd < 0 ? -1 : ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (fd >= 0) ::close(fd);
            bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
            const Result<std::vector<Byte>> result =
                count < 0 ? Result<std::vector<Byte>>{none} : Result<std::vector<Byte>>{bytes};
            asio::post(loop_, [then, result] { then(result); });
        });
}

void FlightStore::finish() {
    writer_.join();
}

}  // namespace nlb::controlplane
