// The usual fields first, in one order; the rest as they come.
#include "cli/event_view.hpp"

#include <fmt/format.h>

#include "cli/console.hpp"

namespace nlb::cli {
namespace {

Paint paint_of_level(const std::string& level) {
    if (level == "error") return Paint::bad;
    return level == "warning" ? Paint::notice : Paint::none;
}

}  // namespace

std::string event_line(const Json& event, bool colour) {
    const std::string level = text_of(event, "level", "info");
    const auto number = number_of(event, "event");
    std::string line =
        fmt::format("{}  {:<7}  {}{}", text_of(event, "time", "?"), level,
                    painted(text_of(event, "name", "?"), paint_of_level(level), colour),
                    number == 0 ? "" : fmt::format(" (NLB {})", number));
    if (event.is_object())
        for (const auto& field : event.items()) {
            const std::string& key = field.key();
            if (key == "time" || key == "level" || key == "name" || key == "event" || key == "do")
                continue;
            line += fmt::format(" {}={}", printable(key), plain(field.value()));
        }
    if (const std::string todo = text_of(event, "do"); !todo.empty() && todo != "nothing")
        line += "\n                          do: " + todo;
    return line;
}

}  // namespace nlb::cli
