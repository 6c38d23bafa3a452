// A client is an object that lives as long as something is pending on it; deadlines close its
// socket.
#include "controlplane/loop/control_socket.hpp"

#include <memory>
#include <unistd.h>

#include "config/daemon/unix_socket.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {

// One connection, alive as long as something is pending on it.
class ControlSocket::Client : public std::enable_shared_from_this<ControlSocket::Client> {
public:
    Client(asio::io_context& loop, asio::local::stream_protocol::socket socket, Handler& handler,
           std::size_t& clients)
        : socket_(std::move(socket)), deadline_(loop), handler_(handler), clients_(clients) {
        ++clients_;
    }
    ~Client() { --clients_; }

    void start() {
        deadline_.expires_after(kLineWithin);
        deadline_.async_wait([weak = weak_from_this()](const asio::error_code& error) {
            const auto self = weak.lock();
            if (self && !error) self->socket_.close();
        });
        read();
    }
    // It has not finished its line.
    [[nodiscard]] bool owes_its_line() const { return owes_its_line_; }
    void send_away() {
        owes_its_line_ = false;
        socket_.close();
    }

private:
    void read() {
        asio::async_read_until(
            socket_, asio::dynamic_buffer(input_, kLineBytesMax), '\n',
            [self = shared_from_this()](const asio::error_code& error, std::size_t bytes) {
                self->deadline_.cancel();
                self->owes_its_line_ = false;
                // A line that is too long has no end within the limit: it is answered like other
                // garbage.
                if (error && error != asio::error::not_found && error != asio::error::eof) return;
                self->handle(error ? self->input_.size() : bytes - 1);
            });
    }
    void handle(std::size_t bytes) {
        if (bytes == 0 && input_.empty()) return;
        handler_(std::string_view{input_}.substr(0, bytes),
                 [self = shared_from_this()](std::string line) { self->write(std::move(line)); });
    }
    void write(std::string line) {
        output_ = std::move(line);
        deadline_.expires_after(kLineWithin);
        deadline_.async_wait([weak = weak_from_this()](const asio::error_code& error) {
            const auto self = weak.lock();
            if (self && !error) self->socket_.close();
        });
        asio::async_write(socket_, asio::buffer(output_),
                          [self = shared_from_this()](const asio::error_code&, std::size_t) {
                              self->deadline_.cancel();
                          });
    }

    asio::local::stream_protocol::socket socket_;
    asio::steady_timer deadline_;
    Handler& handler_;
    std::size_t& clients_;
    bool owes_its_line_ = true;
    std::string input_;
    std::string output_;
};

ControlSocket::ControlSocket(asio::io_context& loop, Handler handler)
    : loop_(loop), acceptor_(loop), retry_(loop), handler_(std::move(handler)) {}

ControlSocket::~ControlSocket() {
    if (!path_.empty()) unlink(path_.c_str());
}

Status ControlSocket::listen(const std::string& path) {
    NLB_ASSERT(path_.empty());
    const auto listening = daemon::listen_unix(path, SOCK_STREAM, static_cast<int>(kClientsMax),
                                               daemon::SocketAccess::group);
    if (!listening) return listening.error();
    path_ = path;
    acceptor_.assign(asio::local::stream_protocol(), listening.value());
    accept();
    return Done{};
}

void ControlSocket::accept() {
    acceptor_.async_accept(
        [this](const asio::error_code& error, asio::local::stream_protocol::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (!error) {
                take(std::move(socket));
                return accept();
            }
            // Out of descriptors or the like: not at once again, or the loop would do nothing else.
            retry_.expires_after(std::chrono::milliseconds{100});
            retry_.async_wait([this](const asio::error_code& stopped) {
                if (!stopped) accept();
            });
        });
}

void ControlSocket::take(asio::local::stream_protocol::socket socket) {
    std::erase_if(in_order_, [](const std::weak_ptr<Client>& one) { return one.expired(); });
    if (clients_ >= kClientsMax && !send_the_most_silent_away()) return;
    const auto client = std::make_shared<Client>(loop_, std::move(socket), handler_, clients_);
    in_order_.push_back(client);
    client->start();
}

bool ControlSocket::send_the_most_silent_away() {
    for (const std::weak_ptr<Client>& one : in_order_) {
        const auto client = one.lock();
        if (!client || !client->owes_its_line()) continue;
        client->send_away();
        return true;
    }
    return false;
}

}  // namespace nlb::controlplane
