// Reading and checking bytes; see source.hpp. It knows nothing of YAML but that tabs may not indent
// it.
#include "config/source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "config/format.hpp"
#include "config/load.hpp"

namespace nlb::config {
namespace {

// The length of the UTF-8 character at the start of the text (RFC 3629: no overlong forms, no
// surrogates); 0 if there is none.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0U) != 0x80U) return 0;
    const unsigned second = byte(1);
    const bool out_of_range = (first == 0xe0 && second < 0xa0) ||
                              (first == 0xed && second > 0x9f) ||
                              (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
    return out_of_range ? 0 : length;
}

std::string byte_in_words(char character) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(character);
    return std::string("the byte 0x") + digits[byte >> 4] + digits[byte & 15U];
}

Position position_in(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start =
        before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return Position{static_cast<int>(lines) + 1, static_cast<int>(offset - line_start) + 1};
}

std::optional<std::size_t> first_bad_byte(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = character_length(text.substr(at));
        const auto byte = static_cast<unsigned char>(text[at]);
        const bool control =
            (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f;
        if (length == 0 || control) return at;
        at += length;
    }
    return std::nullopt;
}

// A tab before the first character of a line that is neither blank nor a comment.
void report_tabs(std::string_view text, Diagnostics& diagnostics) {
    int line = 1;
    for (std::size_t start = 0; start < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view content = text.substr(start, end - start);
        const std::size_t first = content.find_first_not_of(" \t\r");
        const std::size_t tab = content.find('\t');
        const bool matters =
            first != std::string_view::npos && content[first] != '#' && tab < first;
        if (matters)
            diagnostics.mistake(Position{line, static_cast<int>(tab) + 1}, kFilePath,
                                "expected spaces as indentation, got a tab");
        start = end + 1;
    }
}

}  // namespace

bool read_source(const std::string& path, std::string& into, Diagnostics& diagnostics) {
    const auto refuse = [&](const std::string& got) {
        diagnostics.mistake(kFilePath, "expected a file that can be read, got: " + got);
        return false;
    };
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return refuse(std::strerror(errno));
    std::array<char, 16384> piece;
    ssize_t count = 0;
    while (into.size() <= kFileBytesMax && (count = ::read(fd, piece.data(), piece.size())) > 0)
        into.append(piece.data(), static_cast<std::size_t>(count));
    const int error = errno;
    ::close(fd);
    return count < 0 ? refuse(std::strerror(error)) : true;
}

bool check_source(std::string_view text, Diagnostics& diagnostics) {
    if (text.size() > kFileBytesMax) {
        diagnostics.mistake(kFilePath, "expected at most 1 MiB, got a larger file");
        return false;
    }
    if (const auto bad = first_bad_byte(text)) {
        diagnostics.mistake(position_in(text, *bad), kFilePath,
                            "expected UTF-8 text, got " + byte_in_words(text[*bad]));
        return false;
    }
    report_tabs(text, diagnostics);
    return !diagnostics.any();
}

}  // namespace nlb::config
