// What ends a worker's sleep when a queue holds a frame: a descriptor of the driver. Thread: the
// one that polls the queue.
#pragma once

#include <cstdint>

namespace nlb::dataplane {

struct Waker {
    int fd = -1;  // readable then; -1: the driver has nothing of the kind
    // The queue's interrupt is switched on before each sleep, and the descriptor counts events.
    bool is_armed = false;
    std::uint16_t port = 0;
    std::uint16_t queue = 0;
    bool rings = false;  // the worker's bell, instead of having a descriptor
};

}  // namespace nlb::dataplane
