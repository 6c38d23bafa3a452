// ioctls of Documentation/networking/tuntap.rst, and one rtnetlink message.
#include "dataplane/tap/tun_device.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/assert.hpp"
#include "dataplane/tap/offload_notes.hpp"

namespace nlb::dataplane {
namespace {

constexpr const char* kTunPath = "/dev/net/tun";

// While it lives this thread is in that network namespace.
class Visit {
public:
    static Result<Visit> to(const std::string& netns) {
        Visit visit;
        if (netns.empty()) return visit;
        visit.home_ = OwnFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        const OwnFd there(open(("/run/netns/" + netns).c_str(), O_RDONLY | O_CLOEXEC));
        if (visit.home_.get() < 0 || there.get() < 0 || setns(there.get(), CLONE_NEWNET) != 0)
            return Error{"the network namespace \"" + netns + "\" cannot be entered (" +
                         std::strerror(errno) + "); make it with `ip netns add " + netns + "`"};
        return visit;
    }
    Visit(Visit&&) noexcept = default;
    Visit& operator=(Visit&&) = delete;
    ~Visit() {
        if (home_.get() >= 0) NLB_ASSERT(setns(home_.get(), CLONE_NEWNET) == 0);
    }

private:
    Visit() = default;
    OwnFd home_;
};

ifreq request_for(const std::string& interface) {
    ifreq request{};
    std::copy_n(interface.begin(), std::min<std::size_t>(interface.size(), IFNAMSIZ - 1),
                std::begin(request.ifr_name));
    return request;
}

std::string because(const char* what) {
    return std::string{" ("} + what + ": " + std::strerror(errno) + ")";
}

}  // namespace

OwnFd::~OwnFd() {
    if (fd_ >= 0) close(fd_);
}

Result<TunDevice> TunDevice::open(const std::string& interface, const std::string& netns,
                                  const Limits& limits) {
    const auto visit = Visit::to(netns);
    if (!visit) return visit.error();
    if (if_nametoindex(interface.c_str()) != 0)
        return Error{"the interface \"" + interface +
                     "\" is there already; stop its owner, remove it (`ip link delete " +
                     interface + "`), or choose another name"};
    OwnFd control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (control.get() < 0) return Error{"no socket" + because("socket")};
    TunDevice device(interface, std::move(control));
    if (auto added = device.set_queues(1); !added) return added.error();
    if (auto limited = device.limit(limits); !limited) return limited.error();
    return device;
}

Status TunDevice::set_queues(std::uint16_t queues) {
    NLB_ASSERT(queues >= 1);
    while (queues_.size() > queues) queues_.pop_back();
    while (queues_.size() < queues)
        if (auto added = add_queue(); !added) return added;
    return Done{};
}

Status TunDevice::add_queue() {
    OwnFd fd(::open(kTunPath, O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() < 0)
        return Error{std::string{kTunPath} + " cannot be opened" + because("open") +
                     "; run `modprobe tun`, and run as root"};
    ifreq request = request_for(interface_);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
    if (ioctl(fd.get(), TUNSETIFF, &request) != 0)
        return Error{"the interface \"" + interface_ + "\" cannot be made" + because("TUNSETIFF")};
    const int header_bytes = sizeof(VirtioHeader);
    const unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (ioctl(fd.get(), TUNSETVNETHDRSZ, &header_bytes) != 0 ||
        ioctl(fd.get(), TUNSETOFFLOAD, offloads) != 0)
        return Error{"the interface \"" + interface_ + "\" takes no offloads" +
                     because("TUNSETOFFLOAD")};
    queues_.push_back(std::move(fd));
    return Done{};
}

Status TunDevice::limit(const Limits& limits) {
    ifreq request = request_for(interface_);
    if (ioctl(control_.get(), SIOCGIFINDEX, &request) != 0)
        return Error{"no interface \"" + interface_ + "\"" + because("SIOCGIFINDEX")};
    alignas(nlmsghdr) std::array<char, 256> buffer{};
    nlmsghdr* const message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = RTM_NEWLINK;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    auto* const link =
        static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
    link->ifi_index = request.ifr_ifindex;
    mnl_attr_put_u32(message, IFLA_GSO_MAX_SIZE, limits.frame_bytes);
    mnl_attr_put_u32(message, IFLA_GSO_MAX_SEGS, limits.segments);
    mnl_socket* const netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    std::array<char, 4096> answer;
    const bool done =
        netlink != nullptr && mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
        mnl_socket_sendto(netlink, message, message->nlmsg_len) >= 0 && [&] {
            const auto got = mnl_socket_recvfrom(netlink, answer.data(), answer.size());
            return got >= 0 && mnl_cb_run(answer.data(), static_cast<std::size_t>(got), 0,
                                          mnl_socket_get_portid(netlink), nullptr, nullptr) >= 0;
        }();
    const std::string why = because("IFLA_GSO_MAX_SIZE");
    if (netlink != nullptr) mnl_socket_close(netlink);
    if (done) return Done{};
    return Error{"the interface \"" + interface_ + "\" takes no limit for its frames" + why};
}

MacAddress TunDevice::mac() const {
    MacAddress mac;
    ifreq request = request_for(interface_);
    if (ioctl(control_.get(), SIOCGIFHWADDR, &request) == 0)
        std::memcpy(mac.bytes.data(), request.ifr_hwaddr.sa_data, mac.bytes.size());
    return mac;
}

bool TunDevice::link_up() const {
    ifreq request = request_for(interface_);
    return ioctl(control_.get(), SIOCGIFFLAGS, &request) == 0 &&
           (request.ifr_flags & IFF_RUNNING) != 0;
}

std::uint16_t TunDevice::mtu() const {
    ifreq request = request_for(interface_);
    return ioctl(control_.get(), SIOCGIFMTU, &request) == 0
               ? static_cast<std::uint16_t>(std::clamp(request.ifr_mtu, 0, 0xffff))
               : std::uint16_t{0};
}

bool TunDevice::set_mtu(std::uint16_t mtu) {
    ifreq request = request_for(interface_);
    request.ifr_mtu = mtu;
    return ioctl(control_.get(), SIOCSIFMTU, &request) == 0;
}

bool TunDevice::set_up() {
    ifreq request = request_for(interface_);
    if (ioctl(control_.get(), SIOCGIFFLAGS, &request) != 0) return false;
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    return ioctl(control_.get(), SIOCSIFFLAGS, &request) == 0;
}

}  // namespace nlb::dataplane
