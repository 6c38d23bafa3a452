// net_af_packet does not tell its sockets, one per queue in the order of the queues; they are those
// that appear while it is probed. Thread: main.
#pragma once

#include <set>
#include <vector>

namespace nlb::dataplane {

class PacketSockets {
public:
    // Remembers those that there are now.
    PacketSockets();
    // Descriptors that have come since, ascending.
    [[nodiscard]] std::vector<int> appeared() const;

private:
    std::set<int> before_;
};

}  // namespace nlb::dataplane
