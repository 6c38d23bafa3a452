// The production path: the dataplane's own Worker on lanes made of this harness's ports, with fixed
// tables and a fence that holds. It has nothing of its own between receive and deliver, so that
// what is measured is what is deployed.
#pragma once

#include <atomic>

#include "dataplane/worker/publisher.hpp"
#include "dataplane/worker/worker.hpp"
#include "perf/engine.hpp"
#include "perf/stopwatch.hpp"

namespace nlb::perf {

class NlbEngine final : public Engine {
public:
    static Result<std::unique_ptr<Engine>> make(const Options& options, std::uint32_t core,
                                                std::vector<Stream*> streams);
    ~NlbEngine() override;

    void begin() override { rcu_.join(0); }
    void end() override;
    void turn() override;
    void tend() override;
    void count() const override;
    void report(Json& to) const override;
    void forget() override;

private:
    struct Pair {
        Stream* stream = nullptr;
        dataplane::Ring to_main;
    };
    NlbEngine(const Options& options, FixedTables fixed);
    Status add_pair(Stream& stream, std::uint32_t core, std::uint32_t capacity);
    Status open_connections();
    Status publish();
    void publish_due();
    void timed_poll(dataplane::Lane& lane);
    void open_connections_of(Traffic& opening, Traffic& opened, dataplane::ConnTable& connections);

    const Options& options_;
    FixedTables fixed_;
    dataplane::Fence fence_;
    dataplane::Doorbell doorbell_;
    dataplane::Clock clock_;
    dataplane::Rcu rcu_{1};
    std::atomic<bool> stop_{false};  // publishes nothing but itself
    std::vector<std::unique_ptr<Pair>> pairs_;
    std::vector<std::unique_ptr<dataplane::Lane>> lanes_;  // by pair
    dataplane::Publisher publisher_;
    std::unique_ptr<dataplane::Worker> worker_;
    Times polls_;      // that found a frame; the worker's until it stands
    Times publishes_;  // main's
    Latency graces_;
    std::uint64_t publish_base_ = 0;  // cycles when the first was due
    std::uint64_t published_ = 0;
    std::uint64_t publish_began_ = 0;
};

}  // namespace nlb::perf
