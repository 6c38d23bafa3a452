// A socket for each family that a target has; none is connected, so that answers are taken from
// wherever they come.
#include "cli/remote_exchange.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/remote_sealer.hpp"

namespace nlb::cli {
namespace {

using remote::RemoteClient;

// Answers of 32 hosts arrive at once, some 50 KiB each, and the kernel counts twice that. What does
// not fit is asked for again, and takes longer.
constexpr int kReceiveBytes = 4 * 1024 * 1024;

Instant now() {
    return Instant{
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t bytes = 0;
    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
};

SocketAddress socket_address(const RemoteTarget& target) {
    SocketAddress made;
    if (target.address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(target.port);
        v4.sin_addr.s_addr = htonl(target.address.as_v4());
        std::memcpy(&made.storage, &v4, made.bytes = sizeof v4);
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(target.port);
        std::memcpy(&v6.sin6_addr, target.address.bytes.data(), sizeof v6.sin6_addr);
        std::memcpy(&made.storage, &v6, made.bytes = sizeof v6);
    }
    return made;
}

RemoteTarget target_in(const sockaddr_storage& storage) {
    RemoteTarget target;
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        return {IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    std::memcpy(target.address.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    target.port = ntohs(v6.sin6_port);
    return target;
}

// One family's socket; made when it is first needed.
class Socket {
public:
    explicit Socket(int family) : family_(family) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    // An address that is not this machine's is not insisted on: the kernel then chooses.
    void open(const std::vector<IpAddress>& from) {
        if (fd_ >= 0) return;
        fd_ = ::socket(family_, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        // Past the machine's usual most needs CAP_NET_ADMIN.
        if (::setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBytes, sizeof kReceiveBytes) !=
            0)
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
        const bool v4 = family_ == AF_INET;
        const auto own = std::find_if(from.begin(), from.end(),
                                      [v4](const IpAddress& one) { return one.is_v4() == v4; });
        if (fd_ < 0 || own == from.end()) return;
        const SocketAddress address = socket_address({*own, 0});
        static_cast<void>(::bind(fd_, address.get(), address.bytes));
    }
    // What does not leave is asked for again, as what is lost on its way.
    void send(const RemoteTarget& to, const std::vector<Byte>& bytes) const {
        const SocketAddress address = socket_address(to);
        static_cast<void>(
            ::sendto(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL, address.get(), address.bytes));
    }
    [[nodiscard]] int fd() const { return fd_; }

private:
    int family_;
    int fd_ = -1;
};

class Exchange {
public:
    Exchange(const RemoteQuestion& question, RemoteClient& client, Instant deadline)
        : question_(question), client_(client), deadline_(deadline) {
        for (const RemoteTarget& target : question.targets) socket_for(target).open(question.from);
    }

    void run() {
        for (Instant at = now(); !client_.done(at); at = now()) {
            for (const RemoteClient::Send& one : client_.on_tick(at))
                socket_for(question_.targets[one.to]).send(question_.targets[one.to], one.bytes);
            wait(at);
        }
    }

private:
    Socket& socket_for(const RemoteTarget& target) { return target.address.is_v4() ? v4_ : v6_; }

    void wait(Instant at) {
        const Instant until = std::min(client_.next_wake(at), deadline_);
        const auto left = std::max(Duration{0}, until - at);
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        std::array<pollfd, 2> polled{pollfd{v4_.fd(), POLLIN, 0}, pollfd{v6_.fd(), POLLIN, 0}};
        if (::poll(polled.data(), polled.size(), static_cast<int>(std::min<long>(ms, 1000))) <= 0)
            return;
        for (const pollfd& one : polled)
            if (one.fd >= 0 && one.revents != 0) read_all(one.fd);
    }

    void read_all(int fd) {
        std::array<Byte, 2048> bytes;
        for (;;) {
            sockaddr_storage from{};
            socklen_t size = sizeof from;
            const ssize_t count = ::recvfrom(fd, bytes.data(), bytes.size(), 0,
                                             reinterpret_cast<sockaddr*>(&from), &size);
            if (count < 0) return;
            client_.on_datagram(now(), index_of(target_in(from)),
                                {bytes.data(), static_cast<std::size_t>(count)});
        }
    }

    [[nodiscard]] std::size_t index_of(const RemoteTarget& from) const {
        const auto& targets = question_.targets;
        const auto found = std::find_if(targets.begin(), targets.end(), [&](const auto& target) {
            return target.address == from.address && target.port == from.port;
        });
        return static_cast<std::size_t>(found - targets.begin());
    }

    const RemoteQuestion& question_;
    RemoteClient& client_;
    Instant deadline_;
    Socket v4_{AF_INET};
    Socket v6_{AF_INET6};
};

ControlReply reply_of(const RemoteClient::Reply& from) {
    ControlReply reply;
    if (!from.whole) {
        reply.fault = ReturnValue::timeout;
        reply.message = from.host + " was reached and its answer did not come in time";
        return reply;
    }
    reply.line = from.text.substr(0, from.text.find('\n'));
    auto json = parse_json(reply.line);
    if (!json || !json->is_object()) {
        reply.message = from.host + ": the answer is not a JSON object; is it of another version?";
        return reply;
    }
    reply.answered = true;
    reply.json = std::move(*json);
    return reply;
}

std::vector<std::size_t> doubtful_in(const std::vector<RemoteTarget>& targets) {
    std::vector<std::size_t> doubtful;
    for (std::size_t i = 0; i < targets.size(); ++i)
        if (targets[i].is_doubtful) doubtful.push_back(i);
    return doubtful;
}

}  // namespace

Result<RemoteReplies> ask_hosts(const RemoteQuestion& question, const Json& request) {
    if (const Status ready = config::prepare_sealing(); !ready) return ready.error();
    const auto key = config::read_key(question.key_file);
    if (!key) return key.error();
    std::string text = one_line(request);
    if (text.size() > remote::kRequestTextMax)
        return Error{"the request is longer than remote control carries; type it on the host"};
    if (question.host.size() > remote::kNameBytesMax)
        return Error{"expected a host's name of at most 63 characters"};
    const config::RemoteSealer sealer(key.value());
    const Instant begin = now();
    RemoteClient client(begin,
                        {question.wanted, question.host, std::move(text), question.targets.size(),
                         begin + question.timeout, doubtful_in(question.targets)},
                        sealer);
    Exchange(question, client, begin + question.timeout).run();
    RemoteReplies replies;
    replies.ambiguous = client.ambiguous();
    for (const RemoteClient::Reply& one : client.replies())
        replies.hosts.push_back({one.host, reply_of(one)});
    return replies;
}

}  // namespace nlb::cli
