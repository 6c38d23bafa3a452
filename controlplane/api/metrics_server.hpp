// HTTP for /metrics, and /healthz for whoever asks whether this host serves: 200 when it serves
// what it should, 503 otherwise, with the sentence either way. Bounds are http_server's. It decides
// nothing about what is told.
#pragma once

#include <memory>
#include <string>

#include "controlplane/api/http_server.hpp"
#include "controlplane/api/metrics.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

// Serves until it is destroyed, on threads of its own.
class MetricsServer {
public:
    // `listen` is ADDRESS:PORT or [IPV6]:PORT, in numbers. An error when it cannot be listened on.
    [[nodiscard]] static Result<std::unique_ptr<MetricsServer>> start(
        const std::string& listen, const std::shared_ptr<MetricsBoard>& board);

    [[nodiscard]] int port() const { return server_->port(); }

    static constexpr unsigned kClientsOfAddressMax = HttpServer::kClientsOfAddressMax;
    static constexpr unsigned kSilence_s = HttpServer::kSilence_s;

private:
    explicit MetricsServer(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}
    std::unique_ptr<HttpServer> server_;
};

}  // namespace nlb::controlplane
