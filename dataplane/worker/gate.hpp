// Whether the ports of a cluster may be used: main shuts it before a device is reset or let go, and
// opens it when the device is back. It wakes nobody and waits for nobody; when no core is behind a
// gate that was shut, a grace period tells (dataplane/worker/rcu.hpp).
#pragma once

#include <atomic>
#include <cstdint>

namespace nlb::dataplane {

class Gate {
public:
    // Thread: main.
    void shut() {
        turns_.store(turns_.load(std::memory_order_relaxed) | 1, std::memory_order_release);
    }
    void open() { turns_.fetch_add(is_shut() ? 1 : 0, std::memory_order_release); }

    // Thread: any.
    [[nodiscard]] bool is_shut() const { return (turns() & 1) != 0; }
    // Another number after each turn.
    [[nodiscard]] std::uint32_t turns() const { return turns_.load(std::memory_order_acquire); }

private:
    // Odd: shut. Publishes what main has changed of the lane meanwhile.
    std::atomic<std::uint32_t> turns_{0};
};

}  // namespace nlb::dataplane
