// Where messages for the dataplane go: the link in the program, a recorder in tests.
#pragma once

#include <vector>

#include "core/base/types.hpp"

namespace nlb::controlplane {

class MessageSink {
public:
    virtual ~MessageSink() = default;
    // A whole datagram of core/ipc/messages. It takes effect after those sent before it, or not at
    // all.
    virtual void send(std::vector<Byte> datagram) = 0;
};

}  // namespace nlb::controlplane
