// Each change is made twice, in the text and in the tree of its values; the text that comes out
// must read as the tree does.
#include "config/edit/yaml_edit.hpp"

#include <algorithm>
#include <cstdint>

#include "config/edit/yaml_tree.hpp"

namespace nlb::config {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kBlanks = " \t\r";

const YamlNode* child_at(const YamlNode& node, const YamlStep& step) {
    if (const auto* const key = std::get_if<std::string>(&step))
        return node.kind == Kind::mapping ? node.find(*key) : nullptr;
    const std::size_t index = std::get<std::size_t>(step);
    return node.kind == Kind::list && index < node.items.size() ? &node.items[index] : nullptr;
}

const YamlNode* node_at(const YamlNode& top, const YamlPath& path) {
    const YamlNode* node = &top;
    for (const YamlStep& step : path)
        if (node != nullptr) node = child_at(*node, step);
    return node;
}

std::size_t place_of(const YamlNode& node, const YamlStep& step) {
    if (const auto* const index = std::get_if<std::size_t>(&step)) return *index;
    const auto found = std::find_if(node.keys.begin(), node.keys.end(), [&](const YamlNode& key) {
        return key.scalar == std::get<std::string>(step);
    });
    return static_cast<std::size_t>(found - node.keys.begin());
}

class Text {
public:
    explicit Text(std::string_view text) : text_(text) {
        const std::size_t first = text.find('\n');
        windows_ = first != std::string_view::npos && first > 0 && text[first - 1] == '\r';
    }
    [[nodiscard]] std::string_view line_end() const { return windows_ ? "\r\n" : "\n"; }
    [[nodiscard]] std::size_t start_of_line(std::size_t at) const {
        const std::size_t before = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
        return before == std::string::npos ? 0 : before + 1;
    }
    // Behind the line's end; the text's end where the last line has none.
    [[nodiscard]] std::size_t behind_line(std::size_t at) const {
        const std::size_t end = text_.find('\n', at);
        return end == std::string::npos ? text_.size() : end + 1;
    }
    [[nodiscard]] std::size_t column_of(std::size_t at) const { return at - start_of_line(at); }
    [[nodiscard]] std::string_view between(std::size_t from, std::size_t to) const {
        return std::string_view(text_).substr(from, to - from);
    }
    // Nothing but blanks, or a comment behind them, is left of the line.
    [[nodiscard]] bool ends_line(std::size_t at) const {
        const std::size_t next = text_.find_first_not_of(kBlanks, at);
        return next == std::string::npos || text_[next] == '\n' || text_[next] == '#';
    }
    // Whole lines, each with its indentation, from there on. Requires: a line begins at `at`.
    void insert_lines(std::size_t at, std::size_t indent, const std::vector<std::string>& lines) {
        std::string block;
        if (at == text_.size() && at > 0 && text_[at - 1] != '\n') block += line_end();
        for (const std::string& line : lines)
            block += std::string(indent, ' ') + line + std::string(line_end());
        text_.insert(at, block);
    }
    void replace(std::size_t from, std::size_t to, std::string_view by) {
        text_.replace(from, to - from, by);
    }
    [[nodiscard]] const std::string& whole() const { return text_; }

private:
    std::string text_;
    bool windows_ = false;
};

// `{name: x, ports: 80}` as lines `name: x`, `ports: 80`.
std::vector<std::string> lines_of(const std::string& value, const YamlNode& tree) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < tree.keys.size(); ++i)
        lines.push_back(value.substr(tree.keys[i].begin, tree.keys[i].end - tree.keys[i].begin) +
                        ": " +
                        value.substr(tree.items[i].begin, tree.items[i].end - tree.items[i].begin));
    return lines;
}

void insert_entry(Text& text, const YamlNode& mapping, const std::string& entry,
                  std::string_view after) {
    if (mapping.flow) {
        if (mapping.items.empty()) return text.replace(mapping.begin + 1, mapping.begin + 1, entry);
        const std::size_t at = mapping.items.back().end;
        return text.replace(at, at, ", " + entry);
    }
    const std::size_t place = place_of(mapping, std::string(after));
    const bool known = !after.empty() && place < mapping.items.size();
    const std::size_t end = known ? mapping.items[place].end : mapping.end;
    text.insert_lines(text.behind_line(end), text.column_of(mapping.begin), {entry});
}

// A value of several lines goes, with the comments in it, from behind its key's colon on.
void replace_value(Text& text, const YamlNode& key, const YamlNode& value,
                   const std::string& fresh) {
    const bool inline_value = value.kind == Kind::scalar || value.flow;
    if (inline_value) return text.replace(value.begin, value.end, fresh);
    const std::size_t colon = text.whole().find(':', key.end) + 1;
    const std::size_t end = value.kind == Kind::null ? colon : value.end;
    text.replace(colon, end, " " + fresh);
}

void append_to_flow(Text& text, const YamlNode& list, const std::string& value) {
    if (list.items.empty()) return text.replace(list.begin + 1, list.end - 1, value);
    const std::size_t at = list.items.back().end;
    text.replace(at, at, ", " + value);
}

// In the style of the member before it.
void append_to_block(Text& text, const YamlNode& list, const std::string& value,
                     const YamlNode& tree) {
    const YamlNode& last = list.items.back();
    std::vector<std::string> lines;
    if (last.kind == Kind::mapping && !last.flow && tree.kind == Kind::mapping)
        lines = lines_of(value, tree);
    if (lines.empty()) lines = {value};
    const std::size_t indent = text.column_of(list.begin);
    // As far as the members that are there stand behind their dash.
    const bool spread = last.kind == Kind::mapping && !last.flow &&
                        text.column_of(last.begin) > indent + 1 &&
                        text.start_of_line(last.begin) != last.begin;
    const std::size_t step = spread ? text.column_of(last.begin) - indent : 2;
    for (std::size_t i = 0; i < lines.size(); ++i)
        lines[i] = (i == 0 ? "-" + std::string(step - 1, ' ') : std::string(step, ' ')) + lines[i];
    text.insert_lines(text.behind_line(list.end), indent, lines);
}

// One of several between brackets, with a comma; a comment beside it stays.
void remove_from_flow(Text& text, const YamlNode& parent, std::size_t place) {
    const auto begin_of = [&](std::size_t i) {
        return parent.kind == Kind::mapping ? parent.keys[i].begin : parent.items[i].begin;
    };
    const std::size_t begin = begin_of(place);
    const std::size_t end = parent.items[place].end;
    const bool is_last = place + 1 == parent.items.size();
    const std::size_t from = is_last && place > 0 ? parent.items[place - 1].end : begin;
    const std::size_t to = is_last ? end : begin_of(place + 1);
    const bool comment = text.between(from, begin).find('#') != std::string_view::npos ||
                         text.between(end, to).find('#') != std::string_view::npos;
    if (!comment) return text.replace(from, to, "");
    const std::size_t comma = is_last ? std::string::npos : text.whole().find(',', end);
    text.replace(begin, comma == std::string::npos ? end : comma + 1, "");
}

// The "-" of a member: on its line, or on one above it.
std::size_t dash_of(const Text& text, const YamlNode& list, std::size_t place) {
    const std::size_t column = text.column_of(list.begin);
    std::size_t line = text.start_of_line(list.items[place].begin);
    while (line > list.begin && text.whole()[line + column] != '-')
        line = text.start_of_line(line - 1);
    return line + column;
}

Status remove_from_block(Text& text, const YamlNode& parent, std::size_t place) {
    const bool in_list = parent.kind == Kind::list;
    const std::size_t begin = in_list ? dash_of(text, parent, place) : parent.keys[place].begin;
    const std::size_t end = std::max(parent.items[place].end, begin + 1);
    const std::size_t line = text.start_of_line(begin);
    const bool own_lines =
        text.between(line, begin).find_first_not_of(' ') == std::string_view::npos;
    if (!text.ends_line(end)) return Error{"something else stands behind it on its line"};
    if (own_lines) {
        text.replace(line, text.behind_line(end), "");
        return Done{};
    }
    // The first key of a list's member: the next one takes its place behind the dash.
    if (in_list || place + 1 >= parent.keys.size())
        return Error{"something else stands before it on its line"};
    text.replace(begin, parent.keys[place + 1].begin, "");
    return Done{};
}

Error not_edited(const std::string& why) {
    return Error{"the file cannot be edited by this command (" + why + "): edit it by hand"};
}

Result<std::string> checked(const Text& text, const YamlNode& expected) {
    const auto after = read_yaml_tree(text.whole());
    if (!after) return not_edited("it would read: " + after.error().message);
    if (!same_values(after.value(), expected)) return not_edited("its layout is not known here");
    return text.whole();
}

// One value and nothing behind it.
Result<YamlNode> read_value(const std::string& value) {
    auto tree = read_yaml_tree(value);
    if (!tree) return tree.error();
    if (tree.value().kind == Kind::null || tree.value().end != value.size())
        return Error{"expected one value in one line, got " + value};
    return tree;
}

YamlNode* writable(YamlNode& top, const YamlPath& path) {
    return const_cast<YamlNode*>(node_at(top, path));  // `top` is the caller's own copy
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '/' || c == '-' || c == '+';
    };
    const bool word = text == "null" || text == "Null" || text == "NULL";
    if (!text.empty() && !word && text.front() != '-' &&
        std::all_of(text.begin(), text.end(), plain))
        return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

Result<std::string> yaml_set(std::string_view text, const YamlPath& mapping, const std::string& key,
                             const std::string& value, std::string_view after) {
    const auto fresh = read_value(value);
    if (!fresh) return Error{key + ": " + fresh.error().message};
    auto tree = read_yaml_tree(text);
    if (!tree) return tree.error();
    const YamlNode* const node = node_at(tree.value(), mapping);
    if (node == nullptr || node->kind != Kind::mapping) return not_edited("there is no mapping");
    Text edited(text);
    const std::size_t place = place_of(*node, key);
    if (place < node->items.size())
        replace_value(edited, node->keys[place], node->items[place], value);
    else
        insert_entry(edited, *node, key + ": " + value, after);
    YamlNode* const changed = writable(tree.value(), mapping);
    if (place < changed->items.size()) {
        changed->items[place] = fresh.value();
    } else {
        YamlNode name;
        name.kind = Kind::scalar;
        name.scalar = key;
        changed->keys.push_back(std::move(name));
        changed->items.push_back(fresh.value());
    }
    return checked(edited, tree.value());
}

Result<std::string> yaml_append(std::string_view text, const YamlPath& list,
                                const std::string& value) {
    const auto fresh = read_value(value);
    if (!fresh) return fresh.error();
    auto tree = read_yaml_tree(text);
    if (!tree) return tree.error();
    const YamlNode* const node = node_at(tree.value(), list);
    if (node == nullptr || node->kind != Kind::list) return not_edited("there is no list");
    Text edited(text);
    if (node->flow)
        append_to_flow(edited, *node, value);
    else
        append_to_block(edited, *node, value, fresh.value());
    writable(tree.value(), list)->items.push_back(fresh.value());
    return checked(edited, tree.value());
}

Result<std::string> yaml_remove(std::string_view text, const YamlPath& path) {
    auto tree = read_yaml_tree(text);
    if (!tree) return tree.error();
    const YamlPath above(path.begin(), path.end() - 1);
    const YamlNode* const parent = node_at(tree.value(), above);
    if (parent == nullptr || node_at(tree.value(), path) == nullptr)
        return not_edited("it is not there");
    const std::size_t place = place_of(*parent, path.back());
    if (parent->items.size() == 1 && !parent->flow) {
        // A block cannot be empty: brackets can.
        if (above.empty() || !std::holds_alternative<std::string>(above.back()))
            return not_edited("it is the only one there");
        const YamlPath outer(above.begin(), above.end() - 1);
        return yaml_set(text, outer, std::get<std::string>(above.back()),
                        parent->kind == Kind::list ? "[]" : "{}");
    }
    Text edited(text);
    if (parent->flow) {
        remove_from_flow(edited, *parent, place);
    } else if (const Status removed = remove_from_block(edited, *parent, place); !removed) {
        return not_edited(removed.error().message);
    }
    YamlNode* const changed = writable(tree.value(), above);
    const auto offset = static_cast<std::ptrdiff_t>(place);
    if (!changed->keys.empty()) changed->keys.erase(changed->keys.begin() + offset);
    changed->items.erase(changed->items.begin() + offset);
    return checked(edited, tree.value());
}

}  // namespace nlb::config
