// HTTP over libmicrohttpd, for whoever decides what is answered: bounds on clients, time and bytes
// stand here once. Whoever connects costs a place among few and some seconds: silent, slow and
// greedy clients are cut off, and no other client waits for them. It decides nothing about what is
// told.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace nlb::controlplane {

struct HttpRequest {
    std::string method;
    std::string path;    // what stands before "?", with percent signs undone
    bool query = false;  // something stands behind it
    // By name in small letters; a header that comes twice has both values, with ", " between.
    std::map<std::string, std::string> headers;
    std::string body;
};

struct HttpResponse {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    // It goes on with what is published from then on, until the client or kStream_s ends it; `body`
    // is not used.
    bool stream = false;
};

// Serves until it is destroyed, on threads of its own.
class HttpServer {
public:
    // Once for each request, now or later, from any thread; what comes too late or twice is
    // dropped.
    using Reply = std::function<void(HttpResponse)>;
    // Called on the server's thread. It may throw nothing and wait for nothing.
    using Handler = std::function<void(const HttpRequest&, Reply)>;
    struct Options {
        std::string key;          // of the configuration: "metrics.listen"
        std::string listen;       // ADDRESS:PORT or [IPV6]:PORT, in numbers
        std::string consequence;  // "metrics are not served"
        std::size_t body_bytes_max = 0;
        std::size_t streams_max = 0;
    };
    // An error when it cannot be listened on.
    [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(Options options,
                                                                   Handler handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    [[nodiscard]] int port() const;
    // To every open stream. A stream that has not sent the last one yet skips what came between.
    // Thread: any.
    void publish(std::string message);
    // Open streams. Thread: any.
    [[nodiscard]] std::size_t streams() const;
    // Whether a stream has been opened since the last call. Thread: any.
    [[nodiscard]] bool take_newcomers();

    // Few enough that the control plane keeps descriptors for its own sockets.
    static constexpr unsigned kClientsMax = 128;
    static constexpr unsigned kClientsOfAddressMax = 32;
    static constexpr unsigned kSilence_s = 5;      // without a byte
    static constexpr unsigned kConnection_s = 20;  // whatever comes, but for streams
    static constexpr unsigned kStream_s = 3600;    // whoever wants more asks again
    static constexpr std::size_t kHeaderBytesMax = 16384;

private:
    class Implementation;
    explicit HttpServer(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace nlb::controlplane
