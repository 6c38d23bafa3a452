// CLI11; its exceptions end here.
#include "perf/options.hpp"

#include <array>
#include <iostream>

#include "core/packet/burst.hpp"

namespace nlb::perf {
namespace {

constexpr std::array<const char*, 7> kModes{"io",     "mac",    "nlb",  "flowgen",
                                            "txonly", "rxonly", "trial"};
constexpr const char* kModeNames = "io, mac, nlb, flowgen, txonly, rxonly or trial";

void add_harness_options(CLI::App& app, Options& to, std::string& mode) {
    app.add_option("--forward-mode", mode, kModeNames)->capture_default_str();
    app.add_option("--nb-cores", to.cores, "forwarding cores; the main lcore forwards nothing")
        ->capture_default_str()
        ->check(CLI::Range(1, 128));
    app.add_option("--burst", to.burst, "frames in one burst")
        ->capture_default_str()
        ->check(CLI::Range(1, static_cast<int>(kBurstMax)));
    app.add_option("--rxq", to.rx_queues, "receive queues per port")
        ->capture_default_str()
        ->check(CLI::Range(1, 128));
    app.add_option("--txq", to.tx_queues, "transmit queues per port")
        ->capture_default_str()
        ->check(CLI::Range(1, 128));
    app.add_option("--rxd", to.rx_descriptors, "descriptors of a receive queue")
        ->capture_default_str();
    app.add_option("--txd", to.tx_descriptors, "descriptors of a transmit queue")
        ->capture_default_str();
    app.add_option("--total-num-mbufs", to.buffers, "buffers of each port's pool")
        ->capture_default_str();
    app.add_option("--mbuf-size", to.buffer_bytes, "bytes of one, headroom included")
        ->capture_default_str()
        ->check(CLI::Range(256, 65535));
    app.add_option("--stats-period", to.stats_period_s, "print statistics each so many seconds");
    app.add_flag("-i,--interactive", to.interactive,
                 "ask for commands instead of starting at once");
    app.add_flag("--json", to.json, "the last line is one JSON object");
    app.add_option("--seconds", to.seconds, "stop after so many seconds");
    app.add_option("--warm-up", to.warm_up_seconds, "forward so many seconds before measuring");
    app.add_option("--packets", to.packets, "stop after so many packets");
    app.add_option("--rate", to.rate,
                   "generators: packets per second of each core (default: as many as go)");
}

void add_nlb_options(CLI::App& app, Options& to) {
    app.add_option("--tables", to.tables,
                   "what `nlb tables` wrote; for nlb and for the generators");
    app.add_option("--connections", to.connections,
                   "nlb: capacity of the connection tables (default: the tables file's)");
    app.add_option(
        "--descriptors", to.descriptors,
        "nlb: connections of the traffic's first clients that are open before the start");
    app.add_flag("--lose-buckets", to.lose_buckets,
                 "nlb: then every bucket moves away, so that each packet needs its descriptor");
}

void add_trial_options(CLI::App& app, Options& to, std::string& under_test, std::string& flood) {
    app.add_option("--ring-pairs", to.ring_pairs,
                   "make so many pairs of ports that are cabled by rings")
        ->check(CLI::Range(1, 8));
    app.add_option("--ring-loop", to.loop_frames,
                   "make two ports on a ring in which so many frames of the traffic go round")
        ->check(CLI::Range(1, 512));
    app.add_option("--ring-size", to.ring_frames, "slots of such a ring, a power of two")
        ->capture_default_str();
    app.add_option("--under-test", under_test,
                   "trial: what stands between the first and the last port: io, mac or nlb "
                   "(default: a cable)")
        ->check(CLI::IsMember({"none", "io", "mac", "nlb"}));
    app.add_option("--flood", flood, "trial: so many SYNs per second beside the traffic, or `max`");
    app.add_option("--flood-port", to.flood_port,
                   "where they go (default: where the traffic goes)");
    app.add_option("--flood-owned", to.flood_owned,
                   "percent of them that this host owns (default: as it comes)")
        ->check(CLI::Range(0, 100));
    app.add_option("--publish-rate", to.publish_rate,
                   "nlb: publish new tables so many times a second")
        ->check(CLI::Range(1, 10000));
    app.add_flag("--time-polls", to.time_polls,
                 "nlb: measure how long each poll takes, in time and in processor time");
    app.add_option("--report", to.report, "write a report, one HTML file");
}

void read_trial_options(const std::string& under_test, const std::string& flood, Options& to) {
    to.under_test = under_test == "none" ? std::nullopt : mode_named(under_test);
    to.flood = !flood.empty();
    if (flood.empty() || flood == "max") return;
    if (!CLI::detail::lexical_cast(flood, to.flood_rate) || to.flood_rate == 0)
        throw CLI::ValidationError("--flood",
                                   "expected packets per second or max, got \"" + flood + "\"");
}

}  // namespace

const char* name_of(Mode mode) {
    return kModes[static_cast<std::size_t>(mode)];
}

std::optional<Mode> mode_named(const std::string& name) {
    for (std::size_t i = 0; i < kModes.size(); ++i)
        if (name == kModes[i]) return static_cast<Mode>(i);
    return {};
}

std::string what_lacks(const Options& options, Mode mode) {
    const bool needs_tables = options.loop_frames != 0 || mode == Mode::nlb ||
                              mode == Mode::flowgen || mode == Mode::txonly || mode == Mode::trial;
    if (!needs_tables || !options.tables.empty()) return "";
    return std::string{"forward mode "} + name_of(mode) +
           ": expected --tables FILE; `nlb tables` writes one";
}

ParsedOptions parse_options(int argc, const char* const* argv) {
    ParsedOptions parsed;
    std::string mode = "io";
    std::string under_test = "none";
    std::string flood;
    CLI::App app{"A testpmd for nlb: nlb-perf EAL-ARGUMENTS -- OPTIONS", "nlb-perf"};
    add_harness_options(app, parsed.options, mode);
    add_nlb_options(app, parsed.options);
    add_trial_options(app, parsed.options, under_test, flood);
    add_traffic_options(app, parsed.options.traffic);
    try {
        app.parse(argc, argv);
        const auto named = mode_named(mode);
        if (!named)
            throw CLI::ValidationError(
                "--forward-mode", std::string{"expected "} + kModeNames + ", got \"" + mode + "\"");
        parsed.options.mode = *named;
        read_trial_options(under_test, flood, parsed.options);
        if (const std::string lacks = what_lacks(parsed.options, *named); !lacks.empty())
            throw CLI::ValidationError(lacks);
        if (parsed.options.interactive && parsed.options.json)
            throw CLI::ValidationError(
                "--json", "expected a run without --interactive, where `stop` prints the object");
    } catch (const CLI::Success& success) {
        parsed.exit_code = app.exit(success);
    } catch (const CLI::ParseError& mistake) {
        std::cerr << "nlb-perf: " << mistake.what() << "; see nlb-perf -- --help\n";
        parsed.exit_code = 2;
    }
    return parsed;
}

}  // namespace nlb::perf
