// rxonly: takes and frees what comes, and reads the stamps of nlb-perf's generators: how long each
// frame was under way, how many of each flow were lost. With tables it also checks that what
// arrives here is what their host should accept.
#pragma once

#include <optional>
#include <rte_mbuf.h>

#include "core/packet/burst.hpp"
#include "perf/engine.hpp"
#include "perf/flow_losses.hpp"
#include "perf/latency.hpp"

namespace nlb::perf {

class SinkEngine final : public Engine {
public:
    static Result<std::unique_ptr<Engine>> make(const Options& options, std::uint32_t core,
                                                std::vector<Stream*> streams);
    void turn() override;
    void report(Json& to) const override;
    void forget() override;

private:
    SinkEngine(const Options& options, std::vector<Stream*> streams)
        : options_(options), streams_(std::move(streams)), flows_(options.traffic.wishes.clients) {}
    void look(const rte_mbuf& frame, std::uint32_t now_ns);
    void check_owner(rte_mbuf** frames, std::uint16_t count);

    const Options& options_;
    const std::vector<Stream*> streams_;
    std::optional<Tables> tables_;
    std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
    Latency latency_;
    FlowLosses flows_;
    std::uint64_t stamped_ = 0;
    std::uint64_t foreign_ = 0;  // of another host's buckets
    std::uint64_t strange_ = 0;  // of nobody's: no rule balances them
};

}  // namespace nlb::perf
