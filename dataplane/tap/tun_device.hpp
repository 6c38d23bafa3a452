// The kernel's end of a tap: an interface of /dev/net/tun with offloads, one descriptor per queue.
// Frames on a descriptor begin with a VirtioHeader. The interface goes away with its last
// descriptor. It moves no frame. Thread: main.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/types.hpp"

namespace nlb::dataplane {

// A descriptor that is closed with this value.
class OwnFd {
public:
    explicit OwnFd(int fd = -1) : fd_(fd) {}
    OwnFd(OwnFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    OwnFd& operator=(OwnFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~OwnFd();
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

class TunDevice {
public:
    // What the kernel gives at once: it cuts by itself what would be more.
    struct Limits {
        std::uint32_t frame_bytes;
        std::uint32_t segments;
    };
    // Makes the interface, in the network namespace of that name (`ip netns`; empty: this
    // process's). Refuses a name that is taken, and a kernel without queues or offloads.
    static Result<TunDevice> open(const std::string& interface, const std::string& netns,
                                  const Limits& limits);

    // So many descriptors; those that were there stay. Requires: queues >= 1, no thread reads those
    // that go.
    Status set_queues(std::uint16_t queues);
    [[nodiscard]] int fd(std::uint16_t queue) const { return queues_[queue].get(); }

    [[nodiscard]] const std::string& interface() const { return interface_; }
    [[nodiscard]] MacAddress mac() const;
    // It is set up and there is somebody behind it.
    [[nodiscard]] bool link_up() const;
    // In bytes; 0: unknown.
    [[nodiscard]] std::uint16_t mtu() const;
    bool set_mtu(std::uint16_t mtu);
    bool set_up();

private:
    TunDevice(std::string interface, OwnFd control)
        : interface_(std::move(interface)), control_(std::move(control)) {}
    Status add_queue();
    Status limit(const Limits& limits);

    std::string interface_;
    OwnFd control_;  // a socket of the interface's namespace, for ioctls
    std::vector<OwnFd> queues_;
};

}  // namespace nlb::dataplane
