// A thread of its own for one keeper: the kernel answers rtnetlink under a lock that others may
// hold for long, and main has leases to keep meanwhile.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "dataplane/inside/keeper.hpp"

namespace nlb::dataplane {

class InsideWatch {
public:
    // Looks and sets once before it returns; from then on its thread does.
    InsideWatch(std::unique_ptr<InsideKeeper> keeper, const Tables& tables);
    InsideWatch(const InsideWatch&) = delete;
    InsideWatch& operator=(const InsideWatch&) = delete;
    // When it returns what was set is taken away.
    ~InsideWatch();

    // Thread, here and below: main.
    void want(const Tables& tables);
    // As of the last look.
    [[nodiscard]] ipc::Inside inside() const;

private:
    void run();
    void look();

    const std::vector<IpAddress> gateways_;
    std::unique_ptr<InsideKeeper> keeper_;
    int wake_;                       // an eventfd
    std::atomic<bool> stop_{false};  // publishes nothing but itself
    mutable std::mutex mutex_;       // of the two below
    std::optional<InsideWishes> wanted_;
    ipc::Inside inside_{};
    std::thread thread_;
};

}  // namespace nlb::dataplane
