// /metrics: a snapshot by the rows of metrics_table, in Prometheus' structs, and the server that
// gives it out. Prometheus asks on a thread of its own and gets the last snapshot, so that no
// scrape ever holds the loop up.
#pragma once

#include <memory>
#include <mutex>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>
#include <string>
#include <vector>

#include "controlplane/api/metrics_snapshot.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

// Rows without a sample are left out. Thread: any.
[[nodiscard]] std::vector<prometheus::MetricFamily> families_of(const MetricsSnapshot& snapshot);

// Thread: publish() by the loop, Collect() by the HTTP server.
class MetricsBoard : public prometheus::Collectable {
public:
    // Leaves the former snapshot when a scrape is reading it right now: the loop does not wait.
    void publish(MetricsSnapshot snapshot);
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

private:
    mutable std::mutex mutex_;
    MetricsSnapshot snapshot_;
};

// Serves /metrics until it is destroyed, on threads of its own.
class MetricsServer {
public:
    // `listen` is ADDRESS:PORT. An error when it cannot be listened on.
    [[nodiscard]] static Result<std::unique_ptr<MetricsServer>> start(
        const std::string& listen, const std::shared_ptr<MetricsBoard>& board);

private:
    std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace nlb::controlplane
