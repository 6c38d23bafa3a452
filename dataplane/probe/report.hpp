// What a probe found, as one JSON object (docs/doctor.md) or as lines for people. It judges
// nothing.
#pragma once

#include <string>

#include "dataplane/probe/ports.hpp"

namespace nlb::dataplane {

struct ProbeReport {
    std::string host;
    bool runs = false;  // a dataplane holds the run directory: no port was opened
    std::vector<PortFacts> ports;
    config::Findings findings;
};
[[nodiscard]] std::string json_of(const ProbeReport& report);
[[nodiscard]] std::string text_of(const ProbeReport& report);

}  // namespace nlb::dataplane
