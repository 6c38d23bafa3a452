// HTTP for /metrics, and /healthz for whoever asks whether this host serves: 200 when it serves
// what it should, 503 otherwise, with the sentence either way. Whoever connects costs a place among
// few and some seconds: silent, slow and greedy clients are cut off, and no other client waits for
// them. It decides nothing about what is told.
#pragma once

#include <memory>
#include <string>

#include "controlplane/api/metrics.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

// Serves until it is destroyed, on threads of its own.
class MetricsServer {
public:
    // `listen` is ADDRESS:PORT or [IPV6]:PORT, in numbers. An error when it cannot be listened on.
    [[nodiscard]] static Result<std::unique_ptr<MetricsServer>> start(
        const std::string& listen, const std::shared_ptr<MetricsBoard>& board);
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    [[nodiscard]] int port() const;

    // Few enough that the control plane keeps descriptors for its own sockets.
    static constexpr unsigned kClientsMax = 128;
    static constexpr unsigned kClientsOfAddressMax = 32;
    static constexpr unsigned kSilence_s = 5;      // without a byte
    static constexpr unsigned kConnection_s = 20;  // whatever comes

private:
    class Implementation;
    explicit MetricsServer(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace nlb::controlplane
