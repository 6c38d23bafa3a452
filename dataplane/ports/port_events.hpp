// What a driver tells of its device while it runs: the link, a removal, a reset, an error that it
// mends. DPDK's interrupt thread notes it and rings main; main decides (port_health.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "dataplane/ports/port_health.hpp"

namespace nlb::dataplane {

class PortEvents {
public:
    PortEvents() = default;
    ~PortEvents();
    PortEvents(const PortEvents&) = delete;
    PortEvents& operator=(const PortEvents&) = delete;

    // Called when something came, from any thread: it rings main. Thread: main, before watch().
    void set_bell(std::function<void()> bell) { bell_ = std::move(bell); }
    // From now on events of that port come here. Requires: the port is attached. Thread: main.
    void watch(std::uint16_t port);
    // Requires: not called from an event. Thread: main.
    void unwatch();

    // Thread: any. Bits of port_health.hpp.
    void note(std::uint32_t events);
    // Thread: main. What came since the last call.
    [[nodiscard]] std::uint32_t take() { return came_.exchange(0, std::memory_order_acq_rel); }
    [[nodiscard]] bool any() const { return came_.load(std::memory_order_acquire) != 0; }

private:
    std::function<void()> bell_;
    std::atomic<std::uint32_t> came_{0};  // publishes nothing but itself
    int port_ = -1;
};

}  // namespace nlb::dataplane
