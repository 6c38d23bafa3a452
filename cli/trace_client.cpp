// A seqpacket socket and a signalfd under one poll.
#include "cli/trace_client.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace nlb::cli {
namespace {

int take_interrupts() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals, signal);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

std::string remedy_for(int error) {
    if (error == ENOENT) return "; start nlb-dataplane, or name its run directory with --run-dir";
    if (error == ECONNREFUSED) return "; it was there and is gone: start nlb-dataplane again";
    if (error == EACCES || error == EPERM) return "; become the user it runs as, usually root";
    return "";
}

}  // namespace

TraceClient::TraceClient(int socket, int signals) : socket_(socket), signals_(signals) {}

TraceClient::TraceClient(TraceClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), signals_(std::exchange(other.signals_, -1)) {}

TraceClient::~TraceClient() {
    if (socket_ >= 0) close(socket_);
    if (signals_ >= 0) close(signals_);
}

Result<TraceClient> TraceClient::connect(const std::string& run_dir) {
    const std::string path = run_dir + "/trace.sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{
            fmt::format("{}: a socket's path has at most {} characters; choose a shorter --run-dir",
                        path, sizeof address.sun_path - 1)};
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) return Error{fmt::format("no socket could be made: {}", std::strerror(errno))};
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        close(fd);
        return Error{fmt::format("{}: no dataplane to speak to: {}{}", path, std::strerror(error),
                                 remedy_for(error))};
    }
    return TraceClient(fd, take_interrupts());
}

Status TraceClient::ask(const trace::Request& request, std::span<const trace::Instruction> filter) {
    const auto datagram =
        ipc::write_message(ipc::MessageType::trace_request, 0, ipc::bytes_of(request),
                           {reinterpret_cast<const Byte*>(filter.data()), filter.size_bytes()});
    if (::send(socket_, datagram.data(), datagram.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(datagram.size()))
        return Done{};
    // Who was turned away finds the reason in what it receives.
    if (errno == EPIPE || errno == ECONNRESET) return Done{};
    return Error{fmt::format("the request could not be sent: {}", std::strerror(errno))};
}

TraceClient::Event TraceClient::next() {
    pollfd fds[]{{socket_, POLLIN, 0}, {signals_, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) return Interrupted{};
    if (fds[1].revents != 0) return Interrupted{};
    datagram_.resize(ipc::kMessageBytesMax);
    ssize_t bytes = recv(socket_, datagram_.data(), datagram_.size(), 0);
    // Whoever is turned away before its request was read hears of that first, and of the reason
    // then.
    if (bytes < 0 && errno == ECONNRESET)
        bytes = recv(socket_, datagram_.data(), datagram_.size(), 0);
    if (bytes <= 0) return Gone{};
    datagram_.resize(static_cast<std::size_t>(bytes));
    const auto message = ipc::read_message(datagram_);
    const auto type = message ? message->type : ipc::MessageType::hello;
    if (type == ipc::MessageType::refused)
        return Refused{{message->payload.begin(), message->payload.end()}};
    if (type == ipc::MessageType::trace_progress)
        if (const auto progress = message->body<trace::Progress>()) return *progress;
    if (type == ipc::MessageType::trace_packet)
        if (const auto packet = message->body<trace::Packet>();
            packet && static_cast<std::size_t>(packet->reason) < kReasonCount)
            return Traced{*packet, message->rest_after<trace::Packet>()};
    return Refused{
        "the dataplane's answer is no message of this build: install nlb and nlb-dataplane from "
        "one package"};
}

}  // namespace nlb::cli
