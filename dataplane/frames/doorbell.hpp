// How main and workers wake one another: with one system call per sleep of the other side, however
// many frames were left in a ring. Main could poll its rings instead; often enough for heartbeats
// that would cost an idle host more than everything else together.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace nlb::dataplane {

class Doorbell {
public:
    Doorbell();
    ~Doorbell();
    Doorbell(const Doorbell&) = delete;
    Doorbell& operator=(const Doorbell&) = delete;

    // Thread: any but the sleeper's, after the frames are in their ring.
    void ring();
    // The same for what can wait until then: the sleeper may look without being rung. Thread: as
    // ring().
    void ring_unless_looked_at_by(std::int64_t time_ns);
    // The sleeper looks into the rings at that time at the latest. Thread: the sleeper's. Requires:
    // it looks once more whether they are empty before it sleeps.
    void look_by(std::int64_t time_ns);
    // Thread: the sleeper's, before it looks into the rings: what comes later rings again.
    void answer();
    // Readable from ring() until answer().
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
    std::atomic<std::int64_t> looks_by_{std::numeric_limits<std::int64_t>::max()};
    std::atomic<bool> rung_{false};  // publishes the rings' contents from the ringer to the sleeper
};

}  // namespace nlb::dataplane
