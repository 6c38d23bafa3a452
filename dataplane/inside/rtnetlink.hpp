// The kernel's interfaces, addresses and routes over rtnetlink (rtnetlink(7)), in this process's
// network namespace. Each call asks and waits for the kernel's answer, which comes at once unless
// somebody holds the kernel's lock on interfaces. It decides nothing. Thread: one.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "dataplane/inside/mending.hpp"

struct mnl_socket;
struct nlmsghdr;

namespace nlb::dataplane {

class Rtnetlink {
public:
    static Result<Rtnetlink> open();

    // The interface of that name, with its addresses and the routes through it. Without one:
    // index 0.
    [[nodiscard]] Result<KernelView> view(const std::string& interface);

    // True when the kernel has done it; false and errno when it has not.
    bool set_up(int index);
    // An interface of that VLAN above another one.
    bool add_vlan(int parent, const std::string& name, std::uint16_t vlan);
    bool remove_link(int index);
    // `no_network`: the kernel makes no connected route for it (IPv4).
    bool add(int index, const InsideAddress& address, bool no_network);
    bool remove(int index, const InsideAddress& address);
    // Beside another interface's route to the same network; a second default route is refused.
    bool add(int index, const InsideRoute& route);
    bool remove(int index, const InsideRoute& route);

    // Interfaces or addresses have changed since the last call, in whatever way.
    [[nodiscard]] bool has_news();
    // Readable when there are news.
    [[nodiscard]] int fd() const;

private:
    struct Close {
        void operator()(mnl_socket* socket) const;
    };
    using Socket = std::unique_ptr<mnl_socket, Close>;
    Rtnetlink(Socket asking, Socket hearing)
        : asking_(std::move(asking)), hearing_(std::move(hearing)) {}
    bool change_address(int index, const InsideAddress& address, bool add, bool no_network);
    bool change_route(int index, const InsideRoute& route, std::uint16_t type, std::uint16_t flags);
    // Sends what `message` holds and takes the answers; false and errno.
    bool ask(void* message, int (*each)(const nlmsghdr*, void*), void* data);

    Socket asking_;
    Socket hearing_;
    std::uint32_t sequence_ = 0;
};

}  // namespace nlb::dataplane
