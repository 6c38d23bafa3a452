// Every mistake and warning of one file, each tied to the place where the operator wrote it.
// Reading and validation both write here; nothing is printed, and nothing stops at the first
// mistake.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nlb::config {

// Counted from 1; columns count bytes, as compilers and editors do.
struct Position {
    int line = 1;
    int column = 1;
    auto operator<=>(const Position&) const = default;
};

// What one file can be told at once; a last line counts the rest.
inline constexpr std::size_t kMistakesMax = 1000;

class Diagnostics {
public:
    explicit Diagnostics(std::string file);

    // Where the value of `path` stands.
    void place(const std::string& path, Position position);
    // Of the path itself, or of the nearest mapping or list around it when the file does not hold
    // it.
    [[nodiscard]] Position position_of(const std::string& path) const;
    // The file holds it, be it right or wrong.
    [[nodiscard]] bool holds(const std::string& path) const;

    // `sentence` is "expected ..., got ...".
    void mistake(const std::string& path, const std::string& sentence);
    void mistake(Position position, const std::string& path, const std::string& sentence);
    void warning(const std::string& path, const std::string& sentence);

    // A mistake was reported at the path or below it: what validation reads there may be a default
    // and says nothing about the file.
    [[nodiscard]] bool broken(std::string_view path) const;
    [[nodiscard]] bool any() const { return !mistakes_.empty(); }

    // In the order of the file.
    [[nodiscard]] std::string mistakes() const;
    [[nodiscard]] std::vector<std::string> warnings() const;

private:
    struct Entry {
        Position position;
        std::string path;
        std::string sentence;
    };
    [[nodiscard]] std::string line_of(const Entry& entry) const;
    [[nodiscard]] std::vector<std::string> lines_of(std::vector<Entry> entries) const;

    std::string file_;
    std::map<std::string, Position> places_;
    std::vector<Entry> mistakes_;
    std::vector<Entry> warnings_;
    std::size_t unlisted_ = 0;
};

}  // namespace nlb::config
