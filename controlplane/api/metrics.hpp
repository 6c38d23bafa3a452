// /metrics: a snapshot by the rows of metrics_table, in Prometheus' structs and its text. Whoever
// scrapes (api/metrics_server.hpp) gets the last snapshot, so that no scrape ever holds the loop
// up.
#pragma once

#include <chrono>
#include <mutex>
#include <prometheus/metric_family.h>
#include <string>
#include <vector>

#include "controlplane/api/metrics_snapshot.hpp"

namespace nlb::controlplane {

// Rows without a sample are left out. Thread: any.
[[nodiscard]] std::vector<prometheus::MetricFamily> families_of(const MetricsSnapshot& snapshot);

// In Prometheus' text format. Thread: any.
[[nodiscard]] std::string text_of(const MetricsSnapshot& snapshot);

// Thread: publish() by the loop, text() by the HTTP server.
class MetricsBoard {
public:
    using Clock = std::chrono::steady_clock;
    // Leaves the former snapshot when a scrape is reading it right now: the loop does not wait.
    void publish(MetricsSnapshot snapshot);
    // In Prometheus' text format.
    [[nodiscard]] std::string text() const;
    // Whether this host serves what it should. A snapshot older than kStale is the word of a loop
    // that stands still, and no good one.
    [[nodiscard]] Serving serving(Clock::time_point now = Clock::now()) const;

    static constexpr std::chrono::seconds kStale{3};

private:
    mutable std::mutex mutex_;
    MetricsSnapshot snapshot_;
    Clock::time_point published_ = Clock::now();
};

}  // namespace nlb::controlplane
