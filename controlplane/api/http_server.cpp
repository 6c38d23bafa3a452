// libmicrohttpd serves on one thread and forgets who is silent; a second one ends connections that
// last too long, because a client that sends a byte now and then is never silent. A request whose
// answer is not there yet is suspended, as is a stream with nothing to send: neither is polled.
#include "controlplane/api/http_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <microhttpd.h>
#include <mutex>
#include <netdb.h>
#include <optional>
#include <set>
#include <sys/socket.h>
#include <thread>

#include "controlplane/api/http_streams.hpp"

namespace nlb::controlplane {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMemoryBytesMax = 2 * HttpServer::kHeaderBytesMax;

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

MHD_Result take_header(void* into, MHD_ValueKind, const char* key, const char* value) {
    std::string name{key};
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    auto& headers = *static_cast<std::map<std::string, std::string>*>(into);
    const auto [at, fresh] = headers.try_emplace(name, value == nullptr ? "" : value);
    if (!fresh) at->second += std::string{", "} + (value == nullptr ? "" : value);
    return MHD_YES;
}

// A request from its headers to its end. Shared by the server and whoever owes it an answer.
struct Exchange {
    HttpRequest request;
    bool handed_over = false;
    bool too_large = false;

    std::mutex mutex;  // of what follows
    MHD_Connection* connection = nullptr;
    bool suspended = false;
    bool ended = false;
    std::optional<HttpResponse> response;

    void reply(HttpResponse fresh) {
        const std::lock_guard lock(mutex);
        if (ended || response) return;
        response = std::move(fresh);
        if (!suspended) return;
        suspended = false;
        MHD_resume_connection(connection);
    }
};

}  // namespace

class HttpServer::Implementation {
public:
    Implementation(Options options, Handler handler)
        : options_(std::move(options)),
          handler_(std::move(handler)),
          streams_(options_.streams_max) {}
    ~Implementation() {
        stop_daemon();
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
            MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | family, 0,
            nullptr, nullptr, &on_request, this, MHD_OPTION_SOCK_ADDR, &address,
            MHD_OPTION_CONNECTION_LIMIT, kClientsMax, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
            kClientsOfAddressMax, MHD_OPTION_CONNECTION_TIMEOUT, kSilence_s,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, kMemoryBytesMax, MHD_OPTION_NOTIFY_CONNECTION,
            &on_connection, this, MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this, MHD_OPTION_END);
        if (daemon_ == nullptr) return false;
        reaper_ = std::thread([this] { reap(); });
        return true;
    }
    [[nodiscard]] int port() const {
        const MHD_DaemonInfo* const info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
        return info == nullptr ? 0 : info->port;
    }
    HttpStreams& streams() { return streams_; }

private:
    struct OpenStream {
        Implementation* server;
        MHD_Connection* connection;
        Clock::time_point until;
        HttpStreams::Stream stream;
    };

    static MHD_Result on_request(void* self, MHD_Connection* from, const char* url,
                                 const char* method, const char*, const char* upload,
                                 std::size_t* upload_bytes, void** seen) {
        auto& server = *static_cast<Implementation*>(self);
        // It is called once when the headers are there, then with the body's parts, and answered
        // at the end.
        if (*seen == nullptr) {
            *seen = new std::shared_ptr<Exchange>(server.begin(from, url, method));
            return MHD_YES;
        }
        const std::shared_ptr<Exchange>& exchange = *static_cast<std::shared_ptr<Exchange>*>(*seen);
        if (*upload_bytes != 0) {
            HttpRequest& request = exchange->request;
            exchange->too_large = exchange->too_large || request.body.size() + *upload_bytes >
                                                             server.options_.body_bytes_max;
            if (!exchange->too_large) request.body.append(upload, *upload_bytes);
            *upload_bytes = 0;
            return MHD_YES;
        }
        return server.end(exchange);
    }
    std::shared_ptr<Exchange> begin(MHD_Connection* from, const char* url, const char* method) {
        auto exchange = std::make_shared<Exchange>();
        exchange->connection = from;
        exchange->request.method = method;
        exchange->request.path = url;
        exchange->request.query =
            MHD_get_connection_values(from, MHD_GET_ARGUMENT_KIND, nullptr, nullptr) > 0;
        MHD_get_connection_values(from, MHD_HEADER_KIND, &take_header, &exchange->request.headers);
        const std::lock_guard lock(mutex_);
        exchanges_.insert(exchange);
        return exchange;
    }
    MHD_Result end(const std::shared_ptr<Exchange>& exchange) {
        if (!exchange->handed_over) {
            exchange->handed_over = true;
            if (exchange->too_large)
                exchange->reply({413, {}, "the request is too large\n", false});
            else
                handler_(exchange->request, [exchange](HttpResponse response) {
                    exchange->reply(std::move(response));
                });
        }
        const std::lock_guard lock(exchange->mutex);
        if (exchange->response) return queue(exchange->connection, *exchange->response);
        if (stopped_) return MHD_NO;
        exchange->suspended = true;
        MHD_suspend_connection(exchange->connection);
        return MHD_YES;
    }
    static void on_completed(void* self, MHD_Connection*, void** seen, MHD_RequestTerminationCode) {
        auto* const held = static_cast<std::shared_ptr<Exchange>*>(*seen);
        if (held == nullptr) return;
        *seen = nullptr;
        {
            const std::lock_guard lock((*held)->mutex);
            (*held)->ended = true;
        }
        auto& server = *static_cast<Implementation*>(self);
        {
            const std::lock_guard lock(server.mutex_);
            server.exchanges_.erase(*held);
        }
        delete held;
    }

    MHD_Result queue(MHD_Connection* to, const HttpResponse& said) {
        MHD_Response* const response =
            said.stream
                ? stream_response(to)
                : MHD_create_response_from_buffer(
                      said.body.size(), const_cast<char*>(said.body.data()), MHD_RESPMEM_MUST_COPY);
        unsigned status = said.status;
        if (response == nullptr) {
            if (!said.stream) return MHD_NO;
            return queue(to, {503, {{"Retry-After", "5"}}, "too many pages are open\n", false});
        }
        for (const auto& [name, value] : said.headers)
            MHD_add_response_header(response, name.c_str(), value.c_str());
        const MHD_Result queued = MHD_queue_response(to, status, response);
        MHD_destroy_response(response);
        return queued;
    }
    // nullptr: there are too many.
    MHD_Response* stream_response(MHD_Connection* to) {
        auto* const open = new OpenStream{this, to, Clock::now() + std::chrono::seconds{kStream_s},
                                          HttpStreams::Stream{}};
        open->stream.wake = [to] { MHD_resume_connection(to); };
        if (!streams_.open(open->stream)) {
            delete open;
            return nullptr;
        }
        if (const MHD_ConnectionInfo* const info =
                MHD_get_connection_info(to, MHD_CONNECTION_INFO_CONNECTION_FD);
            info != nullptr) {
            const std::lock_guard lock(mutex_);
            since_.erase(info->connect_fd);
        }
        constexpr std::size_t kBlock = 16384;
        MHD_Response* const response = MHD_create_response_from_callback(
            MHD_SIZE_UNKNOWN, kBlock, &read_stream, open, &close_stream);
        if (response == nullptr) close_stream(open);
        return response;
    }
    static ssize_t read_stream(void* of, std::uint64_t, char* into, std::size_t max) {
        auto& open = *static_cast<OpenStream*>(of);
        if (Clock::now() > open.until) return MHD_CONTENT_READER_END_OF_STREAM;
        const auto bytes = open.server->streams_.read(
            open.stream, into, max, [&open] { MHD_suspend_connection(open.connection); });
        return bytes ? static_cast<ssize_t>(*bytes) : MHD_CONTENT_READER_END_OF_STREAM;
    }
    static void close_stream(void* of) {
        auto* const open = static_cast<OpenStream*>(of);
        open->server->streams_.close(open->stream);
        delete open;
    }

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
    // MHD does not stop while something is suspended.
    void stop_daemon() {
        if (daemon_ == nullptr) return;
        stopped_ = true;
        std::set<std::shared_ptr<Exchange>> open;
        {
            const std::lock_guard lock(mutex_);
            open = exchanges_;
        }
        for (const auto& exchange : open)
            exchange->reply({503, {}, "the control plane ends\n", false});
        streams_.end_all();
        MHD_stop_daemon(daemon_);
    }

    const Options options_;
    const Handler handler_;
    HttpStreams streams_;
    std::atomic<bool> stopped_{false};  // no request may be suspended any more
    MHD_Daemon* daemon_ = nullptr;
    std::thread reaper_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::map<int, Clock::time_point> since_;  // by socket, but for streams
    std::set<std::shared_ptr<Exchange>> exchanges_;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options, Handler handler) {
    const auto address = address_of(options.listen);
    const std::string key = options.key;
    const std::string listen = options.listen;
    const std::string consequence = options.consequence;
    if (!address)
        return Error{key + ": expected ADDRESS:PORT or [IPV6]:PORT, got \"" + listen + "\"; " +
                     consequence};
    auto implementation = std::make_unique<Implementation>(std::move(options), std::move(handler));
    if (!implementation->start(*address))
        return Error{key + ": cannot listen on " + listen + ": is another program there? " +
                     consequence};
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(implementation)));
}

HttpServer::HttpServer(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const {
    return implementation_->port();
}

void HttpServer::publish(std::string message) {
    implementation_->streams().publish(std::move(message));
}

std::size_t HttpServer::streams() const {
    return implementation_->streams().count();
}

bool HttpServer::take_newcomers() {
    return implementation_->streams().take_newcomers();
}

}  // namespace nlb::controlplane
