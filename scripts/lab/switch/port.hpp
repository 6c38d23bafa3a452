// One port of the switch: a packet socket on a device of this namespace (a veth end or a tap). It
// reads and writes whole frames in batches. What the device does not take is counted and lost, as a
// full queue of a switch would lose it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <variant>
#include <vector>

#include "scripts/lab/switch/frame.hpp"

namespace nlb::lab {

inline constexpr unsigned kBatch = 64;

struct PortCounts {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;    // refused by the device
    std::uint64_t missed = 0;  // arrived while the socket's queue was full
};

class Port {
public:
    // An error sentence when there is no such device or no right to open it.
    static std::variant<std::unique_ptr<Port>, std::string> open(std::string name,
                                                                 const std::string& device);
    ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    const std::string& name() const { return name_; }
    int descriptor() const { return socket_; }

    // What has arrived, at most kBatch; the views hold until the next call.
    std::span<const View> receive();

    // Puts a frame in line for flush(). Requires: its bytes live until then.
    void send(View frame);
    void flush();

    const PortCounts& counts();

private:
    struct Buffers;

    Port(std::string name, int socket);

    std::string name_;
    int socket_;
    std::unique_ptr<Buffers> buffers_;
    std::array<View, kBatch> views_;
    std::vector<iovec> line_;
    PortCounts counts_;
};

}  // namespace nlb::lab
