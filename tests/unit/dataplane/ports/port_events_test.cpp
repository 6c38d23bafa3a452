// A device that its bus gives away is told to whoever watches it, and to nobody else.
#define ALLOW_EXPERIMENTAL_API  // DPDK 22.11: events of devices
#include "dataplane/ports/port_events.hpp"

#include <gtest/gtest.h>
#include <rte_dev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <string>
#include <utility>

#include "dataplane/frames/buffers.hpp"

namespace nlb::dataplane {
namespace {

class RingPort {
public:
    explicit RingPort(const std::string& name) {
        auto made = make_ring(name, 64, SOCKET_ID_ANY);
        ring_ = std::move(made.value());
        rte_ring* ring = ring_.get();
        id = static_cast<std::uint16_t>(rte_eth_from_rings(name.c_str(), &ring, 1, &ring, 1, 0));
        rte_eth_dev_info info{};
        if (rte_eth_dev_info_get(id, &info) == 0) device = rte_dev_name(info.device);
    }
    ~RingPort() { rte_eth_dev_close(id); }
    RingPort(const RingPort&) = delete;
    RingPort& operator=(const RingPort&) = delete;

    void remove() const { rte_dev_event_callback_process(device.c_str(), RTE_DEV_EVENT_REMOVE); }

    std::uint16_t id = 0;
    std::string device;

private:
    Ring ring_;
};

TEST(PortEvents, ARemovalIsToldToWhoWatchesThatDevice) {
    const RingPort one("events one");
    const RingPort other("events other");
    ASSERT_NE(one.device, other.device);
    PortEvents of_one;
    PortEvents of_other;
    int rung = 0;
    of_one.set_bell([&rung] { ++rung; });
    of_one.watch(one.id);
    of_other.watch(other.id);
    one.remove();
    EXPECT_EQ(of_one.take(), std::uint32_t{kRemoved});
    EXPECT_EQ(of_other.take(), 0U);
    EXPECT_EQ(rung, 1);
    rte_dev_event_callback_process(one.device.c_str(), RTE_DEV_EVENT_ADD);
    EXPECT_EQ(of_one.take(), 0U);
}

TEST(PortEvents, APortThatIsWatchedNoMoreLeavesOthersWatched) {
    const RingPort one("events left");
    const RingPort other("events kept");
    PortEvents of_one;
    PortEvents of_other;
    of_one.watch(one.id);
    of_other.watch(other.id);
    of_one.unwatch();
    one.remove();
    other.remove();
    EXPECT_EQ(of_one.take(), 0U);
    EXPECT_EQ(of_other.take(), std::uint32_t{kRemoved}) << "DPDK took its callback away";
    of_one.watch(one.id);
    one.remove();
    EXPECT_EQ(of_one.take(), std::uint32_t{kRemoved}) << "it was opened again";
}

}  // namespace
}  // namespace nlb::dataplane
