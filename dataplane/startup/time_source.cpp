#include "dataplane/startup/time_source.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

namespace nlb::dataplane {
namespace {

// The counter itself, or a hypervisor's page about it.
constexpr std::array<std::string_view, 4> kFollowsCounter{"tsc", "kvm-clock",
                                                          "hyperv_clocksource_tsc_page", "xen"};

bool has_word(const std::string& text, std::string_view wanted) {
    std::istringstream words(text);
    return std::any_of(std::istream_iterator<std::string>(words), {},
                       [wanted](const std::string& word) { return word == wanted; });
}

std::string cpu_flags() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("flags")) return line;
    return "";
}

}  // namespace

std::string time_source_complaint(const std::string& clocksource, const std::string& flags) {
    const bool followed = std::any_of(kFollowsCounter.begin(), kFollowsCounter.end(),
                                      [&](std::string_view one) { return clocksource == one; });
    if (!clocksource.empty() && !followed)
        return "the kernel does not keep time by the time stamp counter but by " + clocksource +
               ": it has found the counter unreliable, and leases may end early or late; see dmesg "
               "and the firmware's settings";
    if (!has_word(flags, "constant_tsc") && !has_word(flags, "nonstop_tsc"))
        return "the CPU does not say that its time stamp counter runs at one speed (invariant "
               "TSC): "
               "leases may end early or late when it changes its frequency";
    return "";
}

std::string time_source_complaint() {
    std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    std::string clocksource;
    file >> clocksource;
    return time_source_complaint(clocksource, cpu_flags());
}

}  // namespace nlb::dataplane
