// A file that came from Windows as lines of UTF-8, and places in it. It knows UTF-16 with a byte
// order mark, UTF-8, and takes all else for Latin 1; what a console's code page made of an umlaut
// is not repaired: readers compare letters and digits only (folded()).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace nlb::cli::windows {

inline constexpr std::size_t kFileBytesMax = 4U << 20;
inline constexpr std::size_t kLinesMax = 100'000;
inline constexpr std::size_t kMistakesMax = 50;

struct Place {
    std::string file;
    std::size_t line = 0;  // from 1
};
// "FILE:LINE"
[[nodiscard]] std::string to_string(const Place& place);

struct SourceText {
    std::string file;
    std::vector<std::string> lines;  // without line ends
    [[nodiscard]] Place at(std::size_t index) const { return {file, index + 1}; }
};

// Refuses what is too large and what is no text. `file` stands in messages.
[[nodiscard]] Result<SourceText> decode_text(std::string_view bytes, const std::string& file);

// What is wrong with the files, each a sentence that begins with its place.
class Mistakes {
public:
    void add(const Place& place, const std::string& sentence);
    // A sentence that names its place itself.
    void add_sentence(const std::string& sentence);
    [[nodiscard]] bool any() const { return !sentences_.empty(); }
    // One a line, without the last line's end.
    [[nodiscard]] std::string all() const;

private:
    std::vector<std::string> sentences_;
    std::size_t unlisted_ = 0;
};

[[nodiscard]] std::string_view trimmed(std::string_view text);
// ASCII letters in lower case and digits; nothing else. "DÉSACTIVÉ" is "dsactiv" in any code page.
[[nodiscard]] std::string folded(std::string_view text);
// Both alike but for the case of ASCII letters.
[[nodiscard]] bool same_name(std::string_view one, std::string_view other);
// Pieces between blanks.
[[nodiscard]] std::vector<std::string_view> words_in(std::string_view text);

}  // namespace nlb::cli::windows
