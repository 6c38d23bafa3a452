// libmnl puts messages together and takes them apart; what they mean is linux/rtnetlink.h's.
#include "dataplane/inside/rtnetlink.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace nlb::dataplane {
namespace {

constexpr std::size_t kAnswerBytes = 32 * 1024;
constexpr timeval kAnswerTime{1, 0};
constexpr int kNewsAtOnce = 256;
constexpr std::uint32_t kForEver = 0xffffffff;  // INFINITY_LIFE_TIME

// Room for one request; aligned as netlink wants it.
struct Request {
    alignas(NLMSG_ALIGNTO) std::array<char, 512> bytes{};

    template <class Body>
    Body& begin(std::uint16_t type, std::uint16_t flags) {
        nlmsghdr* const header = mnl_nlmsg_put_header(bytes.data());
        header->nlmsg_type = type;
        header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
        return *static_cast<Body*>(mnl_nlmsg_put_extra_header(header, sizeof(Body)));
    }
    [[nodiscard]] nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(bytes.data()); }

    void put(std::uint16_t type, const IpAddress& address) {
        const std::size_t from = address.is_v4() ? 12 : 0;
        mnl_attr_put(header(), type, address.bytes.size() - from, address.bytes.data() + from);
    }
};

std::uint8_t family_of(const IpAddress& address) {
    return address.is_v4() ? AF_INET : AF_INET6;
}

// The address of an attribute; nothing when it is of another family's size.
std::optional<IpAddress> address_in(const nlattr* attribute, std::uint8_t family) {
    IpAddress address = family == AF_INET ? IpAddress::v4(0) : IpAddress{};
    const std::size_t from = family == AF_INET ? 12 : 0;
    if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != address.bytes.size() - from)
        return std::nullopt;
    std::memcpy(address.bytes.data() + from, mnl_attr_get_payload(attribute),
                address.bytes.size() - from);
    return address;
}

constexpr std::size_t kAttributesMax = 64;
using Attributes = std::array<const nlattr*, kAttributesMax>;

int take_attribute(const nlattr* attribute, void* into) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type < kAttributesMax) (*static_cast<Attributes*>(into))[type] = attribute;
    return MNL_CB_OK;
}

Attributes attributes_of(const nlmsghdr* message, unsigned offset) {
    Attributes attributes{};
    mnl_attr_parse(message, offset, take_attribute, &attributes);
    return attributes;
}

int take_link(const nlmsghdr* message, void* into) {
    auto& view = *static_cast<KernelView*>(into);
    const auto* link = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
    view.index = link->ifi_index;
    view.up = (link->ifi_flags & IFF_UP) != 0;
    return MNL_CB_OK;
}

int take_address(const nlmsghdr* message, void* into) {
    auto& view = *static_cast<KernelView*>(into);
    const auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
    if (static_cast<int>(header->ifa_index) != view.index) return MNL_CB_OK;
    const Attributes attributes = attributes_of(message, sizeof(ifaddrmsg));
    const nlattr* const local = attributes[IFA_LOCAL];
    const auto address =
        address_in(local != nullptr ? local : attributes[IFA_ADDRESS], header->ifa_family);
    if (!address) return MNL_CB_OK;
    const std::uint32_t flags = attributes[IFA_FLAGS] != nullptr
                                    ? mnl_attr_get_u32(attributes[IFA_FLAGS])
                                    : header->ifa_flags;
    view.addresses.push_back(
        {*address, header->ifa_prefixlen, (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0});
    return MNL_CB_OK;
}

int take_route(const nlmsghdr* message, void* into) {
    auto& view = *static_cast<KernelView*>(into);
    const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
    const Attributes attributes = attributes_of(message, sizeof(rtmsg));
    const bool here = attributes[RTA_OIF] != nullptr &&
                      static_cast<int>(mnl_attr_get_u32(attributes[RTA_OIF])) == view.index;
    if (!here || header->rtm_table != RT_TABLE_MAIN || header->rtm_type != RTN_UNICAST ||
        (header->rtm_flags & RTM_F_CLONED) != 0)
        return MNL_CB_OK;
    const std::uint8_t family = header->rtm_family;
    const IpAddress any = family == AF_INET ? IpAddress::v4(0) : IpAddress{};
    view.routes.push_back(
        {{address_in(attributes[RTA_DST], family).value_or(any), header->rtm_dst_len,
          address_in(attributes[RTA_GATEWAY], family), address_in(attributes[RTA_PREFSRC], family)},
         header->rtm_protocol == RTPROT_KERNEL});
    return MNL_CB_OK;
}

Error failed(const std::string& what) {
    return Error{what + ": " + std::strerror(errno)};
}

}  // namespace

void Rtnetlink::Close::operator()(mnl_socket* socket) const {
    mnl_socket_close(socket);
}

Result<Rtnetlink> Rtnetlink::open() {
    Socket asking(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    Socket hearing(mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!asking || !hearing) return failed("no rtnetlink socket");
    constexpr unsigned kGroups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (mnl_socket_bind(asking.get(), 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_bind(hearing.get(), kGroups, MNL_SOCKET_AUTOPID) < 0)
        return failed("rtnetlink cannot be bound");
    // With it the kernel lists one interface's addresses and routes; without, all, and they are
    // sorted out here.
    int one = 1;
    static_cast<void>(
        mnl_socket_setsockopt(asking.get(), NETLINK_GET_STRICT_CHK, &one, sizeof one));
    setsockopt(mnl_socket_get_fd(asking.get()), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTime,
               sizeof kAnswerTime);
    return Rtnetlink(std::move(asking), std::move(hearing));
}

bool Rtnetlink::ask(void* message, int (*each)(const nlmsghdr*, void*), void* data) {
    auto* const header = static_cast<nlmsghdr*>(message);
    header->nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(asking_.get(), header, header->nlmsg_len) < 0) return false;
    alignas(NLMSG_ALIGNTO) std::array<char, kAnswerBytes> answer;
    for (;;) {
        const ssize_t bytes = mnl_socket_recvfrom(asking_.get(), answer.data(), answer.size());
        if (bytes < 0) return false;
        // What comes late for a question that was given up is no answer to this one.
        if (reinterpret_cast<const nlmsghdr*>(answer.data())->nlmsg_seq != sequence_) continue;
        const int more = mnl_cb_run(answer.data(), static_cast<std::size_t>(bytes), sequence_,
                                    mnl_socket_get_portid(asking_.get()), each, data);
        if (more <= MNL_CB_STOP) return more == MNL_CB_STOP;
    }
}

Result<KernelView> Rtnetlink::view(const std::string& interface) {
    KernelView view;
    Request link;
    link.begin<ifinfomsg>(RTM_GETLINK, NLM_F_ACK);
    mnl_attr_put_strz(link.header(), IFLA_IFNAME, interface.c_str());
    if (!ask(link.header(), take_link, &view)) {
        if (errno == ENODEV) return KernelView{};
        return failed("the kernel does not tell of " + interface);
    }
    Request addresses;
    addresses.begin<ifaddrmsg>(RTM_GETADDR, NLM_F_DUMP).ifa_index =
        static_cast<std::uint32_t>(view.index);
    if (!ask(addresses.header(), take_address, &view))
        return failed("the kernel does not list the addresses of " + interface);
    for (const int family : {AF_INET, AF_INET6}) {
        Request routes;
        auto& header = routes.begin<rtmsg>(RTM_GETROUTE, NLM_F_DUMP);
        header.rtm_family = static_cast<std::uint8_t>(family);
        header.rtm_table = RT_TABLE_MAIN;
        mnl_attr_put_u32(routes.header(), RTA_OIF, static_cast<std::uint32_t>(view.index));
        // A kernel without IPv6 has none of its routes.
        if (!ask(routes.header(), take_route, &view) && family == AF_INET)
            return failed("the kernel does not list the routes through " + interface);
    }
    return view;
}

bool Rtnetlink::set_up(int index) {
    Request request;
    auto& link = request.begin<ifinfomsg>(RTM_NEWLINK, NLM_F_ACK);
    link.ifi_index = index;
    link.ifi_flags = link.ifi_change = IFF_UP;
    return ask(request.header(), nullptr, nullptr);
}

bool Rtnetlink::add_vlan(int parent, const std::string& name, std::uint16_t vlan) {
    Request request;
    request.begin<ifinfomsg>(RTM_NEWLINK,
                             static_cast<std::uint16_t>(NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL));
    nlmsghdr* const header = request.header();
    mnl_attr_put_u32(header, IFLA_LINK, static_cast<std::uint32_t>(parent));
    mnl_attr_put_strz(header, IFLA_IFNAME, name.c_str());
    nlattr* const info = mnl_attr_nest_start(header, IFLA_LINKINFO);
    mnl_attr_put_strz(header, IFLA_INFO_KIND, "vlan");
    nlattr* const data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
    mnl_attr_put_u16(header, IFLA_VLAN_ID, vlan);
    mnl_attr_nest_end(header, data);
    mnl_attr_nest_end(header, info);
    return ask(header, nullptr, nullptr);
}

bool Rtnetlink::remove_link(int index) {
    Request request;
    request.begin<ifinfomsg>(RTM_DELLINK, NLM_F_ACK).ifi_index = index;
    return ask(request.header(), nullptr, nullptr);
}

bool Rtnetlink::change_address(int index, const InsideAddress& address, bool add, bool no_network) {
    Request request;
    const auto create = static_cast<std::uint16_t>(NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    auto& header = add ? request.begin<ifaddrmsg>(RTM_NEWADDR, create)
                       : request.begin<ifaddrmsg>(RTM_DELADDR, NLM_F_ACK);
    header.ifa_family = family_of(address.address);
    header.ifa_prefixlen = address.length;
    header.ifa_index = static_cast<std::uint32_t>(index);
    header.ifa_scope = RT_SCOPE_UNIVERSE;
    request.put(IFA_LOCAL, address.address);
    request.put(IFA_ADDRESS, address.address);
    if (!add) return ask(request.header(), nullptr, nullptr);
    if (address.address.is_v4()) {
        if (no_network) mnl_attr_put_u32(request.header(), IFA_FLAGS, IFA_F_NOPREFIXROUTE);
        return ask(request.header(), nullptr, nullptr);
    }
    // Other hosts have a virtual address too: no probe may find that, and no connection may begin
    // from it.
    mnl_attr_put_u32(request.header(), IFA_FLAGS, IFA_F_NODAD);
    if (address.is_virtual) {
        const ifa_cacheinfo times{0, kForEver, 0, 0};
        mnl_attr_put(request.header(), IFA_CACHEINFO, sizeof times, &times);
    }
    return ask(request.header(), nullptr, nullptr);
}

bool Rtnetlink::add(int index, const InsideAddress& address, bool no_network) {
    return change_address(index, address, true, no_network);
}

bool Rtnetlink::remove(int index, const InsideAddress& address) {
    return change_address(index, address, false, false);
}

bool Rtnetlink::change_route(int index, const InsideRoute& route, std::uint16_t type,
                             std::uint16_t flags) {
    Request request;
    auto& header = request.begin<rtmsg>(type, static_cast<std::uint16_t>(NLM_F_ACK | flags));
    header.rtm_family = family_of(route.network);
    header.rtm_dst_len = route.length;
    header.rtm_table = RT_TABLE_MAIN;
    // Whoever set it: what goes may be the kernel's own.
    header.rtm_protocol = type == RTM_DELROUTE ? RTPROT_UNSPEC : RTPROT_STATIC;
    header.rtm_scope = route.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    header.rtm_type = RTN_UNICAST;
    if (route.length != 0) request.put(RTA_DST, route.network);
    if (route.gateway) request.put(RTA_GATEWAY, *route.gateway);
    if (route.source) request.put(RTA_PREFSRC, *route.source);
    mnl_attr_put_u32(request.header(), RTA_OIF, static_cast<std::uint32_t>(index));
    return ask(request.header(), nullptr, nullptr);
}

// Never NLM_F_REPLACE: that takes the first route to the network, which may be another interface's.
bool Rtnetlink::add(int index, const InsideRoute& route) {
    const unsigned beside = route.length == 0 ? NLM_F_EXCL : NLM_F_APPEND;
    return change_route(index, route, RTM_NEWROUTE,
                        static_cast<std::uint16_t>(NLM_F_CREATE | beside));
}

bool Rtnetlink::remove(int index, const InsideRoute& route) {
    return change_route(index, route, RTM_DELROUTE, 0);
}

int Rtnetlink::fd() const {
    return mnl_socket_get_fd(hearing_.get());
}

bool Rtnetlink::has_news() {
    std::array<char, 8192> news;
    bool any = false;
    for (int taken = 0; taken < kNewsAtOnce; ++taken) {
        const ssize_t bytes = mnl_socket_recvfrom(hearing_.get(), news.data(), news.size());
        // An overrun is news too: something was lost.
        if (bytes < 0 && errno != ENOBUFS && errno != ENOSPC) return any;
        any = true;
    }
    return any;
}

}  // namespace nlb::dataplane
