// Rows of cells as aligned columns of text. Paint does not count as width; nothing is wrapped or
// cut.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/console.hpp"
#include "core/base/types.hpp"

namespace nlb::cli {

struct Cell {
    Cell(std::string words, Paint colour = Paint::none) : text(std::move(words)), paint(colour) {}
    Cell(const char* words) : text(words) {}
    std::string text;
    Paint paint = Paint::none;
    std::optional<HostId> host{};  // painted on that host's colour instead
};

enum class Align { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

class TextTable {
public:
    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // Missing cells are empty. Requires: no more cells than columns.
    void add(std::vector<Cell> row);
    // Lines without trailing blanks; the last one has no newline.
    [[nodiscard]] std::string render(bool colour) const;
    // Of the longest line.
    [[nodiscard]] std::size_t width() const;

private:
    [[nodiscard]] std::vector<std::size_t> widths() const;
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

// Characters, as a terminal counts those that this program writes.
[[nodiscard]] std::size_t width_of(std::string_view utf8);

// "1 packet", "2 packets"
[[nodiscard]] std::string counted(std::size_t number, std::string_view noun);

}  // namespace nlb::cli
