// The one grammar of both daemons' lines on stderr: `TIME LEVEL name=NAME [key=value ...]`, so that
// an operator searches once. Time is UTC with milliseconds, level is info, warning or error, values
// with blanks, quotes or equal signs are quoted. Where stderr is the journal, which keeps time and
// priority itself, `<PRIORITY>` stands for both (sd-daemon(3)). It decides nothing about what is
// worth a line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nlb::daemon {

enum class Level { info, warning, error };

// In the order in which they are written.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

// The line without time and level. A value cannot forge another key or another line: control
// characters become blanks.
[[nodiscard]] std::string format_line(std::string_view name, const Fields& fields);

// Nothing is written before start_log and after stop_log (in tests). Nobody waits for a reader: a
// line that stderr does not take at once is lost, and how many were is told when it takes lines
// again (`log_lines_lost`).
enum class LogWriter {
    caller,  // whoever logs writes
    // A thread of its own writes: for whoever cannot wait for a disk. Beyond kLinesPendingMax the
    // oldest lines are given up.
    thread,
};
inline constexpr std::size_t kLinesPendingMax = 4096;
// The process ignores SIGPIPE from here on. Thread: main, while there is no other.
void start_log(LogWriter writer);
// Writes what is pending. Thread: main, once nobody logs any more.
void stop_log();

// Why a program does not start, as it is written for people: plain lines on stderr, in the journal
// with the priority of an error. Thread: main.
void complain(std::string_view text);

// Thread: any.
void log(Level level, std::string_view name, const Fields& fields = {});

}  // namespace nlb::daemon
