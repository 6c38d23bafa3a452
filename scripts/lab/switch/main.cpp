// lab-switch SOCKET: a switch in user space for labs on kernels that can neither tag nor delay. It
// carries Ethernet frames between devices of its own namespace; commands come over a unix socket. A
// test program: it is never installed.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "scripts/lab/switch/commands.hpp"
#include "scripts/lab/switch/wire.hpp"

namespace nlb::lab {
namespace {

constexpr int kClientsMax = 4;
constexpr std::size_t kCommandBytesMax = 4096;

int listen_at(const char* path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    std::strcpy(address.sun_path, path);
    unlink(path);
    const int opened = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (opened < 0 ||
        bind(opened, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(opened, kClientsMax) != 0) {
        return -1;
    }
    return opened;
}

// One command, one answer; false when the client has gone.
bool answer(Wire& wire, int client) {
    char text[kCommandBytesMax];
    const ssize_t size = recv(client, text, sizeof text, 0);
    if (size <= 0) {
        return size < 0 && errno == EAGAIN;
    }
    const std::string said =
        obey(wire, std::string(text, static_cast<std::size_t>(size)), Clock::now());
    return send(client, said.data(), said.size(), MSG_NOSIGNAL) > 0;
}

class Loop {
public:
    explicit Loop(int listener) : listener_(listener) {}

    void turn() {
        // Ports may have come since the last turn.
        std::vector<pollfd> waited{{listener_, POLLIN, 0}};
        for (const int client : clients_) {
            waited.push_back({client, POLLIN, 0});
        }
        const std::size_t first_port = waited.size(), ports = wire_.ports().size();
        for (const auto& port : wire_.ports()) {
            waited.push_back({port->descriptor(), POLLIN, 0});
        }
        wait(waited);
        for (std::size_t port = 0; port < ports; ++port) {
            if (waited[first_port + port].revents != 0) {
                wire_.serve(port, Clock::now());
            }
        }
        wire_.tick(Clock::now());
        serve_clients(waited);
    }

private:
    void wait(std::vector<pollfd>& waited) const {
        const auto next = wire_.next();
        timespec time{};
        if (next) {
            const auto left = std::max(*next - Clock::now(), Clock::duration::zero());
            const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
            time.tv_sec = seconds.count();
            time.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
        }
        ppoll(waited.data(), waited.size(), next ? &time : nullptr, nullptr);
    }

    void serve_clients(const std::vector<pollfd>& waited) {
        for (std::size_t at = 1; at <= clients_.size(); ++at) {
            if (waited[at].revents != 0 && !answer(wire_, waited[at].fd)) {
                close(waited[at].fd);
                clients_[at - 1] = -1;
            }
        }
        std::erase(clients_, -1);
        if ((waited[0].revents & POLLIN) != 0 && clients_.size() < kClientsMax) {
            const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (client >= 0) {
                clients_.push_back(client);
            }
        }
    }

    int listener_;
    std::vector<int> clients_;
    Wire wire_;
};

}  // namespace
}  // namespace nlb::lab

int main(int count, char** arguments) {
    if (count != 2) {
        std::fputs("usage: lab-switch SOCKET\n", stderr);
        return 2;
    }
    const int listener = nlb::lab::listen_at(arguments[1]);
    if (listener < 0) {
        std::fprintf(stderr, "lab-switch: %s: %s\n", arguments[1], std::strerror(errno));
        return 1;
    }
    nlb::lab::Loop loop(listener);
    for (;;) {
        loop.turn();
    }
}
