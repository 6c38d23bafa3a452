// Durations as text: exact to the nanosecond, so that what is written reads back unchanged.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "config/format.hpp"

namespace nlb::config {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};
// From large to small: the first that divides a duration is the one it is written in.
constexpr std::array kUnits{Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000},
                            Unit{"s", 1'000'000'000}, Unit{"ms", 1'000'000}, Unit{"us", 1'000}};
constexpr std::size_t kFractionDigitsMax = 9;

Error not_a_duration(std::string_view text) {
    return Error{"expected a duration such as 100ms, 1.5s, 20m or 24h, got " + in_quotes(text)};
}

}  // namespace

std::string to_string(Duration duration) {
    const std::int64_t count = duration.count();
    if (count == 0) return "0s";
    for (const Unit& unit : kUnits)
        if (count % unit.nanoseconds == 0)
            return std::to_string(count / unit.nanoseconds) + std::string(unit.name);
    return std::to_string(count) + "ns";
}

Result<Duration> parse_duration(std::string_view text) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view number = text.substr(0, digits);
    const auto* unit = std::find_if(kUnits.begin(), kUnits.end(),
                                    [&](const Unit& u) { return u.name == text.substr(digits); });
    if (unit == kUnits.end()) return not_a_duration(text);

    const std::size_t point = std::min(number.find('.'), number.size());
    std::uint64_t whole = 0;
    if (!read_decimal(number.substr(0, point), whole)) return not_a_duration(text);
    const auto most =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / unit->nanoseconds) -
        1;
    if (whole > most) return not_a_duration(text);
    std::int64_t total = static_cast<std::int64_t>(whole) * unit->nanoseconds;

    if (point < number.size()) {
        const std::string_view fraction = number.substr(point + 1);
        if (fraction.empty() || fraction.size() > kFractionDigitsMax ||
            fraction.find('.') != std::string_view::npos)
            return not_a_duration(text);
        std::int64_t step = unit->nanoseconds;
        for (const char digit : fraction) {
            if (step % 10 != 0 && digit != '0') return not_a_duration(text);
            step /= 10;
            total += step * (digit - '0');
        }
    }
    return Duration{total};
}

}  // namespace nlb::config
