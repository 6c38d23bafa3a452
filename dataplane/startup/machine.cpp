// /proc and /sys, read by hand: a file that is missing or strange counts as nothing on offer.
#include "dataplane/startup/machine.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <unistd.h>

namespace nlb::dataplane {
namespace {

std::uint64_t kibibytes_of(const std::string& file, const std::string& label) {
    std::ifstream in(file);
    std::string word;
    std::uint64_t value = 0;
    while (in >> word)
        if (word == label && in >> value) return value;
    return 0;
}

std::uint64_t read_huge_bytes_free() {
    constexpr std::string_view kPrefix = "hugepages-";
    std::uint64_t total = 0;
    std::error_code ignored;
    for (const auto& entry :
         std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", ignored)) {
        const std::string name = entry.path().filename();
        if (name.rfind(kPrefix, 0) != 0) continue;
        std::uint64_t pages = 0;
        if (!(std::ifstream(entry.path() / "free_hugepages") >> pages) || pages == 0) continue;
        total += pages * std::strtoull(name.c_str() + kPrefix.size(), nullptr, 10) * 1024;
    }
    return total;
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

Machine read_machine() {
    return {read_cpus(),
            kibibytes_of("/proc/meminfo", "MemAvailable:") * 1024,
            read_huge_bytes_free(),
            {}};
}

std::string machine_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace nlb::dataplane
