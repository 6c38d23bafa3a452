// What a forwarding core does with its streams: one engine per core, of the kind that the mode asks
// for. An engine decides nothing about a packet that the production path decides; it calls that.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/result.hpp"
#include "perf/options.hpp"
#include "perf/stream.hpp"

namespace nlb::perf {

using Json = nlohmann::ordered_json;

class Engine {
public:
    virtual ~Engine() = default;
    // Thread: the core that forwards; around all its turns.
    virtual void begin() {}
    virtual void end() {}
    // One burst on each stream.
    virtual void turn() = 0;
    // Thread: main, at any time, now and then.
    virtual void tend() {}
    // Thread: main, at any time, before the counters of its streams are read: for an engine whose
    // core counts elsewhere.
    virtual void count() const {}
    // Thread: main. From now on nothing new; what is under way still arrives.
    virtual void finish() {}
    // Thread: main, while the core stands still. What this mode alone knows; forget() begins a new
    // measurement.
    virtual void report(Json& /*to*/) const {}
    virtual void forget() {}
};

// `core` counts from 0. Requires: EAL runs and the ports are started.
[[nodiscard]] Result<std::unique_ptr<Engine>> make_engine(const Options& options,
                                                          std::uint32_t core,
                                                          std::vector<Stream*> streams);

}  // namespace nlb::perf
