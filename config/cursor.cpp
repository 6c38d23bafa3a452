// Typed reads from yaml-cpp nodes. No value is guessed: "yes" is no boolean and 010 no number.
#include "config/cursor.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace nlb::config {
namespace {

Position position_at(const YAML::Mark& mark) {
    return Position{mark.line + 1, mark.column + 1};
}

std::string in_words(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Scalar:
            return in_quotes(node.Scalar());
        case YAML::NodeType::Sequence:
            return node.size() == 0 ? "an empty list" : "a list";
        case YAML::NodeType::Map:
            return "a mapping";
        default:
            return "nothing";
    }
}

// Keys that are no plain words would make a path unreadable.
std::string step_of(const std::string& key) {
    const bool plain =
        !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), [](char c) {
            return (c > ' ' && c < 0x7f && c != '"') || (c & 0x80) != 0;
        });
    return plain ? key : in_quotes(key);
}

}  // namespace

Cursor::Cursor(const YAML::Node& node, Diagnostics& diagnostics)
    : Cursor(node, std::string(), diagnostics) {
    diagnostics.place(path_, node.IsNull() ? Position{} : position_at(node.Mark()));
}

Cursor::Cursor(const YAML::Node& node, std::string path, Diagnostics& diagnostics)
    : node_(node), path_(std::move(path)), diagnostics_(&diagnostics) {}

Cursor Cursor::child(const YAML::Node& node, const std::string& path, Position position) const {
    diagnostics_->place(path, position);
    return {node, path, *diagnostics_};
}

void Cursor::mistake(const std::string& sentence) const {
    diagnostics_->mistake(path_, is_to_fill_in() ? "fill in this value: " + sentence : sentence);
}

void Cursor::expected(std::string_view what) const {
    mistake("expected " + std::string(what) + ", got " + in_words(node_));
}

std::string Cursor::path_of(const std::string& key) const {
    return path_ + (path_.empty() ? "" : ".") + step_of(key);
}

void Cursor::unknown_key(const std::string& key, Position position,
                         const std::string& sentence) const {
    diagnostics_->mistake(position, path_of(key), sentence);
}

void Cursor::missing_key(std::string_view key, std::string_view what) const {
    diagnostics_->mistake(path_of(std::string(key)),
                          "expected " + std::string(what) + ", got nothing");
}

std::vector<Cursor::Entry> Cursor::entries(std::string_view what) const {
    std::vector<Entry> found;
    std::map<std::string, int> seen;
    if (!is_mapping()) {
        expected(what);
        return found;
    }
    for (const auto& pair : node_) {
        const Position key_position = position_at(pair.first.Mark());
        if (!pair.first.IsScalar()) {
            diagnostics_->mistake(key_position, path_,
                                  "expected a key, got " + in_words(pair.first));
            continue;
        }
        const std::string& key = pair.first.Scalar();
        const std::string path = path_of(key);
        const auto first = seen.emplace(key, key_position.line);
        if (!first.second) {
            diagnostics_->mistake(key_position, path,
                                  "expected this key once, got it again after line " +
                                      std::to_string(first.first->second));
            continue;
        }
        // yaml-cpp puts "nothing" behind the next line break, and at line 0 when it is the end; the
        // key is what a reader looks for.
        const Position position =
            pair.second.IsNull() ? key_position : position_at(pair.second.Mark());
        found.push_back(Entry{key, key_position, child(pair.second, path, position)});
    }
    return found;
}

std::vector<Cursor> Cursor::items(std::string_view what, std::size_t least,
                                  std::size_t most) const {
    std::vector<Cursor> found;
    // yaml-cpp counts the members of a scalar as 0: `port_rules: 3` must not read as an empty list.
    if (!is_list()) {
        expected("a list of " + std::string(what));
        return found;
    }
    const std::size_t count = node_.size();
    if (count < least)
        expected("a list of " + std::to_string(least) + " to " + std::to_string(most) + " " +
                 std::string(what));
    for (std::size_t i = 0; i < count; ++i) {
        const YAML::Node item = node_[i];
        const std::string path = path_ + "[" + std::to_string(i) + "]";
        const Position position =
            item.IsNull() ? diagnostics_->position_of(path_) : position_at(item.Mark());
        Cursor cursor = child(item, path, position);
        if (i == most) {
            cursor.mistake("expected at most " + std::to_string(most) + " " + std::string(what) +
                           ", got " + std::to_string(count));
            break;
        }
        found.push_back(std::move(cursor));
    }
    return found;
}

bool Cursor::read_text(std::string& into, std::string_view what) const {
    if (!is_scalar() || scalar().empty() || is_to_fill_in()) {
        expected(what);
        return false;
    }
    into = scalar();
    return true;
}

void Cursor::read_flag(bool& into) const {
    const bool known = is_scalar() && (scalar() == "true" || scalar() == "false");
    if (!known) return expected("true or false");
    into = scalar() == "true";
}

bool Cursor::read_integer(std::uint64_t& into, std::uint64_t least, std::uint64_t most) const {
    std::uint64_t value = 0;
    const bool right =
        is_scalar() && read_decimal(scalar(), value) && value >= least && value <= most;
    if (right) {
        into = value;
    } else {
        expected("a whole number in " + std::to_string(least) + "-" + std::to_string(most));
    }
    return right;
}

void Cursor::read_duration(Duration& into, Duration least, Duration most) const {
    Duration value{};
    if (!read(value, &parse_duration, "a duration such as 100ms, 1.5s, 20m or 24h")) return;
    if (value < least || value > most)
        return expected("a duration from " + to_string(least) + " to " + to_string(most));
    into = value;
}

Mapping::Mapping(const Cursor& at, std::string_view what,
                 std::initializer_list<std::string_view> known)
    : at_(at) {
    for (Cursor::Entry& entry : at.entries(what)) {
        if (std::find(known.begin(), known.end(), entry.key) != known.end()) {
            entries_.push_back(std::move(entry));
            continue;
        }
        const std::vector<std::string_view> keys(known);
        const std::string_view meant = nearest(entry.key, keys);
        const std::string got = ", got " + in_quotes(entry.key);
        if (meant.empty()) {
            at.unknown_key(entry.key, entry.key_position,
                           "expected one of the keys " + one_of(keys) + got);
        } else {
            misspelt_.push_back(meant);
            at.unknown_key(
                entry.key, entry.key_position,
                "expected a known key" + got + " (did you mean \"" + std::string(meant) + "\"?)");
        }
    }
}

const Cursor* Mapping::find(std::string_view key) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const Cursor::Entry& entry) { return entry.key == key; });
    return found == entries_.end() ? nullptr : &found->value;
}

const Cursor* Mapping::require(std::string_view key, std::string_view what) const {
    const Cursor* found = find(key);
    const bool told = std::find(misspelt_.begin(), misspelt_.end(), key) != misspelt_.end();
    if (found == nullptr && at_.is_mapping() && !told) at_.missing_key(key, what);
    return found;
}

}  // namespace nlb::config
