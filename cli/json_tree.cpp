// Depth is bounded: what lies deeper is shown as a line of JSON.
#include "cli/json_tree.hpp"

#include <algorithm>

#include "cli/text_table.hpp"

namespace nlb::cli {
namespace {

constexpr std::size_t kDepthMax = 4;
constexpr std::size_t kIndent = 4;

std::string indented(const std::string& text, std::size_t by) {
    const std::string blanks(by, ' ');
    std::string out = blanks;
    for (const char c : text) out += c == '\n' ? "\n" + blanks : std::string(1, c);
    return out;
}

bool all_objects(const Json& list) {
    return list.is_array() && !list.empty() &&
           std::all_of(list.begin(), list.end(), [](const Json& item) { return item.is_object(); });
}

std::string joined(const Json& list) {
    std::string text;
    for (const Json& item : list) text += (text.empty() ? "" : ", ") + plain(item);
    return text.empty() ? "-" : text;
}

// An object within a line: "http 70, dns 50".
std::string joined_members(const Json& object) {
    std::string text;
    for (const auto& item : object.items())
        text += (text.empty() ? "" : ", ") + printable(item.key()) + ' ' + plain(item.value());
    return text.empty() ? "-" : text;
}

std::string in_one_cell(const Json& value) {
    if (value.is_array() && !all_objects(value)) return joined(value);
    return value.is_object() ? joined_members(value) : plain(value);
}

std::string table_of(const Json& list, bool colour) {
    std::vector<std::string> keys;  // what a row is called comes first
    for (const char* first : {"name", "id"})
        if (std::any_of(list.begin(), list.end(),
                        [&](const Json& item) { return item.contains(first); }))
            keys.emplace_back(first);
    for (const Json& item : list)
        for (const auto& member : item.items())
            if (std::find(keys.begin(), keys.end(), member.key()) == keys.end())
                keys.push_back(member.key());
    std::vector<Column> columns;
    for (const std::string& key : keys) columns.push_back({printable(key)});
    TextTable table(columns);
    for (const Json& item : list) {
        std::vector<Cell> row;
        for (const std::string& key : keys)
            row.emplace_back(item.contains(key) ? in_one_cell(member_of(item, key)) : "");
        table.add(std::move(row));
    }
    return table.render(colour);
}

std::string tree(const Json& value, bool colour, std::size_t depth);

std::string object_lines(const Json& object, bool colour, std::size_t depth) {
    std::size_t widest = 0;
    for (const auto& member : object.items())
        widest = std::max(widest, width_of(printable(member.key())));
    std::string text;
    for (const auto& member : object.items()) {
        const std::string key = printable(member.key());
        const Json& value = member.value();
        if (!text.empty()) text += '\n';
        text += painted(key, Paint::bold, colour);
        if (value.is_object() || all_objects(value))
            text += '\n' + indented(tree(value, colour, depth + 1), kIndent);
        else
            text += std::string(widest - width_of(key) + 2, ' ') + in_one_cell(value);
    }
    return text.empty() ? "-" : text;
}

std::string tree(const Json& value, bool colour, std::size_t depth) {
    if (depth >= kDepthMax) return plain(value);
    if (value.is_object()) return object_lines(value, colour, depth);
    return all_objects(value) ? table_of(value, colour) : in_one_cell(value);
}

}  // namespace

std::string tree_of(const Json& value, bool colour) {
    return tree(value, colour, 0);
}

}  // namespace nlb::cli
