// What this machine offers, read once at start: CPUs, memory, huge pages. Everything that is
// decided from it takes it as a value, so that tests decide for machines that they do not run on.
// What cannot be read counts as nothing. Thread: main.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/startup/files.hpp"
#include "dataplane/startup/pci.hpp"

namespace nlb::dataplane {

struct Machine {
    std::vector<std::uint16_t> cpus;    // those this process may run on, ascending
    std::uint64_t available_bytes = 0;  // of plain memory
    std::uint64_t huge_bytes_free = 0;  // of reserved huge pages, all sizes
    Adapters adapters;                  // of the plan, by address
};

// Reserved huge pages of one size on one NUMA node.
struct HugePages {
    int node = -1;  // -1: the machine does not list them by node
    std::uint64_t page_bytes = 0;
    std::uint64_t all = 0;  // pages
    std::uint64_t free = 0;
};
[[nodiscard]] std::vector<HugePages> read_huge_pages(const Files& files);

// But for the adapters, which nobody knows before there is a plan.
[[nodiscard]] Machine read_machine(const Files& files = Files{});
// As gethostname(2) says; empty: it has none.
[[nodiscard]] std::string machine_name();

}  // namespace nlb::dataplane
