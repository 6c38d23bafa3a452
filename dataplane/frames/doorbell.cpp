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

// Either the sleeper sees the frame, or the ringer sees for when it sleeps.
void Doorbell::ring_unless_looked_at_by(std::int64_t time_ns) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (looks_by_.load(std::memory_order_relaxed) > time_ns) ring();
}

void Doorbell::look_by(std::int64_t time_ns) {
    looks_by_.store(time_ns, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

void Doorbell::answer() {
    eventfd_t ignored = 0;
    static_cast<void>(eventfd_read(fd_, &ignored));
    rung_.exchange(false, std::memory_order_acq_rel);
}

}  // namespace nlb::dataplane
