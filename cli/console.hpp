// Where a command's words go: sentences and tables for people, or lines of JSON for programs, never
// both. Colour only where it can be seen: a terminal, without NO_COLOR (https://no-color.org).
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "cli/exit_code.hpp"
#include "cli/json.hpp"
#include "core/base/result.hpp"

namespace nlb::cli {

enum class Paint { none, bold, dim, good, bad, notice };

// `text` between the escapes of `paint`, or as it is.
[[nodiscard]] std::string painted(std::string_view text, Paint paint, bool colour);
// For this process and its standard output.
[[nodiscard]] bool colour_wanted();

struct TerminalSize {
    std::size_t columns = 0;  // 0: no bound, as where no terminal is
    std::size_t lines = 0;
};
// Of the standard output: COLUMNS and LINES where they are set, else what the terminal says.
[[nodiscard]] TerminalSize terminal_size();

class Console {
public:
    Console(std::ostream& out, std::ostream& err, bool json, bool colour)
        : out_(out), err_(err), json_(json), colour_(colour) {}

    [[nodiscard]] bool json() const { return json_; }
    [[nodiscard]] bool colour() const { return colour_; }

    // For people; silent with --json. A newline is added.
    void say(std::string_view text);
    void warn(std::string_view sentence);
    // For people, beside an output that may go to a file: on the error stream; silent with --json.
    void aside(std::string_view text);
    // For people, as it is and at once.
    void show(std::string_view text);
    // For programs; silent without --json.
    void answer(const Json& value);
    // For readers who follow what is said as it comes.
    void flush();
    // A line of JSON that someone else wrote.
    void answer_verbatim(std::string_view line);
    // One sentence on the error stream, or {"ok": false, ...} on the output; returns `code`.
    ExitCode fail(ExitCode code, ReturnValue value, const std::string& sentence);
    // The loader's mistakes, one per line; they begin with the file's name, as editors like it.
    ExitCode fail_configuration(const Error& mistakes);
    ExitCode fail_usage(const Error& error) {
        return fail(ExitCode::usage, ReturnValue::bad_params, error.message);
    }

private:
    std::ostream& out_;
    std::ostream& err_;
    bool json_;
    bool colour_;
};

// {"ok": true, "return_value": 1000, "message": message}, to be continued by the command.
[[nodiscard]] Json success(std::string_view message);

}  // namespace nlb::cli
