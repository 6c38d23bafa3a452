// A message is shared by all who send it. A stream begins with the next one: what was published
// before it was opened may be old.
#include "controlplane/api/http_streams.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace nlb::controlplane {

bool HttpStreams::open(Stream& stream) {
    const std::lock_guard lock(mutex_);
    if (streams_.size() >= most_) return false;
    stream.sequence = sequence_;
    streams_.insert(&stream);
    newcomers_ = true;
    return true;
}

void HttpStreams::close(Stream& stream) {
    const std::lock_guard lock(mutex_);
    streams_.erase(&stream);
}

std::optional<std::size_t> HttpStreams::read(Stream& stream, char* into, std::size_t max,
                                             const std::function<void()>& wait) {
    const std::lock_guard lock(mutex_);
    if (ended_) return std::nullopt;
    const bool done = stream.message == nullptr || stream.sent == stream.message->size();
    if (done && stream.sequence == sequence_) {
        stream.message.reset();
        stream.waits = true;
        wait();
        return std::size_t{0};
    }
    if (done) {
        stream.message = newest_;
        stream.sequence = sequence_;
        stream.sent = 0;
    }
    const std::size_t bytes = std::min(max, stream.message->size() - stream.sent);
    std::memcpy(into, stream.message->data() + stream.sent, bytes);
    stream.sent += bytes;
    return bytes;
}

void HttpStreams::publish(std::string message) {
    auto shared = std::make_shared<const std::string>(std::move(message));
    const std::lock_guard lock(mutex_);
    newest_ = std::move(shared);
    ++sequence_;
    for (Stream* const stream : streams_) wake(*stream);
}

void HttpStreams::end_all() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    for (Stream* const stream : streams_) wake(*stream);
}

void HttpStreams::wake(Stream& stream) {
    if (!stream.waits) return;
    stream.waits = false;
    stream.wake();
}

std::size_t HttpStreams::count() const {
    const std::lock_guard lock(mutex_);
    return streams_.size();
}

bool HttpStreams::take_newcomers() {
    const std::lock_guard lock(mutex_);
    return std::exchange(newcomers_, false);
}

}  // namespace nlb::controlplane
