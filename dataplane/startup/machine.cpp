// /proc and /sys, read by hand: a file that is missing or strange counts as nothing on offer.
#include "dataplane/startup/machine.hpp"

#include <algorithm>
#include <array>
#include <sched.h>
#include <sstream>
#include <unistd.h>

namespace nlb::dataplane {
namespace {

std::uint64_t kibibytes_of(const Files& files, const std::string& label) {
    std::istringstream in(files.text("/proc/meminfo").value_or(""));
    std::string word;
    std::uint64_t value = 0;
    while (in >> word)
        if (word == label && in >> value) return value;
    return 0;
}

// Of every size below one folder of /sys.
void add_huge_pages(const Files& files, const std::string& folder, int node,
                    std::vector<HugePages>& found) {
    constexpr std::string_view kPrefix = "hugepages-";
    for (const std::string& name : files.names(folder)) {
        if (name.rfind(kPrefix, 0) != 0) continue;
        const auto pages = [&](const char* which) {
            return static_cast<std::uint64_t>(
                std::max<std::int64_t>(0, files.number(folder + "/" + name + which).value_or(0)));
        };
        found.push_back({node, std::strtoull(name.c_str() + kPrefix.size(), nullptr, 10) * 1024,
                         pages("/nr_hugepages"), pages("/free_hugepages")});
    }
}

std::vector<std::uint16_t> read_cpus() {
    std::vector<std::uint16_t> cpus;
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return {0};
    for (std::uint16_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
    return cpus;
}

}  // namespace

std::vector<HugePages> read_huge_pages(const Files& files) {
    std::vector<HugePages> found;
    const std::string nodes = "/sys/devices/system/node";
    for (const std::uint16_t node : numbers_in_list(files.text(nodes + "/online").value_or("")))
        add_huge_pages(files, nodes + "/node" + std::to_string(node) + "/hugepages", node, found);
    if (found.empty()) add_huge_pages(files, "/sys/kernel/mm/hugepages", -1, found);
    return found;
}

Machine read_machine(const Files& files) {
    std::uint64_t free_bytes = 0;
    for (const HugePages& pages : read_huge_pages(files))
        free_bytes += pages.free * pages.page_bytes;
    return {read_cpus(), kibibytes_of(files, "MemAvailable:") * 1024, free_bytes, {}};
}

std::string machine_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace nlb::dataplane
