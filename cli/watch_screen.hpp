// What `query --watch` writes to the terminal: pure text in, escapes out. It cuts lines to the
// terminal's width without cutting an escape, and remembers how far the operator has scrolled.
#pragma once

#include <string>
#include <string_view>

#include "cli/console.hpp"

namespace nlb::cli {

// The first `columns` characters of a line with its colours; 0: all.
[[nodiscard]] std::string cut_line(std::string_view line, std::size_t columns);

class WatchScreen {
public:
    // Home, each line to its end, the rest of the screen cleared. The last line says the keys.
    [[nodiscard]] std::string draw(const std::string& text, TerminalSize size);
    // False: the operator wants to leave.
    [[nodiscard]] bool take_keys(std::string_view bytes);

    static constexpr std::string_view kLeave = "\x1b[0m\n";

private:
    std::size_t first_line_ = 0;
    std::size_t lines_ = 0;    // of the newest text
    std::size_t visible_ = 0;  // as many fit
};

}  // namespace nlb::cli
