// Appends one batch at a time; what comes meanwhile is the next batch.
#include "controlplane/loop/event_store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "config/daemon/event_line.hpp"
#include "config/daemon/state_directory.hpp"

namespace nlb::controlplane {
namespace {

// Of a file that somebody else made longer only the end is read.
constexpr std::streamoff kReadBytesMax = 8 * 1024 * 1024;

bool write_all(int fd, const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t count = ::write(fd, text.data() + at, text.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        at += static_cast<std::size_t>(count);
    }
    return true;
}

}  // namespace

Status write_events(const std::string& path, const std::string& text, bool whole) {
    const std::string target = whole ? path + ".new" : path;
    const auto failed = [&] {
        return Error{path + ": cannot keep events: " + std::strerror(errno)};
    };
    const int how = whole ? O_TRUNC : O_APPEND;
    const int fd = ::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | how, 0600);
    if (fd < 0) return failed();
    const bool written = write_all(fd, text);
    const bool closed = ::close(fd) == 0;
    if (!written || !closed) return failed();
    if (whole && ::rename(target.c_str(), path.c_str()) != 0) return failed();
    return Done{};
}

std::vector<std::string> read_events(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream file(path, std::ios::binary);
    if (!file) return lines;
    file.seekg(0, std::ios::end);
    file.seekg(std::max<std::streamoff>(0, file.tellg() - kReadBytesMax));
    // The first line may be half of one: then it is no JSON object, as every other that is broken.
    for (std::string line; std::getline(file, line);)
        if (nlohmann::json::parse(line, nullptr, false).is_object())
            lines.push_back(std::move(line));
    if (lines.size() > kEventsKept)
        lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kEventsKept));
    return lines;
}

EventStore::~EventStore() {
    writer_.join();
}

void EventStore::read() {
    for (std::string& line : read_events(path_)) history_.add(std::move(line));
    // How long the file is is not known; the first batch writes it anew.
    writes_whole_ = true;
}

void EventStore::add(std::string line) {
    pending_.push_back(line);
    history_.add(std::move(line));
    // The history holds all that is worth keeping.
    if (pending_.size() > kEventsKept) {
        pending_.clear();
        writes_whole_ = true;
    }
    write();
}

std::string EventStore::take_pending(bool& whole) {
    whole = writes_whole_ || lines_ + pending_.size() > kLinesMax;
    std::string text;
    if (whole)
        for (const std::string& line : history_.lines()) text += line + '\n';
    else
        for (const std::string& line : pending_) text += line + '\n';
    lines_ = whole ? history_.lines().size() : lines_ + pending_.size();
    pending_.clear();
    writes_whole_ = false;
    return text;
}

Status EventStore::write_below(const std::string& text, bool whole) const {
    if (const Status made = daemon::make_state_directory(directory_); !made) return made;
    return write_events(path_, text, whole);
}

void EventStore::write() {
    if (busy_) return;
    busy_ = true;
    bool whole = false;
    std::string text = take_pending(whole);
    asio::post(writer_, [this, whole, text = std::move(text)] {
        const Status done = write_below(text, whole);
        asio::post(loop_, [this, done] { on_written(done); });
    });
}

// A failure is told once; the next event tries again.
void EventStore::on_written(const Status& done) {
    busy_ = false;
    if (!done) {
        writes_whole_ = true;
        if (!failing_)
            daemon::log_event(daemon::EventId::events_not_kept,
                              {{"because", done.error().message}});
        failing_ = true;
        return;
    }
    failing_ = false;
    if (!pending_.empty()) write();
}

void EventStore::finish() {
    writer_.join();
    if (pending_.empty() && !writes_whole_) return;
    bool whole = false;
    const std::string text = take_pending(whole);
    static_cast<void>(write_below(text, whole));
}

}  // namespace nlb::controlplane
