// Writing is tried at once and queued only when the kernel would block. A broken connection is told
// from the loop, never from inside send(): the caller may be in the middle of a list of actions.
#include "controlplane/loop/dataplane_connection.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

#include "config/daemon/unix_socket.hpp"

namespace nlb::controlplane {
namespace {

constexpr int kSendBufferBytes = 1 << 20;

std::string words_of(int error) {
    return std::strerror(error);
}

}  // namespace

DataplaneConnection::DataplaneConnection(asio::io_context& loop, std::string path,
                                         Listener& listener)
    : loop_(loop),
      retry_(loop),
      path_(std::move(path)),
      listener_(listener),
      buffer_(ipc::kMessageBytesMax) {}

DataplaneConnection::~DataplaneConnection() = default;

void DataplaneConnection::start() {
    try_connect();
}

void DataplaneConnection::try_connect() {
    const auto connected = daemon::connect_unix(path_, SOCK_SEQPACKET);
    if (!connected) {
        if (!told_missing_)
            listener_.on_missing(path_ + ": " + connected.error().message +
                                 "; start nlb-dataplane with the same run directory");
        told_missing_ = true;
        return retry_after(kRetryEvery);
    }
    const int fd = connected.value();
    told_missing_ = false;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
    socket_.emplace(loop_, fd);
    broken_ = waiting_writable_ = false;
    queue_.clear();
    wait_readable();
}

void DataplaneConnection::retry_after(std::chrono::milliseconds pause) {
    retry_.expires_after(pause);
    retry_.async_wait([this](const asio::error_code& error) {
        if (!error) try_connect();
    });
}

void DataplaneConnection::wait_readable() {
    socket_->async_wait(asio::posix::stream_descriptor::wait_read,
                        [this](const asio::error_code& error) {
                            if (error || !socket_) return;
                            listener_.on_readable();
                            if (connected()) wait_readable();
                        });
}

void DataplaneConnection::drain() {
    for (std::size_t n = 0; n < kDrainMax && connected(); ++n)
        if (!read_one()) return;
}

// False when nothing more can be read.
bool DataplaneConnection::read_one() {
    const ssize_t bytes =
        recv(socket_->native_handle(), buffer_.data(), buffer_.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (bytes < 0 && errno == EINTR) return true;
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (bytes <= 0) {
        break_off(bytes == 0 ? "it closed the connection" : words_of(errno));
        return false;
    }
    const auto size = static_cast<std::size_t>(bytes);
    const auto message =
        size <= buffer_.size() ? ipc::read_message({buffer_.data(), size}) : std::nullopt;
    if (!message) {
        break_off("it sent " + std::to_string(size) +
                  " bytes that are no message; are both programs of one build?");
        return false;
    }
    listener_.on_message(*message);
    return true;
}

void DataplaneConnection::send(std::vector<Byte> datagram) {
    if (!connected()) return;
    if (queue_.empty()) {
        bool would_block = false;
        if (write_now(datagram, &would_block) || !would_block) return;
    }
    if (queue_.size() >= kQueueMax)
        return break_off("it has not read for " + std::to_string(kQueueMax) + " messages");
    queue_.push_back(std::move(datagram));
    wait_writable();
}

// False: `would_block` says whether it is worth waiting; else the connection is broken.
bool DataplaneConnection::write_now(const std::vector<Byte>& datagram, bool* would_block) {
    ssize_t sent = -1;
    do
        sent = ::send(socket_->native_handle(), datagram.data(), datagram.size(),
                      MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0) return true;
    *would_block = errno == EAGAIN || errno == EWOULDBLOCK;
    if (!*would_block) break_off(words_of(errno));
    return false;
}

void DataplaneConnection::wait_writable() {
    if (waiting_writable_) return;
    waiting_writable_ = true;
    socket_->async_wait(asio::posix::stream_descriptor::wait_write,
                        [this](const asio::error_code& error) {
                            if (error || !connected()) return;
                            waiting_writable_ = false;
                            flush();
                        });
}

// In order, until the kernel has no more room.
void DataplaneConnection::flush() {
    bool would_block = false;
    while (connected() && !queue_.empty() && write_now(queue_.front(), &would_block))
        queue_.pop_front();
    if (connected() && !queue_.empty()) wait_writable();
}

void DataplaneConnection::abandon(const std::string& because) {
    if (!connected()) return;
    pause_ = kRetryRefusedEvery;
    break_off(because);
}

// The listener may be in the middle of a list of actions: it is told when it is done with them.
void DataplaneConnection::break_off(const std::string& because) {
    if (broken_) return;
    broken_ = true;
    queue_.clear();
    asio::post(loop_, [this, because] { lose(because); });
}

void DataplaneConnection::lose(const std::string& because) {
    socket_.reset();
    broken_ = false;
    listener_.on_lost(because);
    retry_after(std::exchange(pause_, kRetryEvery));
}

pid_t DataplaneConnection::peer() const {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (!connected()) return 0;
    const int descriptor = const_cast<asio::posix::stream_descriptor&>(*socket_).native_handle();
    const bool known = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0;
    return known ? credentials.pid : 0;
}

}  // namespace nlb::controlplane
