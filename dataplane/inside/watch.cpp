// Wishes in, what is the case out, under one lock that is held for a copy.
#include "dataplane/inside/watch.hpp"

#include <array>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "config/daemon/clock.hpp"
#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

// What counts as gone, or as back, counts by time: it is judged at least so often.
constexpr int kLookEveryMs = 1000;
// A machine whose interfaces change all the time is not looked at all the time.
constexpr int kRestMs = 20;

// Until one of them is readable, or the time is over.
void wait_for(int wake, int news, int milliseconds) {
    std::array<pollfd, 2> fds{{{wake, POLLIN, 0}, {news, POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), milliseconds) <= 0 || fds[0].revents == 0) return;
    eventfd_t ignored = 0;
    eventfd_read(wake, &ignored);
}

}  // namespace

InsideWatch::InsideWatch(std::unique_ptr<InsideKeeper> keeper, const Tables& tables)
    : gateways_(keeper->gateways()),
      keeper_(std::move(keeper)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    NLB_ASSERT(wake_ >= 0);
    keeper_->want(wishes_of(tables, gateways_));
    look();
    thread_ = std::thread([this] { run(); });
}

InsideWatch::~InsideWatch() {
    stop_.store(true, std::memory_order_relaxed);
    eventfd_write(wake_, 1);
    thread_.join();
    close(wake_);
}

void InsideWatch::want(const Tables& tables) {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = wishes_of(tables, gateways_);
    }
    eventfd_write(wake_, 1);
}

ipc::Inside InsideWatch::inside() const {
    const std::lock_guard lock(mutex_);
    return inside_;
}

void InsideWatch::look() {
    const ipc::Inside now_is = keeper_->look(daemon::monotonic_now());
    const std::lock_guard lock(mutex_);
    inside_ = now_is;
}

void InsideWatch::run() {
    while (!stop_.load(std::memory_order_relaxed)) {
        std::optional<InsideWishes> wanted;
        {
            const std::lock_guard lock(mutex_);
            wanted.swap(wanted_);
        }
        if (wanted) keeper_->want(std::move(*wanted));
        look();
        wait_for(wake_, -1, kRestMs);
        wait_for(wake_, keeper_->fd(), kLookEveryMs);
    }
}

}  // namespace nlb::dataplane
