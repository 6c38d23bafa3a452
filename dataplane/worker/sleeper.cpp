// ppoll on the drivers' own descriptors. They are only waited for, never read: the drivers read
// them.
#include "dataplane/worker/sleeper.hpp"

#include <ctime>
#include <sys/socket.h>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

constexpr short kTrouble = POLLERR | POLLHUP | POLLNVAL;
constexpr long kTroubleNs = 1'000'000;

}  // namespace

Sleeper::Sleeper(const std::vector<int>& wakers, Doorbell& bell) : bell_(bell) {
    NLB_ASSERT(wakers.size() <= kWakersMost);
    fds_[count_++] = {bell.fd(), POLLIN, 0};
    for (const int fd : wakers) {
        if (fd >= 0)
            fds_[count_++] = {fd, POLLIN, 0};
        else if (fd != kRingsBell)
            complete_ = false;
    }
}

void Sleeper::sleep(std::uint32_t ns) {
    const timespec time{0, static_cast<long>(ns)};
    if (ppoll(fds_.data(), count_, &time, nullptr) <= 0) return;
    if (fds_[0].revents != 0) bell_.answer();
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
