// One callback for all events; ethdev passes on what it was registered with.
#include "dataplane/ports/port_events.hpp"

#include <array>
#include <rte_ethdev.h>
#include <utility>

namespace nlb::dataplane {
namespace {

constexpr std::array<std::pair<rte_eth_event_type, PortEvent>, 6> kEvents{
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

}  // namespace

PortEvents::~PortEvents() {
    unwatch();
}

void PortEvents::watch(std::uint16_t port) {
    unwatch();
    port_ = port;
    for (const auto& [type, bit] : kEvents)
        static_cast<void>(rte_eth_dev_callback_register(port, type, on_event, this));
}

void PortEvents::unwatch() {
    if (port_ < 0) return;
    for (const auto& [type, bit] : kEvents)
        static_cast<void>(rte_eth_dev_callback_unregister(static_cast<std::uint16_t>(port_), type,
                                                          on_event, this));
    port_ = -1;
}

void PortEvents::note(std::uint32_t events) {
    came_.fetch_or(events, std::memory_order_acq_rel);
    if (bell_) bell_();
}

}  // namespace nlb::dataplane
