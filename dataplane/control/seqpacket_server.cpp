// Plain sockets: the calls and their error numbers.
#include "dataplane/control/seqpacket_server.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
namespace nlb::dataplane {
namespace {

constexpr int kBacklog = 4;
// Frames of some seconds: the cores let in up to 400 datagrams of remote control a second, and a
// control plane that waits for its processor must find every heartbeat behind them.
constexpr int kSendBufferBytes = 4 << 20;

// The kernel's default holds 90 datagrams; beyond its maximum only CAP_NET_ADMIN may go.
void make_room(int fd) {
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kSendBufferBytes, sizeof kSendBufferBytes) != 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
}

}  // namespace

Result<SeqpacketServer> SeqpacketServer::listen(const std::string& path,
                                                daemon::SocketAccess access) {
    const auto listening = daemon::listen_unix(path, SOCK_SEQPACKET, kBacklog, access);
    if (!listening) return listening.error();
    return SeqpacketServer(listening.value(), path);
}

SeqpacketServer::SeqpacketServer(SeqpacketServer&& other) noexcept
    : listening_(std::exchange(other.listening_, -1)),
      path_(std::move(other.path_)),
      connected_(std::exchange(other.connected_, -1)),
      peer_pid_(other.peer_pid_),
      queue_(std::move(other.queue_)) {}

SeqpacketServer::~SeqpacketServer() {
    disconnect();
    if (listening_ < 0) return;
    close(listening_);
    unlink(path_.c_str());
}

int SeqpacketServer::accept_next() {
    const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        is_out_of_descriptors_ =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    return fd;
}

bool SeqpacketServer::accept() {
    connected_ = accept_next();
    if (connected_ < 0) return false;
    make_room(connected_);
    ucred peer{};
    socklen_t bytes = sizeof peer;
    peer_pid_ = getsockopt(connected_, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 ? peer.pid : 0;
    return true;
}

void SeqpacketServer::turn_away(std::span<const Byte> datagram) {
    const int fd = accept_next();
    if (fd < 0) return;
    static_cast<void>(::send(fd, datagram.data(), datagram.size(), MSG_NOSIGNAL));
    close(fd);
}

SeqpacketServer::Received SeqpacketServer::receive(std::vector<Byte>& into, std::size_t most) {
    into.resize(most + 1);
    const ssize_t bytes = recv(connected_, into.data(), into.size(), 0);
    if (bytes > 0) {
        into.resize(static_cast<std::size_t>(bytes));
        return Received::datagram;
    }
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return Received::nothing;
    return Received::closed;
}

SeqpacketServer::Sent SeqpacketServer::try_send(std::span<const Byte> datagram) const {
    const ssize_t bytes = ::send(connected_, datagram.data(), datagram.size(), MSG_NOSIGNAL);
    if (bytes >= 0) return Sent::whole;
    return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? Sent::later : Sent::broken;
}

void SeqpacketServer::send(std::vector<Byte> datagram) {
    if (!connected()) return;
    queue_.push_back(std::move(datagram));
    flush();
    if (queue_.size() > kQueueMost) disconnect();
}

bool SeqpacketServer::send_now(std::span<const Byte> datagram) {
    return connected() && queue_.empty() && try_send(datagram) == Sent::whole;
}

void SeqpacketServer::flush() {
    while (wants_to_write()) {
        const Sent sent = try_send(queue_.front());
        if (sent == Sent::later) return;
        // A peer that is gone is noticed, and its last messages are read, where the socket is read.
        queue_.pop_front();
    }
}

void SeqpacketServer::disconnect() {
    queue_.clear();
    if (connected_ >= 0) close(connected_);
    connected_ = -1;
}

}  // namespace nlb::dataplane
