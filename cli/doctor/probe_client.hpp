// Runs `nlb-dataplane --probe --json` and reads its answer. What it cannot use it says; it believes
// nothing but the table's names. Thread: any.
#pragma once

#include <string>

#include "cli/json.hpp"
#include "config/finding_table.hpp"
#include "core/base/types.hpp"

namespace nlb::cli {

struct ProbeQuestion {
    std::string config;
    std::string host;
    std::string run_dir;
    std::string root;  // laid over /proc, /sys and /etc; empty: none
};
struct ProbeAnswer {
    bool answered = false;
    std::string problem;  // when not answered
    bool dataplane_runs = false;
    Json ports = Json::array();
    config::Findings findings;
};
// The program beside this one, as it is installed or built; empty: none.
[[nodiscard]] std::string find_dataplane_program();
[[nodiscard]] ProbeAnswer run_probe(const std::string& program, const ProbeQuestion& question,
                                    Duration timeout);
[[nodiscard]] ProbeAnswer read_probe(const std::string& text);

}  // namespace nlb::cli
