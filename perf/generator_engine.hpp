// txonly and flowgen: a crowd of clients on a port. txonly is as fast as the port takes it; flowgen
// also receives and frees what comes back, as testpmd's does, and sends whole flows. Both stamp
// their frames for rxonly.
#pragma once

#include <atomic>

#include "perf/engine.hpp"

namespace nlb::perf {

class GeneratorEngine final : public Engine {
public:
    static Result<std::unique_ptr<Engine>> make(const Options& options, std::uint32_t core,
                                                std::vector<Stream*> streams);
    void begin() override;
    void turn() override;
    void finish() override { finished_.store(true, std::memory_order_relaxed); }

private:
    GeneratorEngine(const Options& options, Traffic traffic, std::vector<Stream*> streams);
    void send(Stream& stream, std::uint16_t count);
    void drain(Stream& stream);
    [[nodiscard]] std::uint16_t due(std::uint64_t now);

    const Options& options_;
    Traffic traffic_;
    const std::vector<Stream*> streams_;
    std::uint64_t cycles_per_second_;
    std::uint64_t began_ = 0;
    std::uint64_t paced_ = 0;            // packets of this core since began_
    std::atomic<bool> finished_{false};  // publishes nothing but itself
};

}  // namespace nlb::perf
