// What is sent to many at once, each at its own speed: the newest message for everybody, none kept
// for those who are slow. It knows no socket; whoever waits is woken by what the owner gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace nlb::controlplane {

class HttpStreams {
public:
    // One reader's place.
    struct Stream {
        std::function<void()> wake;  // called with the lock held; it must not call back
        std::shared_ptr<const std::string> message;
        std::size_t sent = 0;        // bytes of it
        std::uint64_t sequence = 0;  // of that message
        bool waits = false;
    };
    explicit HttpStreams(std::size_t most) : most_(most) {}

    // False: there are as many as there may be.
    [[nodiscard]] bool open(Stream& stream);
    void close(Stream& stream);
    // Copies up to `max` bytes. 0: nothing is there; `wait` was called and the stream is woken by
    // the next message. Nothing: it is over.
    [[nodiscard]] std::optional<std::size_t> read(Stream& stream, char* into, std::size_t max,
                                                  const std::function<void()>& wait);
    void publish(std::string message);
    // All streams are over: whoever waits is woken, and nobody waits any more.
    void end_all();
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] bool take_newcomers();

private:
    void wake(Stream& stream);

    mutable std::mutex mutex_;
    std::size_t most_;
    std::set<Stream*> streams_;
    std::shared_ptr<const std::string> newest_;
    std::uint64_t sequence_ = 0;
    bool newcomers_ = false;
    bool ended_ = false;
};

}  // namespace nlb::controlplane
