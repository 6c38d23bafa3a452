// The one slot that knows all modes.
#include "perf/engine.hpp"

#include "perf/forward_engines.hpp"
#include "perf/generator_engine.hpp"
#include "perf/nlb_engine.hpp"
#include "perf/sink_engine.hpp"

namespace nlb::perf {

Result<std::unique_ptr<Engine>> make_engine(const Options& options, std::uint32_t core,
                                            std::vector<Stream*> streams) {
    switch (options.mode) {
        case Mode::io:
            return std::unique_ptr<Engine>(
                std::make_unique<ForwardEngine>(options.burst, std::move(streams)));
        case Mode::mac:
            return std::unique_ptr<Engine>(
                std::make_unique<MacEngine>(options.burst, std::move(streams)));
        case Mode::nlb:
            return NlbEngine::make(options, core, std::move(streams));
        case Mode::flowgen:
        case Mode::txonly:
            return GeneratorEngine::make(options, core, std::move(streams));
        case Mode::rxonly:
            return SinkEngine::make(options, core, std::move(streams));
        case Mode::trial:
            break;  // its parts are of other modes
    }
    return Error{"no such mode"};
}

}  // namespace nlb::perf
