// Messages of one cluster to the dataplane, under the number that the dataplane gave the cluster in
// its hello. While there is no dataplane nobody is there to be told anything: what is sent is lost,
// and whoever says hello next is told anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "controlplane/agent/message_sink.hpp"
#include "core/ipc/messages.hpp"

namespace nlb::controlplane {

class ClusterChannel {
public:
    // `sink` outlives the channel.
    explicit ClusterChannel(MessageSink& sink) : sink_(sink) {}

    // The dataplane said hello and calls the cluster `number`. Requires: below kClustersMax.
    void open(std::uint16_t number) {
        NLB_ASSERT(number < kClustersMax);
        number_ = number;
    }
    // It went away.
    void close() { number_.reset(); }

    void send(ipc::MessageType type, std::span<const Byte> body = {},
              std::span<const Byte> rest = {}) {
        if (number_) sink_.send(ipc::write_message(type, *number_, body, rest));
    }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.number_);
    }

private:
    MessageSink& sink_;
    std::optional<std::uint16_t> number_;
};

}  // namespace nlb::controlplane
