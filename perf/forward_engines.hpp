// io and mac: what any program on these ports must pay, to compare the others with. They look no
// deeper than the Ethernet header.
#pragma once

#include <rte_mbuf.h>

#include "perf/engine.hpp"

namespace nlb::perf {

// Sends what a stream receives; `Touch` may look at the burst on the way.
class ForwardEngine : public Engine {
public:
    ForwardEngine(std::uint16_t burst, std::vector<Stream*> streams)
        : burst_(burst), streams_(std::move(streams)) {}
    void turn() override;

protected:
    virtual void touch(const Stream& /*stream*/, rte_mbuf** /*frames*/, std::uint16_t /*count*/) {}

private:
    const std::uint16_t burst_;
    const std::vector<Stream*> streams_;
};

// The sending port's address becomes the source, a fixed peer the destination.
class MacEngine final : public ForwardEngine {
public:
    using ForwardEngine::ForwardEngine;

protected:
    void touch(const Stream& stream, rte_mbuf** frames, std::uint16_t count) override;
};

// Sends what it can and frees the rest.
void send_all(Stream& stream, rte_mbuf** frames, std::uint16_t count);

}  // namespace nlb::perf
