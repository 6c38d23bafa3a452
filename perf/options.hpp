// The command line of nlb-perf behind EAL's `--`: testpmd's names where testpmd has one.
// Reading it opens nothing; what is wrong is told in one sentence.
#pragma once

#include <optional>
#include <string>

#include "perf/traffic_options.hpp"

namespace nlb::perf {

enum class Mode : std::uint8_t { io, mac, nlb, flowgen, txonly, rxonly, trial };

struct Options {
    Mode mode = Mode::io;
    std::uint16_t cores = 1;
    std::uint16_t burst = 64;
    std::uint16_t rx_queues = 1;
    std::uint16_t tx_queues = 1;
    std::uint16_t rx_descriptors = 1024;
    std::uint16_t tx_descriptors = 1024;
    std::uint32_t buffers = 16384;
    std::uint16_t buffer_bytes = 2176;
    std::uint32_t stats_period_s = 0;
    bool interactive = false;
    bool json = false;
    double seconds = 0;  // stop after; 0: when told
    double warm_up_seconds = 0;
    std::uint64_t packets = 0;  // stop after so many received (sent, for generators)
    std::uint64_t rate = 0;     // generators: packets per second and core; 0: as many as go
    std::string tables;
    // capacity of the connection tables of a pair of ports; 0: the tables file's
    std::uint32_t connections = 0;
    std::uint32_t descriptors = 0;  // opened before the start, of the traffic's first clients
    // then all buckets move away: every packet of theirs needs its descriptor
    bool lose_buckets = false;
    std::uint16_t ring_pairs = 0;  // ports made of rings, cabled two by two
    std::uint16_t ring_frames = 1024;
    // under way on a ring whose end is its beginning; 0: no such ring
    std::uint16_t loop_frames = 0;
    // trial: what stands between sender and receiver; nothing: a cable
    std::optional<Mode> under_test;
    bool flood = false;            // trial: SYNs beside the traffic
    std::uint64_t flood_rate = 0;  // packets per second; 0: as many as go
    std::uint16_t flood_port = 0;  // 0: the traffic's
    int flood_owned = -1;
    bool stamped = true;             // generators: for rxonly
    std::uint32_t publish_rate = 0;  // nlb: new tables so many times a second
    bool time_polls = false;         // nlb: how long each poll takes
    std::string report;              // HTML file
    TrafficTexts traffic;
};

struct ParsedOptions {
    Options options;
    std::optional<int> exit_code;  // help was printed, or a mistake was told
};
// `argv[0]` is skipped.
[[nodiscard]] ParsedOptions parse_options(int argc, const char* const* argv);

[[nodiscard]] const char* name_of(Mode mode);
[[nodiscard]] std::optional<Mode> mode_named(const std::string& name);
// What a mode needs and the options do not give, as a sentence; empty: nothing.
[[nodiscard]] std::string what_lacks(const Options& options, Mode mode);

}  // namespace nlb::perf
