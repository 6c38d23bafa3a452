// Lines are counted after splitting; a terminal of unknown height shows all of them.
#include "cli/watch_screen.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace nlb::cli {
namespace {

constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kToEndOfLine = "\x1b[K";
constexpr std::string_view kToEndOfScreen = "\x1b[J";

std::vector<std::string_view> lines_in(std::string_view text) {
    std::vector<std::string_view> lines;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.size(), text.find('\n', at));
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

}  // namespace

std::string cut_line(std::string_view line, std::size_t columns) {
    if (columns == 0) return std::string(line);
    std::string cut;
    std::size_t used = 0;
    for (std::size_t i = 0; i < line.size();) {
        if (line[i] == '\x1b') {  // up to its letter; it takes no column
            const std::size_t letter = line.find('m', i);
            const std::size_t end = letter == std::string_view::npos ? line.size() : letter + 1;
            cut += line.substr(i, end - i);
            i = end;
            continue;
        }
        const bool begins = (static_cast<unsigned char>(line[i]) & 0xc0U) != 0x80U;
        if (begins && used == columns) {
            cut += line.find('\x1b', i) == std::string_view::npos ? "" : "\x1b[0m";
            break;
        }
        used += begins ? 1U : 0U;
        cut += line[i++];
    }
    return cut;
}

std::string WatchScreen::draw(const std::string& text, TerminalSize size) {
    const auto lines = lines_in(text);
    lines_ = lines.size();
    visible_ = size.lines == 0 ? lines_ : size.lines - std::min<std::size_t>(size.lines, 1);
    first_line_ = std::min(first_line_, lines_ - std::min(lines_, visible_));
    std::string screen{kHome};
    const std::size_t end = std::min(lines_, first_line_ + visible_);
    for (std::size_t i = first_line_; i < end; ++i) {
        screen += cut_line(lines[i], size.columns);
        screen += kToEndOfLine;
        screen += '\n';
    }
    const std::string keys =
        lines_ > visible_
            ? fmt::format("lines {}-{} of {}; arrows scroll, q ends", first_line_ + 1, end, lines_)
            : "q ends";
    screen += cut_line(keys, size.columns);
    screen += kToEndOfScreen;
    return screen;
}

bool WatchScreen::take_keys(std::string_view bytes) {
    const auto has = [&](std::string_view key) {
        return bytes.find(key) != std::string_view::npos;
    };
    if (has("\x1b[A")) first_line_ -= std::min<std::size_t>(first_line_, 1);
    if (has("\x1b[B")) ++first_line_;
    if (has("\x1b[5~")) first_line_ -= std::min(first_line_, visible_);
    if (has("\x1b[6~")) first_line_ += visible_;
    return !has("q") && !has("Q");
}

}  // namespace nlb::cli
