#include "cli/windows/source_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "cli/json.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

unsigned byte_at(std::string_view bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes[at]);
}

void append_utf8(std::string& text, unsigned point) {
    if (point < 0x80) {
        text += static_cast<char>(point);
    } else if (point < 0x800) {
        text += static_cast<char>(0xc0U | point >> 6);
        text += static_cast<char>(0x80U | (point & 0x3fU));
    } else if (point < 0x10000) {
        text += static_cast<char>(0xe0U | point >> 12);
        text += static_cast<char>(0x80U | (point >> 6 & 0x3fU));
        text += static_cast<char>(0x80U | (point & 0x3fU));
    } else {
        text += static_cast<char>(0xf0U | point >> 18);
        text += static_cast<char>(0x80U | (point >> 12 & 0x3fU));
        text += static_cast<char>(0x80U | (point >> 6 & 0x3fU));
        text += static_cast<char>(0x80U | (point & 0x3fU));
    }
}

// RFC 2781; half a pair becomes U+FFFD, half a unit at the end is left out.
std::string from_utf16(std::string_view bytes, bool little) {
    const auto unit = [&](std::size_t at) {
        const unsigned first = byte_at(bytes, at);
        const unsigned second = byte_at(bytes, at + 1);
        return little ? second << 8 | first : first << 8 | second;
    };
    std::string text;
    for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
        const unsigned high = unit(at);
        const bool pair = high >= 0xd800 && high < 0xdc00 && at + 3 < bytes.size();
        const unsigned low = pair ? unit(at + 2) : 0;
        if (pair && low >= 0xdc00 && low < 0xe000) {
            append_utf8(text, 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00)));
            at += 2;
        } else if (high >= 0xd800 && high < 0xe000) {
            text += kReplacement;
        } else {
            append_utf8(text, high);
        }
    }
    return text;
}

// How many bytes of a character follow this one; nothing: none begins with it.
std::optional<std::size_t> followers_of(unsigned first) {
    if (first < 0x80) return 0;
    if (first >= 0xc2 && first < 0xe0) return 1;
    if (first >= 0xe0 && first < 0xf0) return 2;
    if (first >= 0xf0 && first < 0xf5) return 3;
    return std::nullopt;
}

bool is_utf8(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const auto followers = followers_of(byte_at(bytes, at));
        if (!followers || bytes.size() - at <= *followers) return false;
        for (std::size_t i = 1; i <= *followers; ++i)
            if ((byte_at(bytes, at + i) & 0xc0U) != 0x80) return false;
        at += *followers;
    }
    return true;
}

std::string from_latin1(std::string_view bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); ++at) append_utf8(text, byte_at(bytes, at));
    return text;
}

std::string as_utf8(std::string_view bytes) {
    if (bytes.substr(0, 2) == "\xff\xfe") return from_utf16(bytes.substr(2), true);
    if (bytes.substr(0, 2) == "\xfe\xff") return from_utf16(bytes.substr(2), false);
    if (bytes.substr(0, 3) == "\xef\xbb\xbf") bytes.remove_prefix(3);
    return is_utf8(bytes) ? std::string(bytes) : from_latin1(bytes);
}

}  // namespace

std::string to_string(const Place& place) {
    return fmt::format("{}:{}", printable(place.file), place.line);
}

Result<SourceText> decode_text(std::string_view bytes, const std::string& file) {
    if (bytes.size() > kFileBytesMax)
        return Error{fmt::format("{}:1: expected at most {} MiB, got {} bytes", printable(file),
                                 kFileBytesMax >> 20, bytes.size())};
    const std::string text = as_utf8(bytes);
    SourceText source{file, {}};
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string line = text.substr(at, end - at);
        while (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.find('\0') != std::string::npos)
            return Error{fmt::format("{}:{}: expected text, got binary data", printable(file),
                                     source.lines.size() + 1)};
        if (source.lines.size() == kLinesMax)
            return Error{fmt::format("{}:{}: expected at most {} lines", printable(file),
                                     kLinesMax + 1, kLinesMax)};
        source.lines.push_back(std::move(line));
        at = end + 1;
    }
    return source;
}

void Mistakes::add(const Place& place, const std::string& sentence) {
    add_sentence(to_string(place) + ": " + sentence);
}

void Mistakes::add_sentence(const std::string& sentence) {
    if (sentences_.size() == kMistakesMax) {
        ++unlisted_;
        return;
    }
    sentences_.push_back(sentence);
}

std::string Mistakes::all() const {
    std::string text;
    for (const std::string& sentence : sentences_) text += (text.empty() ? "" : "\n") + sentence;
    if (unlisted_ != 0) text += fmt::format("\nand {} more", unlisted_);
    return text;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string folded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    }
    return out;
}

bool same_name(std::string_view one, std::string_view other) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                      [&](char a, char b) { return lower(a) == lower(b); });
}

std::vector<std::string_view> words_in(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(kBlanks, end);
    }
    return words;
}

}  // namespace nlb::cli::windows
