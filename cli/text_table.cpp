// Two passes: how wide each column is, then the lines. A last left-aligned column is not padded.
#include "cli/text_table.hpp"

#include <algorithm>

#include "cli/bucket_picture.hpp"

namespace nlb::cli {
namespace {

constexpr std::size_t kGap = 2;

std::string render_row(const std::vector<Cell>& row, const std::vector<Column>& columns,
                       const std::vector<std::size_t>& widths, bool colour) {
    std::string line;
    std::size_t owed = 0;  // blanks that are written only if something follows
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::size_t padding = widths[i] - width_of(row[i].text);
        if (columns[i].align == Align::right) owed += padding;
        if (!row[i].text.empty()) {
            line += std::string(owed, ' ') +
                    (row[i].host ? on_host_colour(row[i].text, *row[i].host, colour)
                                 : painted(row[i].text, row[i].paint, colour));
            owed = 0;
        }
        if (columns[i].align == Align::left) owed += padding;
        owed += kGap;
    }
    return line;
}

}  // namespace

std::size_t width_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

void TextTable::add(std::vector<Cell> row) {
    NLB_ASSERT(row.size() <= columns_.size());
    row.resize(columns_.size(), Cell(""));
    rows_.push_back(std::move(row));
}

std::vector<std::size_t> TextTable::widths() const {
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) widths.push_back(width_of(column.title));
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i].text));
    return widths;
}

std::size_t TextTable::width() const {
    std::size_t sum = 0;
    for (const std::size_t width : widths()) sum += (sum == 0 ? 0 : kGap) + width;
    return sum;
}

std::string TextTable::render(bool colour) const {
    std::vector<Cell> titles;
    for (const Column& column : columns_) titles.emplace_back(column.title, Paint::bold);
    const auto column_widths = widths();
    std::string text = render_row(titles, columns_, column_widths, colour);
    for (const auto& row : rows_) text += '\n' + render_row(row, columns_, column_widths, colour);
    return text;
}

std::string counted(std::size_t number, std::string_view noun) {
    return std::to_string(number) + ' ' + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace nlb::cli
