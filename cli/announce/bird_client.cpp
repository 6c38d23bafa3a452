// Codes: 0xxx done, 8xxx the command failed, 9xxx it was not understood. A continued line has "-"
// behind its code, or begins with a blank.
#include "cli/announce/bird_client.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/json.hpp"

namespace nlb::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kCodeDigits = 4;
constexpr unsigned kFirstFailure = 8000;
constexpr std::size_t kAnswerBytesMax = 65536;
constexpr std::size_t kNameMax = 64;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

class Connection {
public:
    Connection(const std::string& path, Clock::time_point deadline)
        : path_(path), deadline_(deadline) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
        if (fd_ >= 0) ::close(fd_);
    }

    Status open() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path_.empty() || path_.size() >= sizeof address.sun_path)
            return Error{fmt::format("{}: a socket's path has 1 to {} characters", path_,
                                     sizeof address.sun_path - 1)};
        std::memcpy(address.sun_path, path_.data(), path_.size());
        fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd_ >= 0 &&
            ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
            return Done{};
        return Error{
            fmt::format("{}: no BIRD to speak to: {}; is it started, and may this user "
                        "use its socket (group bird)?",
                        path_, std::strerror(errno))};
    }

    Status say(const std::string& line) {
        const ssize_t sent = ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL);
        if (sent == static_cast<ssize_t>(line.size())) return Done{};
        return Error{path_ + ": BIRD takes no command"};
    }

    Result<BirdReply> hear() {
        std::string said;
        for (;;) {
            if (const auto reply = read_bird_reply(said)) return *reply;
            char bytes[4096];
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
            pollfd ready{fd_, POLLIN, 0};
            if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0)
                return Error{path_ + ": BIRD did not answer in time"};
            const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
            if (count <= 0 || said.size() > kAnswerBytesMax)
                return Error{path_ + ": BIRD ended the conversation"};
            said.append(bytes, static_cast<std::size_t>(count));
        }
    }

private:
    const std::string& path_;
    Clock::time_point deadline_;
    int fd_ = -1;
};

}  // namespace

std::optional<BirdReply> read_bird_reply(std::string_view said) {
    std::string text;
    for (std::size_t end = said.find('\n'); end != std::string_view::npos; end = said.find('\n')) {
        const std::string_view line = said.substr(0, end);
        said.remove_prefix(end + 1);
        const bool coded = line.size() > kCodeDigits &&
                           std::all_of(line.begin(), line.begin() + kCodeDigits, is_digit);
        if (coded && text.empty()) text = printable(line.substr(kCodeDigits + 1));
        if (!coded || line[kCodeDigits] != ' ') continue;
        unsigned code = 0;
        for (std::size_t i = 0; i < kCodeDigits; ++i)
            code = code * 10 + static_cast<unsigned>(line[i] - '0');
        return BirdReply{code, text};
    }
    return std::nullopt;
}

Result<BirdReply> ask_bird(const std::string& socket, const std::string& command,
                           Duration timeout) {
    Connection bird(socket, Clock::now() + timeout);
    if (const Status open = bird.open(); !open) return open.error();
    if (const auto greeting = bird.hear(); !greeting) return greeting.error();
    if (const Status said = bird.say(command + "\n"); !said) return said.error();
    return bird.hear();
}

Status switch_protocol(const std::string& socket, const std::string& protocol, bool on,
                       Duration timeout) {
    const auto reply =
        ask_bird(socket, fmt::format("{} {}", on ? "enable" : "disable", protocol), timeout);
    if (!reply) return reply.error();
    if (reply.value().code < kFirstFailure) return Done{};
    return Error{
        fmt::format("{}: BIRD refuses to switch the protocol \"{}\": {} ({}); it must "
                    "stand in bird.conf",
                    socket, protocol, reply.value().text, reply.value().code)};
}

bool is_bird_name(std::string_view text) {
    const auto letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !text.empty() && text.size() <= kNameMax && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || is_digit(c); });
}

}  // namespace nlb::cli
