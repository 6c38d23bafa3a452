// The control socket's one connection as the link's decisions see it: datagrams in order. The
// product's is seqpacket_server; a simulator has one of its own. Thread: main.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace nlb::dataplane {

class LinkSocket {
public:
    virtual ~LinkSocket() = default;

    [[nodiscard]] virtual bool connected() const = 0;
    [[nodiscard]] virtual int peer_pid() const = 0;

    // Takes the next peer. Requires: !connected(). False: there was none after all.
    virtual bool accept() = 0;
    // Takes the next peer only to send it this datagram.
    virtual void turn_away(std::span<const Byte> datagram) = 0;

    enum class Received : std::uint8_t { datagram, nothing, closed };
    // A datagram longer than `most` ends up with most + 1 bytes, and so in no shape to be
    // understood.
    virtual Received receive(std::vector<Byte>& into, std::size_t most) = 0;

    // In order and without loss, waiting in memory when the peer is slow; a peer that leaves
    // kQueueMost datagrams unread is cut off.
    virtual void send(std::vector<Byte> datagram) = 0;
    // Only when it can leave at once. False: it did not.
    virtual bool send_now(std::span<const Byte> datagram) = 0;
    virtual void disconnect() = 0;

    static constexpr std::size_t kQueueMost = 1024;
};

}  // namespace nlb::dataplane
