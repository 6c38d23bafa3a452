// Trials: the first port sends, the last receives, those between are the tested ones'. With few
// cores generator, flood and sink share one.
#include "perf/parts.hpp"

#include <fmt/format.h>
#include <iterator>

#include "perf/feeder_engine.hpp"

namespace nlb::perf {
namespace {

using Cores = std::vector<std::vector<std::unique_ptr<Part>>>;
constexpr const char* kFloodClients = "1048576";

std::unique_ptr<Part> part_of(Role role, const Options& options, Mode mode) {
    auto part = std::make_unique<Part>();
    part->role = role;
    part->options = options;
    part->options.mode = mode;
    return part;
}

// SYNs of a million clients who mean nothing by them.
Options flood_of(Options options) {
    options.rate = options.flood_rate;
    options.stamped = false;
    options.traffic.mix = "1:0:0";
    options.traffic.size = "64";
    options.traffic.protocol = "tcp";
    options.traffic.owned = options.flood_owned;
    options.traffic.wishes.port =
        options.flood_port != 0 ? options.flood_port : options.traffic.wishes.port;
    options.traffic.wishes.clients = static_cast<std::uint32_t>(std::stoul(kFloodClients));
    return options;
}

void add_forwarders(Cores& cores, std::vector<std::unique_ptr<Stream>>& all, const Options& options,
                    Mode mode, PortRange range, const PortSet& ports) {
    auto streams = ports.make_streams(options, mode, range);
    for (std::uint16_t core = 0; core < options.cores; ++core) {
        auto part = part_of(Role::forwarding, options, mode);
        for (std::size_t s = core; s < streams.size(); s += options.cores)
            part->streams.push_back(streams[s].get());
        cores.emplace_back();
        cores.back().push_back(std::move(part));
    }
    all.insert(all.end(), std::move_iterator(streams.begin()), std::move_iterator(streams.end()));
}

// Beside the first forwarder, so that one core does it all.
Status add_feeder(Parts& parts, const Options& options, const PortSet& ports) {
    auto feeder = FeederEngine::make(options, ports.loop(), ports.pool());
    if (!feeder) return feeder.error();
    auto part = part_of(Role::generator, options, Mode::txonly);
    part->engine = std::move(feeder.value());
    parts.cores.front().push_back(std::move(part));
    return Done{};
}

void add_testers(Cores& cores, std::vector<std::unique_ptr<Stream>>& all, const Options& options,
                 const PortSet& ports) {
    const std::size_t last = ports.ports().size() - 1;
    const auto add = [&](Role role, const Options& with, Mode mode, std::size_t port) {
        auto part = part_of(role, with, mode);
        auto streams = ports.make_streams(options, mode, {port, port + 1});
        for (const auto& stream : streams) part->streams.push_back(stream.get());
        all.insert(all.end(), std::move_iterator(streams.begin()),
                   std::move_iterator(streams.end()));
        cores.emplace_back();
        cores.back().push_back(std::move(part));
    };
    add(Role::generator, options, Mode::txonly, 0);
    if (options.flood) add(Role::flood, flood_of(options), Mode::txonly, 0);
    add(Role::sink, options, Mode::rxonly, last);
}

// From the back, until there are as many as lcores: the testers join one another first.
void join_cores(Cores& cores, std::size_t forwarders, std::size_t lcores) {
    while (cores.size() > lcores && cores.size() > 1) {
        const std::size_t into = cores.size() - 2 >= forwarders ? cores.size() - 2 : 0;
        std::move(cores.back().begin(), cores.back().end(), std::back_inserter(cores[into]));
        cores.pop_back();
    }
}

}  // namespace

Result<Parts> make_parts(const Options& options, const PortSet& ports, std::size_t lcores) {
    Parts parts;
    const bool trial = options.mode == Mode::trial;
    const std::size_t count = ports.ports().size();
    if (trial && options.under_test) {
        if (count < 4)
            return Error{
                fmt::format("--under-test: expected four ports (sender, two of {}, receiver), got "
                            "{}; try --ring-pairs 2",
                            name_of(*options.under_test), count)};
        add_forwarders(parts.cores, parts.streams, options, *options.under_test, {1, count - 1},
                       ports);
    } else if (!trial) {
        add_forwarders(parts.cores, parts.streams, options, options.mode, {0, count}, ports);
    }
    const std::size_t forwarders = parts.cores.size();
    if (forwarders > lcores)
        return Error{
            fmt::format("--nb-cores {}: EAL has {} lcores besides the main one; name more with -l",
                        options.cores, lcores)};
    if (trial) add_testers(parts.cores, parts.streams, options, ports);
    join_cores(parts.cores, forwarders, lcores);
    if (ports.loop() != nullptr)
        if (auto added = add_feeder(parts, options, ports); !added) return added.error();
    std::uint32_t number = 0;
    for (auto& core : parts.cores) {
        for (auto& part : core) {
            if (part->engine != nullptr) continue;
            auto engine = make_engine(part->options, number++, part->streams);
            if (!engine) return engine.error();
            part->engine = std::move(engine.value());
        }
    }
    return parts;
}

}  // namespace nlb::perf
