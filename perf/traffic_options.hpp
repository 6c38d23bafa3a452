// What a person may wish of the traffic, as command-line options: the same for nlb-frames and for
// nlb-perf's generators. It reads tables files too, as both need the virtual addresses and the key
// in them.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/tables_codec.hpp"
#include "core/tables/tables.hpp"
#include "perf/traffic.hpp"

namespace nlb::perf {

// Texts as they were typed; wishes() reads them.
struct TrafficTexts {
    TrafficWishes wishes;
    std::string spread = "sequential";
    std::string mix = "0:1:0";
    std::string size = "64";
    std::string protocol = "tcp";
    int ip = 4;
    int owned = -1;
};

void add_traffic_options(CLI::App& app, TrafficTexts& texts);
[[nodiscard]] Result<TrafficWishes> read_wishes(const TrafficTexts& texts);

// The first cluster of a file that `nlb tables` wrote.
[[nodiscard]] Result<FixedTables> read_tables_file(const std::string& path);

}  // namespace nlb::perf
