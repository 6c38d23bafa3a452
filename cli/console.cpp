// Writing to the two streams. Warnings go to the error stream in both forms, so that a program's
// output stays pure JSON.
#include "cli/console.hpp"

#include <cstdlib>
#include <ostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace nlb::cli {
namespace {

const char* escape_of(Paint paint) {
    switch (paint) {
        case Paint::none:
            return "";
        case Paint::bold:
            return "\x1b[1m";
        case Paint::dim:
            return "\x1b[2m";
        case Paint::good:
            return "\x1b[32m";
        case Paint::bad:
            return "\x1b[31m";
        case Paint::notice:
            return "\x1b[33m";
    }
    return "";
}

bool set(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

}  // namespace

std::string painted(std::string_view text, Paint paint, bool colour) {
    if (!colour || paint == Paint::none) return std::string(text);
    return escape_of(paint) + std::string(text) + "\x1b[0m";
}

bool colour_wanted() {
    if (set("NO_COLOR")) return false;
    if (set("CLICOLOR_FORCE")) return true;
    const char* terminal = std::getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && terminal != nullptr &&
           std::string_view(terminal) != "dumb";
}

TerminalSize terminal_size() {
    const auto from = [](const char* variable) -> std::size_t {
        const char* const text = std::getenv(variable);
        if (text == nullptr) return 0;
        char* end = nullptr;
        const unsigned long number = std::strtoul(text, &end, 10);
        return *end == '\0' && number >= 20 && number <= 10000 ? number : 0;
    };
    TerminalSize size{from("COLUMNS"), from("LINES")};
    winsize window{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0) {
        if (size.columns == 0) size.columns = window.ws_col;
        if (size.lines == 0) size.lines = window.ws_row;
    }
    return size;
}

void Console::say(std::string_view text) {
    if (!json_) out_ << text << '\n';
}

void Console::show(std::string_view text) {
    if (json_) return;
    out_ << text;
    out_.flush();
}

void Console::warn(std::string_view sentence) {
    err_ << "nlb: warning: " << sentence << '\n';
}

void Console::aside(std::string_view text) {
    if (!json_) err_ << text << '\n';
}

void Console::answer(const Json& value) {
    if (json_) out_ << one_line(value) << '\n';
}

void Console::flush() {
    out_.flush();
}

void Console::answer_verbatim(std::string_view line) {
    if (json_) out_ << line << '\n';
}

ExitCode Console::fail(ExitCode code, ReturnValue value, const std::string& sentence) {
    if (json_)
        answer({{"ok", false}, {"return_value", static_cast<int>(value)}, {"message", sentence}});
    else
        err_ << "nlb: " << sentence << '\n';
    return code;
}

ExitCode Console::fail_configuration(const Error& mistakes) {
    if (json_) return fail_usage(mistakes);
    err_ << mistakes.message << '\n';
    return ExitCode::usage;
}

Json success(std::string_view message) {
    return {{"ok", true},
            {"return_value", static_cast<int>(ReturnValue::ok)},
            {"message", std::string(message)}};
}

}  // namespace nlb::cli
