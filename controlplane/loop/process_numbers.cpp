// proc(5): /proc/PID/stat, /proc/PID/fd, and btime of /proc/stat.
#include "controlplane/loop/process_numbers.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

namespace nlb::controlplane {
namespace {

// Fields of /proc/PID/stat, counted from 1, after the name in parentheses.
constexpr int kUserTicks = 14;
constexpr int kSystemTicks = 15;
constexpr int kStartTicks = 22;
constexpr int kResidentPages = 24;
constexpr int kFirstBehindName = 3;

double boot_time() {
    static const double seconds = [] {
        std::ifstream in("/proc/stat");
        for (std::string word; in >> word;)
            if (double value = 0; word == "btime" && in >> value) return value;
        return 0.0;
    }();
    return seconds;
}

}  // namespace

ProcessNumbers process_numbers(pid_t pid) {
    ProcessNumbers numbers;
    const std::string place = "/proc/" + std::to_string(pid);
    std::ifstream in(place + "/stat");
    std::string text;
    std::getline(in, text);
    const std::size_t name_end = text.rfind(')');
    if (pid <= 0 || name_end == std::string::npos) return numbers;
    std::istringstream fields(text.substr(name_end + 1));
    const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
    std::string field;
    for (int number = kFirstBehindName; fields >> field && number <= kResidentPages; ++number) {
        if (number == kUserTicks || number == kSystemTicks)
            numbers.cpu_seconds += std::stod(field) / tick;
        if (number == kStartTicks) numbers.start_time_s = boot_time() + std::stod(field) / tick;
        if (number == kResidentPages)
            numbers.resident_bytes = std::stod(field) * static_cast<double>(sysconf(_SC_PAGESIZE));
    }
    std::error_code refused;
    for (auto file = std::filesystem::directory_iterator(place + "/fd", refused);
         !refused && file != std::filesystem::directory_iterator(); file.increment(refused))
        ++numbers.open_fds;
    return numbers;
}

}  // namespace nlb::controlplane
