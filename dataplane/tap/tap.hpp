// A kernel interface as a DPDK port: `nlb_tap0,iface=NAME[,netns=NAME][,queues=N]`. Workers see
// rings (net_ring), so that their side costs no system call but a doorbell's; a thread per queue
// (pump.hpp) does the rest. Large frames pass whole where both ports of a pair take them. Thread:
// main.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "dataplane/frames/buffers.hpp"
#include "dataplane/startup/device.hpp"
#include "dataplane/tap/pump.hpp"
#include "dataplane/tap/tun_device.hpp"

namespace nlb::dataplane {

class Tap {
public:
    // `room`: the bytes of a frame that a small buffer holds (core/packet/frame_room.hpp).
    // Requires: EAL runs; device.driver is kTapDriver.
    static Result<std::unique_ptr<Tap>> open(const Device& device, std::uint16_t room);
    ~Tap();
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;

    // The DPDK port.
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] TunDevice& interface() { return interface_; }
    [[nodiscard]] const TunDevice& interface() const { return interface_; }

    // How many queues are served. Requires: it is stopped, 1 <= queues <= the device's.
    Status set_queues(std::uint16_t queues) { return interface_.set_queues(used_ = queues); }
    // What the other port of the pair takes of what this kernel leaves to a device. Requires: it is
    // stopped.
    void set_offloads(const Offloads& offloads);
    // Whose worker takes the frames of the queue. Requires: the doorbell lives until stop().
    void set_reader(std::uint16_t queue, Doorbell* reader) { pumps_[queue]->set_reader(reader); }
    // Sets the interface up, and starts the threads; on `cpus`, if there are any.
    Status start(const std::vector<std::uint16_t>& cpus);
    // Does nothing when it is stopped. Requires: no worker uses the port.
    void stop();

    // What a worker rings when it has sent.
    [[nodiscard]] Doorbell& bell(std::uint16_t queue) { return pumps_[queue]->bell(); }
    // The pools: frames that came from here may wait at the other port when this one is gone.
    [[nodiscard]] std::shared_ptr<const void> buffers() const { return buffers_; }
    // Over all queues.
    [[nodiscard]] PumpCounters counters() const;

private:
    explicit Tap(TunDevice interface) : interface_(std::move(interface)) {}
    Status make_queues(const std::string& name, std::uint16_t queues, std::uint16_t room);

    TunDevice interface_;
    std::uint16_t port_ = 0;
    std::uint16_t used_ = 1;
    struct Buffers {
        Pool small;
        Pool large;
    };
    std::shared_ptr<Buffers> buffers_ = std::make_shared<Buffers>();
    std::vector<Ring> rings_;  // to and from the kernel, by queue
    std::vector<std::unique_ptr<Pump>> pumps_;
};

}  // namespace nlb::dataplane
