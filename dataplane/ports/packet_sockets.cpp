// By /proc/self/fd.
#include "dataplane/ports/packet_sockets.hpp"

#include <cstdlib>
#include <filesystem>
#include <sys/socket.h>

namespace nlb::dataplane {
namespace {

std::set<int> packet_sockets() {
    std::set<int> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
        const int fd = std::atoi(entry.path().filename().c_str());
        int domain = 0;
        socklen_t bytes = sizeof domain;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes) == 0 && domain == AF_PACKET)
            found.insert(fd);
    }
    return found;
}

}  // namespace

PacketSockets::PacketSockets() : before_(packet_sockets()) {}

std::vector<int> PacketSockets::appeared() const {
    std::vector<int> found;
    for (const int fd : packet_sockets())
        if (!before_.contains(fd)) found.push_back(fd);
    return found;
}

}  // namespace nlb::dataplane
