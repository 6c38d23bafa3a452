// An eventfd behind a flag: while nobody has answered, ringing costs one atomic exchange.
#include "dataplane/frames/doorbell.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/assert.hpp"

namespace nlb::dataplane {

Doorbell::Doorbell() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    NLB_ASSERT(fd_ >= 0);
}

Doorbell::~Doorbell() {
    close(fd_);
}

void Doorbell::ring() {
    if (rung_.exchange(true, std::memory_order_acq_rel)) return;
    // It can only fail when it is rung already.
    static_cast<void>(eventfd_write(fd_, 1));
}

void Doorbell::answer() {
    eventfd_t ignored = 0;
    static_cast<void>(eventfd_read(fd_, &ignored));
    rung_.exchange(false, std::memory_order_acq_rel);
}

}  // namespace nlb::dataplane
