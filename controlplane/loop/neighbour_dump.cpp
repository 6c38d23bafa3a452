// libmnl takes the messages apart; what they mean is linux/neighbour.h's.
#include "controlplane/loop/neighbour_dump.hpp"

#include <array>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <memory>
#include <sys/socket.h>

namespace nlb::controlplane {
namespace {

constexpr std::size_t kAnswerBytes = 32 * 1024;
constexpr timeval kAnswerTime{0, 100'000};
// NUD_NOARP is for what needs no answer, as multicast does; NUD_INCOMPLETE and NUD_FAILED have
// given none.
constexpr std::uint16_t kAnswered =
    NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;

struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, Close>;

int take_address(const nlattr* attribute, void* into) {
    if (mnl_attr_get_type(attribute) == NDA_DST) *static_cast<const nlattr**>(into) = attribute;
    return MNL_CB_OK;
}

int take_neighbour(const nlmsghdr* message, void* into) {
    auto& all = *static_cast<std::vector<IpAddress>*>(into);
    if (message->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(message) < sizeof(ndmsg))
        return MNL_CB_OK;
    const auto* const header = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(message));
    if (header->ndm_family != AF_INET6 || (header->ndm_state & kAnswered) == 0 ||
        (header->ndm_flags & NTF_PROXY) != 0)
        return MNL_CB_OK;
    const nlattr* destination = nullptr;
    mnl_attr_parse(message, sizeof(ndmsg), take_address, static_cast<void*>(&destination));
    IpAddress address;
    if (destination == nullptr || mnl_attr_get_payload_len(destination) != address.bytes.size())
        return MNL_CB_OK;
    std::memcpy(address.bytes.data(), mnl_attr_get_payload(destination), address.bytes.size());
    if (all.size() < kNeighboursMost) all.push_back(address);
    return MNL_CB_OK;
}

bool ask(mnl_socket* socket) {
    alignas(NLMSG_ALIGNTO) std::array<char, 128> question{};
    nlmsghdr* const header = mnl_nlmsg_put_header(question.data());
    header->nlmsg_type = RTM_GETNEIGH;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(ndmsg)))->ndm_family = AF_INET6;
    return mnl_socket_sendto(socket, header, header->nlmsg_len) >= 0;
}

}  // namespace

std::vector<IpAddress> ipv6_neighbours_in(std::span<const Byte> answer) {
    std::vector<IpAddress> all;
    mnl_cb_run(answer.data(), answer.size(), 0, 0, take_neighbour, &all);
    return all;
}

std::vector<IpAddress> ipv6_neighbours() {
    std::vector<IpAddress> all;
    const Socket socket(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) return all;
    setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTime,
               sizeof kAnswerTime);
    if (!ask(socket.get())) return all;
    alignas(NLMSG_ALIGNTO) std::array<char, kAnswerBytes> answer;
    for (;;) {
        const ssize_t bytes = mnl_socket_recvfrom(socket.get(), answer.data(), answer.size());
        if (bytes < 0 || mnl_cb_run(answer.data(), static_cast<std::size_t>(bytes), 0, 0,
                                    take_neighbour, &all) <= MNL_CB_STOP)
            return all;
    }
}

}  // namespace nlb::controlplane
