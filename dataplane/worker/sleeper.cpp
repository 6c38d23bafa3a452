// ppoll on the drivers' own descriptors. Those of sockets are only waited for, never read: the
// drivers read them.
#include "dataplane/worker/sleeper.hpp"

#include <ctime>
#include <rte_ethdev.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

constexpr short kTrouble = POLLERR | POLLHUP | POLLNVAL;
constexpr long kTroubleNs = 1'000'000;

}  // namespace

Sleeper::Sleeper(std::span<const Waker> wakers, Doorbell& bell) : bell_(bell) {
    watch(wakers);
}

void Sleeper::watch(std::span<const Waker> wakers) {
    NLB_ASSERT(wakers.size() <= kWakersMost);
    count_ = armed_count_ = 0;
    complete_ = true;
    fds_[count_++] = {bell_.fd(), POLLIN, 0};
    for (const Waker& waker : wakers) {
        complete_ &= waker.fd >= 0 || waker.rings;
        if (waker.fd < 0) continue;
        fds_[count_++] = {waker.fd, POLLIN, 0};
        if (waker.is_armed) armed_[armed_count_++] = waker;
    }
}

bool Sleeper::arm() {
    for (std::size_t i = 0; i < armed_count_; ++i)
        static_cast<void>(rte_eth_dev_rx_intr_enable(armed_[i].port, armed_[i].queue));
    return armed_count_ != 0;
}

void Sleeper::disarm() {
    for (std::size_t i = 0; i < armed_count_; ++i)
        static_cast<void>(rte_eth_dev_rx_intr_disable(armed_[i].port, armed_[i].queue));
}

// An event that was not read would end every sleep. DPDK makes these descriptors non-blocking.
void Sleeper::drain() {
    for (std::size_t i = 0; i < armed_count_; ++i) {
        std::uint64_t events = 0;
        static_cast<void>(!read(armed_[i].fd, &events, sizeof events));
    }
}

void Sleeper::sleep(std::uint32_t ns) {
    const timespec time{0, static_cast<long>(ns)};
    if (ppoll(fds_.data(), count_, &time, nullptr) <= 0) return;
    if (fds_[0].revents != 0) bell_.answer();
    if (armed_count_ != 0) drain();
    clear_errors();
}

void Sleeper::clear_errors() {
    bool trouble = false;
    for (std::size_t i = 1; i < count_; ++i) {
        if ((fds_[i].revents & kTrouble) == 0) continue;
        trouble = true;
        int error = 0;
        socklen_t bytes = sizeof error;
        static_cast<void>(getsockopt(fds_[i].fd, SOL_SOCKET, SO_ERROR, &error, &bytes));
    }
    const timespec time{0, kTroubleNs};
    if (trouble) nanosleep(&time, nullptr);
}

}  // namespace nlb::dataplane
