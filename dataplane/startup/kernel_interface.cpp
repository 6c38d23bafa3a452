// ioctls on a socket of the moment: a few calls a second at most.
#include "dataplane/startup/kernel_interface.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nlb::dataplane {
bool ask_interface(const std::string& interface, unsigned long what, ifreq& request) {
    if (interface.size() >= IFNAMSIZ) return false;
    std::memcpy(request.ifr_name, interface.c_str(), interface.size());
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    const bool answered = ioctl(fd, what, &request) == 0;
    close(fd);
    return answered;
}

bool kernel_link_up(const std::string& interface, bool before) {
    errno = 0;
    // The driver's own word; the flags follow it up to a second later.
    ethtool_value link{ETHTOOL_GLINK, 0};
    ifreq request{};
    request.ifr_data = reinterpret_cast<char*>(&link);
    if (ask_interface(interface, SIOCETHTOOL, request)) return link.data != 0;
    if (errno == EMFILE || errno == ENFILE) return before;
    request = {};
    return ask_interface(interface, SIOCGIFFLAGS, request) &&
           (request.ifr_flags & IFF_RUNNING) != 0;
}

std::uint16_t kernel_mtu(const std::string& interface) {
    ifreq request{};
    return ask_interface(interface, SIOCGIFMTU, request)
               ? static_cast<std::uint16_t>(std::clamp(request.ifr_mtu, 0, 0xffff))
               : std::uint16_t{0};
}

}  // namespace nlb::dataplane
