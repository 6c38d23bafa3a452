// Where messages for the dataplane go: the connection in the program, a recorder in tests, a model
// of the dataplane in a simulator.
#pragma once

#include <vector>

#include "core/base/types.hpp"

namespace nlb::controlplane {

// Thread: the one that calls the agent, from inside its calls. It must not call the agent back.
class MessageSink {
public:
    virtual ~MessageSink() = default;
    // A whole datagram of core/ipc/messages.hpp. It takes effect after those sent before it, or not
    // at all.
    virtual void send(std::vector<Byte> datagram) = 0;
};

}  // namespace nlb::controlplane
