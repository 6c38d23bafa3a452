// Pools, rings and a net_ring port around the pumps.
#include "dataplane/tap/tap.hpp"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "core/base/assert.hpp"
#include "dataplane/startup/memory.hpp"

namespace nlb::dataplane {
namespace {

// Threads of ours share CPUs with other programs. In a pool of DPDK's usual kind everybody waits
// for one that was stopped while it put a buffer back; in this kind nobody does. No cache: lcores
// would keep more large buffers than there are.
Result<Pool> make_tap_pool(const std::string& name, std::uint32_t buffers, std::uint16_t bytes) {
    Pool pool = make_buffers({name, buffers, 0, bytes, SOCKET_ID_ANY, "ring_mt_rts"});
    if (pool == nullptr)
        return Error{
            fmt::format("the pool \"{}\" of {} buffers could not be made ({}): raise "
                        "eal.memory, or use fewer lcores",
                        name, buffers, rte_strerror(rte_errno))};
    return pool;
}

}  // namespace

Result<std::unique_ptr<Tap>> Tap::open(const Device& device, std::uint16_t room) {
    const std::string name = device.argument("iface").value_or("");
    const std::uint16_t queues = queues_of(device);
    auto interface =
        TunDevice::open(name, device.argument("netns").value_or(""), {kGsoBytesMax, kSegmentsMost});
    if (!interface) return interface.error();
    std::unique_ptr<Tap> tap(new Tap(std::move(interface.value())));
    if (auto made = tap->make_queues(device.name, queues, room); !made) return made.error();
    return tap;
}

Tap::~Tap() {
    stop();
}

Status Tap::make_queues(const std::string& name, std::uint16_t queues, std::uint16_t room) {
    auto small = make_tap_pool(name + " small", tap_buffers(queues).small,
                               static_cast<std::uint16_t>(room + RTE_PKTMBUF_HEADROOM));
    if (!small) return small.error();
    auto large = make_tap_pool(name + " large", tap_buffers(queues).large, UINT16_MAX);
    if (!large) return large.error();
    *buffers_ = {std::move(small.value()), std::move(large.value())};
    std::vector<rte_ring*> to_kernel;
    std::vector<rte_ring*> from_kernel;
    for (std::uint16_t queue = 0; queue < queues; ++queue) {
        for (auto [direction, rings] : {std::pair{"to", &to_kernel}, {"from", &from_kernel}}) {
            auto ring = make_ring(fmt::format("{} {} {}", name, direction, queue), kRingDescriptors,
                                  SOCKET_ID_ANY);
            if (!ring) return ring.error();
            rings->push_back(ring.value().get());
            rings_.push_back(std::move(ring.value()));
        }
        pumps_.push_back(
            std::make_unique<Pump>(Pump::Ends{to_kernel.back(), from_kernel.back(),
                                              buffers_->small.get(), buffers_->large.get(), room}));
    }
    const int port =
        rte_eth_from_rings(name.c_str(), from_kernel.data(), queues, to_kernel.data(), queues, 0);
    if (port < 0)
        return Error{fmt::format("no port of rings could be made ({})", rte_strerror(rte_errno))};
    port_ = static_cast<std::uint16_t>(port);
    return Done{};
}

void Tap::set_offloads(const Offloads& offloads) {
    for (const auto& pump : pumps_) pump->set_offloads(offloads);
}

Status Tap::start(const std::vector<std::uint16_t>& cpus) {
    if (!interface_.set_up())
        return Error{"the interface \"" + interface_.interface() + "\" cannot be set up"};
    for (std::uint16_t queue = 0; queue < used_; ++queue)
        pumps_[queue]->start(interface_.fd(queue), cpus);
    return Done{};
}

void Tap::stop() {
    for (const auto& pump : pumps_) pump->stop();
}

PumpCounters Tap::counters() const {
    PumpCounters sum;
    for (const auto& pump : pumps_) {
        const PumpCounters one = pump->counters();
        sum.to_kernel += one.to_kernel;
        sum.from_kernel += one.from_kernel;
        sum.kernel_refused += one.kernel_refused;
        sum.malformed += one.malformed;
        sum.no_buffer += one.no_buffer;
    }
    return sum;
}

}  // namespace nlb::dataplane
