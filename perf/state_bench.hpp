// A worker's memory of flows at full size: the production connection table behind the production
// stages, on one core, without ports. Time is told to it, so that two hours of idleness take as
// long as their work; frames are made outside of what is measured.
#pragma once

#include <memory>

#include "core/fastpath/tables_index.hpp"
#include "core/pipeline.hpp"
#include "dataplane/worker/conn_table.hpp"
#include "perf/engine.hpp"
#include "perf/stopwatch.hpp"
#include "perf/traffic_options.hpp"

namespace nlb::perf {

class StateBench {
public:
    // Every bucket is this host's. Requires: EAL runs.
    static Result<std::unique_ptr<StateBench>> make(const Tables& tables, std::uint32_t capacity);

    struct Sent {
        Times took;
        std::uint64_t packets = 0;
        std::array<std::uint64_t, kReasonCount> reasons{};
        [[nodiscard]] Json figures() const;
    };
    // So many packets through settle_ingress(), in bursts, each followed by a sweep as in
    // Worker::poll_once.
    Status send(const TrafficWishes& wishes, std::uint64_t packets, Sent& sent);
    // New rules: every descriptor is filed anew, in sweeps, until that is done. A cluster's drain
    // reads only the flow_index: `read_ledger`.
    Json reindex();
    [[nodiscard]] Json read_ledger() const;
    // Nothing is received for `idle`; then sweeps as often as they do something, until the table
    // holds at most `left` flows or a minute is over.
    Json age(Duration idle, std::size_t left);

    [[nodiscard]] std::size_t size() const { return connections_->size(); }
    [[nodiscard]] const Counters& counters() const { return counters_; }
    [[nodiscard]] const Tables& tables() const { return tables_; }

private:
    StateBench(const Tables& tables, std::unique_ptr<dataplane::ConnTable> connections);
    void settle(std::uint32_t count, Times& took);

    Tables tables_;
    std::unique_ptr<TablesIndex> index_;
    std::unique_ptr<dataplane::ConnTable> connections_;
    FragmentTable fragments_{1};
    Counters counters_{};
    Burst burst_;
    std::vector<Byte> bytes_;
    Instant now_{std::chrono::hours{10}};
};

// Bytes of this process's memory that are in use.
[[nodiscard]] std::uint64_t resident_bytes();

}  // namespace nlb::perf
