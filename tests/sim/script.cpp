// Scripts as text; see the header.
#include "tests/sim/script.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>

namespace nlb::sim {
namespace {

using std::chrono::milliseconds;
using Values = std::map<std::string, std::int64_t, std::less<>>;

// What a script may set, and what it is when it does not. Times are nanoseconds.
const Values kDefaults{
    {"hosts", 3},        {"extra", 0},         {"deaf_beginner", 0}, {"slots", 2},
    {"single_slots", 0}, {"majority", 0},      {"calm", 0},          {"install_max", 3'000'000},
    {"quiet", 0},        {"checked_ports", 0}, {"drop_ports", 0},    {"cut_ports", 0},
    {"slow_start", 0},   {"sticky_ms", 0},     {"period_ms", 100},   {"tolerance", 5},
    {"faults_from", 0},  {"faults_until", 0}};

bool read_set(std::string_view line, Values& values) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return false;
    const auto known = values.find(line.substr(0, space));
    const std::string_view number = line.substr(space + 1);
    if (known == values.end()) return false;
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), known->second);
    return error == std::errc{} && end == number.data() + number.size() && known->second >= 0;
}

Settings settings_from(const Values& values, const Choices& choices) {
    const auto of = [&values](std::string_view name) { return values.find(name)->second; };
    Settings s;
    s.timing =
        Timing::from(milliseconds{of("period_ms")}, static_cast<std::uint8_t>(of("tolerance")));
    s.hosts = static_cast<std::uint8_t>(of("hosts"));
    s.deaf_beginner = of("deaf_beginner") != 0;
    s.extra = static_cast<std::uint8_t>(of("extra"));
    s.slots = static_cast<std::uint8_t>(of("slots"));
    s.single_slots = static_cast<std::uint64_t>(of("single_slots"));
    s.majority = of("majority") != 0;
    s.calm = of("calm") != 0;
    s.quiet = of("quiet") != 0;
    s.install_max = Duration{of("install_max")};
    s.sticky_ms = static_cast<std::uint32_t>(of("sticky_ms"));
    s.checked_ports = static_cast<std::uint64_t>(of("checked_ports"));
    s.drop_ports = static_cast<std::uint64_t>(of("drop_ports"));
    s.cut_ports = static_cast<std::uint64_t>(of("cut_ports"));
    s.slow_start = Duration{of("slow_start")};
    s.ignored = choices.ignored;
    s.faults_from = Duration{of("faults_from")};
    s.faults_until = Duration{of("faults_until")};
    s.set_end();
    return s;
}

bool is_usable(const Settings& s) {
    const bool hosts = std::all_of(s.script.begin(), s.script.end(), [&s](const FaultEvent& event) {
        return !names_host(event.verb) ||
               (event.numbers[0] >= 1 && event.numbers[0] <= s.machines());
    });
    return s.hosts >= 2 && s.machines() <= kHostsMax && s.slots >= 2 && s.slots <= kRuleSlots &&
           s.faults_until > Duration{0} && !s.script.empty() && hosts;
}

}  // namespace

bool read_script(Choices& choices, std::string& complaint) {
    std::ifstream file(choices.script_file);
    if (!file) {
        complaint = "nlb-sim: cannot read " + choices.script_file;
        return false;
    }
    Values values = kDefaults;
    FaultEvents events;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        line.resize(std::min(line.size(), line.find('#')));
        while (!line.empty() && line.back() == ' ') line.pop_back();
        if (line.empty()) continue;
        const auto event = event_from(line);
        if (event) events.push_back(*event);
        if (event || (line.starts_with("set ") && read_set(line.substr(4), values))) continue;
        complaint = choices.script_file + ":" + std::to_string(number) +
                    ": expected `set NAME NUMBER` or `SECONDS VERB NUMBER...`, got \"" + line +
                    "\"";
        return false;
    }
    Settings settings = settings_from(values, choices);
    settings.script = std::move(events);
    if (!is_usable(settings)) {
        complaint = choices.script_file +
                    ": needs 2 to 32 hosts, 2 to 33 slots, `set faults_until` and events of those "
                    "hosts";
        return false;
    }
    choices.scripted = std::move(settings);
    return true;
}

std::string text_of(const Settings& s) {
    const std::map<std::string_view, std::int64_t> values{
        {"hosts", s.hosts},
        {"extra", s.extra},
        {"deaf_beginner", s.deaf_beginner},
        {"slots", s.slots},
        {"single_slots", static_cast<std::int64_t>(s.single_slots)},
        {"majority", s.majority},
        {"calm", s.calm},
        {"quiet", s.quiet},
        {"install_max", s.install_max.count()},
        {"sticky_ms", s.sticky_ms},
        {"checked_ports", static_cast<std::int64_t>(s.checked_ports)},
        {"drop_ports", static_cast<std::int64_t>(s.drop_ports)},
        {"cut_ports", static_cast<std::int64_t>(s.cut_ports)},
        {"slow_start", s.slow_start.count()},
        {"period_ms", s.timing.period / milliseconds{1}},
        {"tolerance", s.timing.bury_after / s.timing.period},
        {"faults_from", s.faults_from.count()},
        {"faults_until", s.faults_until.count()}};
    std::string text;
    for (const auto& [name, value] : values)
        text += "set " + std::string(name) + " " + std::to_string(value) + "\n";
    FaultEvents sorted = s.script;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const FaultEvent& a, const FaultEvent& b) { return a.time < b.time; });
    for (const FaultEvent& event : sorted) text += text_of(event) + "\n";
    return text;
}

}  // namespace nlb::sim
