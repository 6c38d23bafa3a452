// One callback for all events; ethdev passes on what it was registered with. A removal is told by
// few drivers: of the others the bus tells it, when VFIO asks for the device.
#define ALLOW_EXPERIMENTAL_API  // DPDK 22.11: events of devices
#include "dataplane/ports/port_events.hpp"

#include <array>
#include <map>
#include <mutex>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <string>
#include <utility>

namespace nlb::dataplane {
namespace {

constexpr std::array<std::pair<rte_eth_event_type, std::uint32_t>, 6> kEvents{
    {{RTE_ETH_EVENT_INTR_LSC, kLinkChanged},
     {RTE_ETH_EVENT_INTR_RMV, kRemoved},
     {RTE_ETH_EVENT_INTR_RESET, kResetNeeded},
     {RTE_ETH_EVENT_ERR_RECOVERING, kRecovering},
     {RTE_ETH_EVENT_RECOVERY_SUCCESS, kRecovered},
     {RTE_ETH_EVENT_RECOVERY_FAILED, kRecoveryFailed}}};

// Thread: DPDK's interrupt thread.
int on_event(std::uint16_t, rte_eth_event_type type, void* events, void*) {
    for (const auto& [known, bit] : kEvents)
        if (known == type) static_cast<PortEvents*>(events)->note(bit);
    return 0;
}

// Who watches which device of a bus. DPDK 22.11 takes the callbacks of other devices away too when
// one device's is (rte_dev_event_callback_unregister), so there is one for all, and it stays.
class Removals {
public:
    void add(const std::string& device, PortEvents* events) {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(listens_, true))
            static_cast<void>(rte_dev_event_callback_register(nullptr, on_device_event, this));
        watchers_.emplace(device, events);
    }
    void remove(const PortEvents* events) {
        const std::lock_guard lock(mutex_);
        std::erase_if(watchers_, [&](const auto& entry) { return entry.second == events; });
    }

private:
    // Thread: DPDK's interrupt thread.
    static void on_device_event(const char* device, rte_dev_event_type type, void* all) {
        if (type != RTE_DEV_EVENT_REMOVE || device == nullptr) return;
        auto& removals = *static_cast<Removals*>(all);
        const std::lock_guard lock(removals.mutex_);
        const auto [first, last] = removals.watchers_.equal_range(device);
        for (auto entry = first; entry != last; ++entry) entry->second->note(kRemoved);
    }

    std::mutex mutex_;
    bool listens_ = false;
    std::multimap<std::string, PortEvents*> watchers_;
};

Removals& removals() {
    static Removals all;
    return all;
}

}  // namespace

PortEvents::~PortEvents() {
    unwatch();
}

void PortEvents::watch(std::uint16_t port) {
    unwatch();
    port_ = port;
    for (const auto& [type, bit] : kEvents)
        static_cast<void>(rte_eth_dev_callback_register(port, type, on_event, this));
    rte_eth_dev_info info{};
    if (rte_eth_dev_info_get(port, &info) != 0 || info.device == nullptr) return;
    removals().add(rte_dev_name(info.device), this);
}

void PortEvents::unwatch() {
    if (port_ < 0) return;
    for (const auto& [type, bit] : kEvents)
        static_cast<void>(rte_eth_dev_callback_unregister(static_cast<std::uint16_t>(port_), type,
                                                          on_event, this));
    port_ = -1;
    removals().remove(this);
}

void PortEvents::note(std::uint32_t events) {
    came_.fetch_or(events, std::memory_order_acq_rel);
    if (bell_) bell_();
}

}  // namespace nlb::dataplane
