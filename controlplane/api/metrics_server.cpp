// libmicrohttpd serves on one thread and forgets who is silent; a second one ends connections that
// last too long, because a client that sends a byte now and then is never silent.
#include "controlplane/api/metrics_server.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <map>
#include <microhttpd.h>
#include <mutex>
#include <netdb.h>
#include <optional>
#include <sys/socket.h>
#include <thread>

namespace nlb::controlplane {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRequestBytesMax = 16384;

// "127.0.0.1:9780", "[::1]:9780".
std::optional<sockaddr_storage> address_of(const std::string& listen) {
    const std::size_t colon = listen.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    std::string host = listen.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string::npos)
        return std::nullopt;
    addrinfo numbers{};
    numbers.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    numbers.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.empty() ? nullptr : host.c_str(), listen.c_str() + colon + 1, &numbers,
                    &found) != 0)
        return std::nullopt;
    sockaddr_storage address{};
    std::memcpy(&address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return address;
}

MHD_Result answer(MHD_Connection* to, unsigned status, const std::string& text) {
    MHD_Response* const response = MHD_create_response_from_buffer(
        text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            "text/plain; version=0.0.4; charset=utf-8");
    const MHD_Result queued = MHD_queue_response(to, status, response);
    MHD_destroy_response(response);
    return queued;
}

MHD_Result on_request(void* board, MHD_Connection* from, const char* url, const char* method,
                      const char*, const char*, std::size_t* upload_bytes, void** seen) {
    const bool get = std::strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
                     std::strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (!get)
        return *upload_bytes != 0 ? MHD_NO
                                  : answer(from, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
    // It is called once when the headers are there, and answered at the second call.
    if (*seen == nullptr) {
        *seen = board;
        return MHD_YES;
    }
    if (std::strcmp(url, "/healthz") == 0) {
        const Serving serving = static_cast<const MetricsBoard*>(board)->serving();
        return answer(from, serving.as_it_should ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                      serving.sentence + "\n");
    }
    if (std::strcmp(url, "/metrics") != 0)
        return answer(from, MHD_HTTP_NOT_FOUND, "only /metrics and /healthz are here\n");
    return answer(from, MHD_HTTP_OK, static_cast<const MetricsBoard*>(board)->text());
}

}  // namespace

class MetricsServer::Implementation {
public:
    explicit Implementation(std::shared_ptr<MetricsBoard> board) : board_(std::move(board)) {}
    ~Implementation() {
        if (daemon_ != nullptr) MHD_stop_daemon(daemon_);
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        if (reaper_.joinable()) reaper_.join();
    }
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;

    bool start(const sockaddr_storage& address) {
        const unsigned family = address.ss_family == AF_INET6 ? unsigned{MHD_USE_IPv6} : 0U;
        daemon_ = MHD_start_daemon(
            MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | family, 0, nullptr, nullptr,
            &on_request, board_.get(), MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
            kClientsMax, MHD_OPTION_PER_IP_CONNECTION_LIMIT, kClientsOfAddressMax,
            MHD_OPTION_CONNECTION_TIMEOUT, kSilence_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            kRequestBytesMax, MHD_OPTION_NOTIFY_CONNECTION, &on_connection, this, MHD_OPTION_END);
        if (daemon_ == nullptr) return false;
        reaper_ = std::thread([this] { reap(); });
        return true;
    }
    [[nodiscard]] int port() const {
        const MHD_DaemonInfo* const info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
        return info == nullptr ? 0 : info->port;
    }

private:
    // MHD tells a connection's end before it closes the socket, so no number here is of another.
    static void on_connection(void* self, MHD_Connection* connection, void**,
                              MHD_ConnectionNotificationCode what) {
        auto& server = *static_cast<Implementation*>(self);
        const MHD_ConnectionInfo* const info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        if (info == nullptr) return;
        const std::lock_guard lock(server.mutex_);
        if (what == MHD_CONNECTION_NOTIFY_STARTED)
            server.since_[info->connect_fd] = Clock::now();
        else
            server.since_.erase(info->connect_fd);
    }
    void reap() {
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            wake_.wait_for(lock, std::chrono::seconds{1});
            const Clock::time_point too_old = Clock::now() - std::chrono::seconds{kConnection_s};
            for (const auto& [fd, since] : since_)
                if (since < too_old) shutdown(fd, SHUT_RDWR);
        }
    }

    std::shared_ptr<MetricsBoard> board_;
    MHD_Daemon* daemon_ = nullptr;
    std::thread reaper_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::map<int, Clock::time_point> since_;  // by socket
};

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(
    const std::string& listen, const std::shared_ptr<MetricsBoard>& board) {
    const auto address = address_of(listen);
    if (!address)
        return Error{"metrics.listen: expected ADDRESS:PORT or [IPV6]:PORT, got \"" + listen +
                     "\"; metrics are not served"};
    auto implementation = std::make_unique<Implementation>(board);
    if (!implementation->start(*address))
        return Error{"metrics.listen: cannot listen on " + listen +
                     ": is another program there? metrics are not served"};
    return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(implementation)));
}

MetricsServer::MetricsServer(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

MetricsServer::~MetricsServer() = default;

int MetricsServer::port() const {
    return implementation_->port();
}

}  // namespace nlb::controlplane
