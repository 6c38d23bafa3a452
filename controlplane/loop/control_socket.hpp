// RUN_DIR/control.sock: one line in, one line out, then closed. It bounds what a client may cost
// (lines, clients, time) and knows nothing of what the lines mean. Clients that connect and say
// nothing lock nobody out: a newcomer takes the place of the one that has been silent longest.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "controlplane/health/with_asio.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

// Thread: the loop's.
class ControlSocket {
public:
    using Answer = std::function<void(std::string line)>;
    using Handler = std::function<void(std::string_view line, Answer answer)>;

    // `handler` gets each line once, and calls its `answer` once, now or later.
    ControlSocket(asio::io_context& loop, Handler handler);
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    // Replaces what lies at the path. Called once. Requires: this process holds the run directory's
    // lock.
    Status listen(const std::string& path);

    static constexpr std::size_t kLineBytesMax = 1U << 20;
    static constexpr std::size_t kClientsMax = 32;
    static constexpr std::chrono::seconds kLineWithin{10};

private:
    class Client;
    void accept();
    void take(asio::local::stream_protocol::socket socket);
    // False: all of them are being answered.
    bool send_the_most_silent_away();

    asio::io_context& loop_;
    asio::local::stream_protocol::acceptor acceptor_;
    asio::steady_timer retry_;
    Handler handler_;
    std::string path_;
    std::size_t clients_ = 0;
    std::deque<std::weak_ptr<Client>> in_order_;  // as they came; who has gone is struck off
};

}  // namespace nlb::controlplane
