// A blocking exchange with a deadline: every step is given only the time that is left.
#include "cli/control_client.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace nlb::cli {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
public:
    Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

ControlReply failed(ReturnValue fault, std::string message) {
    ControlReply reply;
    reply.fault = fault;
    reply.message = std::move(message);
    return reply;
}

class Exchange {
public:
    Exchange(std::string path, Duration timeout)
        : path_(std::move(path)), timeout_(timeout), deadline_(Clock::now() + timeout) {}

    ControlReply run(const std::string& request) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path_.size() >= sizeof address.sun_path)
            return failed(
                ReturnValue::bad_params,
                fmt::format(
                    "{}: a socket's path has at most {} characters; choose a shorter --run-dir",
                    path_, sizeof address.sun_path - 1));
        std::memcpy(address.sun_path, path_.data(), path_.size());
        if (socket_.fd() < 0)
            return failed(ReturnValue::io_error,
                          fmt::format("cannot make a socket: {}", std::strerror(errno)));
        if (!give_remaining_time()) return timed_out();
        if (::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0)
            return not_connected(errno);
        if (ControlReply reply = send_all(request); !reply.message.empty()) return reply;
        return receive_line();
    }

private:
    bool give_remaining_time() {
        const auto left =
            std::chrono::duration_cast<std::chrono::microseconds>(deadline_ - Clock::now()).count();
        if (left <= 0) return false;
        const timeval limit{left / 1'000'000, left % 1'000'000};
        ::setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return true;
    }

    ControlReply timed_out() const {
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout_);
        return failed(
            ReturnValue::timeout,
            fmt::format(
                "{}: the control plane did not answer within {}; is it stopped or overloaded?",
                path_, ms));
    }

    ControlReply not_connected(int error) const {
        if (error == EAGAIN || error == EINPROGRESS) return timed_out();
        const char* remedy = "";
        if (error == ENOENT)
            remedy = "; start nlb-controlplane, or name its run directory with --run-dir";
        if (error == ECONNREFUSED)
            remedy = "; it was there and is gone: start nlb-controlplane again";
        if (error == EACCES || error == EPERM)
            remedy = "; become the user it runs as, usually root";
        return failed(ReturnValue::io_error, fmt::format("{}: no control plane to speak to: {}{}",
                                                         path_, std::strerror(error), remedy));
    }

    ControlReply send_all(const std::string& bytes) {
        for (std::size_t at = 0; at < bytes.size();) {
            if (!give_remaining_time()) return timed_out();
            const ssize_t count =
                ::send(socket_.fd(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
            if (count > 0) at += static_cast<std::size_t>(count);
            if (count < 0 && errno == EPIPE) break;  // it may have answered before it closed
            if (count < 0 && errno != EINTR) return lost(errno);
        }
        return {};
    }

    ControlReply lost(int error) const {
        if (error == EAGAIN) return timed_out();
        return failed(ReturnValue::io_error,
                      fmt::format("{}: the connection broke: {}", path_, std::strerror(error)));
    }

    ControlReply receive_line() {
        std::string line;
        std::array<char, 16384> part{};
        while (line.find('\n') == std::string::npos) {
            if (!give_remaining_time()) return timed_out();
            const ssize_t count = ::recv(socket_.fd(), part.data(), part.size(), 0);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return lost(errno);
            if (count == 0) break;
            line.append(part.data(), static_cast<std::size_t>(count));
            if (line.size() > kControlLineBytesMax)
                return failed(ReturnValue::io_error,
                              path_ + ": the answer is longer than 1 MiB; who listens there?");
        }
        line.resize(std::min(line.size(), line.find('\n')));
        if (line.empty())
            return failed(ReturnValue::io_error,
                          path_ + ": closed without an answer; look into the control plane's log");
        auto json = parse_json(line);
        if (!json || !json->is_object())
            return failed(ReturnValue::io_error,
                          path_ + ": the answer is not a JSON object; who listens there?");
        ControlReply reply;
        reply.answered = true;
        reply.line = std::move(line);
        reply.json = std::move(*json);
        return reply;
    }

    std::string path_;
    Duration timeout_;
    Clock::time_point deadline_;
    Socket socket_;
};

}  // namespace

ControlReply ask_control_plane(const std::string& run_dir, const Json& request, Duration timeout) {
    return Exchange(run_dir + "/control.sock", timeout).run(one_line(request) + '\n');
}

}  // namespace nlb::cli
