// What a daemon tells the service manager that started it: that it is ready, what it does, that it
// lives (the protocol of sd_notify(3): datagrams to $NOTIFY_SOCKET). Without a manager nothing is
// told. It decides nothing about what is true.
#pragma once

#include <string>
#include <string_view>

#include "core/base/types.hpp"

namespace nlb::daemon {

// Thread: one, all calls.
class ServiceManager {
public:
    // From $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID. They are taken out of the environment,
    // so that no child speaks for this process. Thread: main, while there is no other.
    [[nodiscard]] static ServiceManager from_environment();
    ServiceManager() = default;
    ServiceManager(ServiceManager&& other) noexcept;
    ServiceManager& operator=(ServiceManager&& other) noexcept;
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;
    ~ServiceManager();

    [[nodiscard]] bool listens() const { return fd_ >= 0; }
    // What the manager does not take at once is sent again by alive().
    void ready() { owes_ready_ = !tell("READY=1"); }
    void stopping() { tell("STOPPING=1"); }
    // One line for people. Only a change is sent; what the manager did not take is sent again.
    void status(std::string_view text);
    // Feeds the watchdog, four times in its time at most. Nothing when there is none.
    void alive(Instant now);
    // The time within which alive() must be called; 0: there is no watchdog.
    [[nodiscard]] Duration watchdog() const { return watchdog_; }

private:
    bool tell(std::string_view text) const;

    int fd_ = -1;
    std::string address_;
    Duration watchdog_{};
    Instant fed_ = kLongAgo;
    bool owes_ready_ = false;
    std::string status_;
};

}  // namespace nlb::daemon
