// The CPUs of the workers, and the clock that leases end by: read, then judged. It binds nothing
// and sets no clock. Thread: main.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/finding_table.hpp"
#include "dataplane/startup/files.hpp"
#include "dataplane/startup/pci.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

struct Processor {
    bool exists = false;
    std::vector<std::uint16_t> siblings;  // of its core, itself among them
    int node = -1;                        // NUMA; -1: nobody knows
    std::string governor;                 // of its frequency; empty: it has none
};

struct ProcessorFacts {
    std::vector<std::uint16_t> allowed;   // those this process may run on, ascending
    std::vector<std::uint16_t> isolated;  // by isolcpus=
    std::map<std::uint16_t, Processor> workers;
};
// Of the CPUs that the plan names.
[[nodiscard]] ProcessorFacts read_processors(const Files& files, const StartupPlan& plan,
                                             const std::vector<std::uint16_t>& allowed);
// `adapters`: of the plan, by address.
[[nodiscard]] config::Findings judge_processors(const ProcessorFacts& facts,
                                                const StartupPlan& plan, const Adapters& adapters);

struct ClockFacts {
    std::string complaint;  // of the time stamp counter; empty: none
    double slew_ppm = 0;    // by which the kernel makes its clock faster
    double stolen = 0;      // share of all time since boot that the hypervisor took
};
[[nodiscard]] ClockFacts read_clock(const Files& files);
// Of the line `cpu` in /proc/stat; 0: it does not say.
[[nodiscard]] double stolen_share(const std::string& stat);
[[nodiscard]] config::Findings judge_clock(const ClockFacts& facts);

}  // namespace nlb::dataplane
