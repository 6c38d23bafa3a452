// Collecting and sorting; see diagnostics.hpp. What a mistake says is decided where it is found.
#include "config/diagnostics.hpp"

#include <algorithm>
#include <utility>

#include "config/format.hpp"

namespace nlb::config {
namespace {

// "clusters[0].hosts[1].id" -> "clusters[0].hosts[1]" -> "clusters[0].hosts" -> ...
std::string parent_of(const std::string& path) {
    const std::size_t cut = path.find_last_of(".[");
    return cut == std::string::npos ? std::string() : path.substr(0, cut);
}

// A key may hold anything that YAML can write; a line stays a line.
std::string shown(const std::string& path) {
    if (path.empty()) return "top level";
    const bool plain = std::all_of(path.begin(), path.end(), [](char c) {
        return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
    });
    return plain ? path : in_quotes(path);
}

}  // namespace

Diagnostics::Diagnostics(std::string file) : file_(std::move(file)) {}

void Diagnostics::place(const std::string& path, Position position) {
    places_.emplace(path, position);
}

Position Diagnostics::position_of(const std::string& path) const {
    for (std::string at = path;; at = parent_of(at)) {
        const auto found = places_.find(at);
        if (found != places_.end()) return found->second;
        if (at.empty()) return Position{};
    }
}

bool Diagnostics::holds(const std::string& path) const {
    return places_.count(path) != 0;
}

void Diagnostics::mistake(const std::string& path, const std::string& sentence) {
    mistake(position_of(path), path, sentence);
}

void Diagnostics::mistake(Position position, const std::string& path, const std::string& sentence) {
    if (mistakes_.size() < kMistakesMax) {
        mistakes_.push_back(Entry{position, path, sentence});
    } else {
        ++unlisted_;
    }
}

void Diagnostics::warning(const std::string& path, const std::string& sentence) {
    if (warnings_.size() < kMistakesMax)
        warnings_.push_back(Entry{position_of(path), path, sentence});
}

bool Diagnostics::broken(std::string_view path) const {
    return std::any_of(mistakes_.begin(), mistakes_.end(), [&](const Entry& entry) {
        const std::string_view other = entry.path;
        if (other.substr(0, path.size()) != path) return false;
        return other.size() == path.size() || other[path.size()] == '.' ||
               other[path.size()] == '[';
    });
}

std::string Diagnostics::line_of(const Entry& entry) const {
    const std::string where = file_ + ":" + std::to_string(entry.position.line) + ":" +
                              std::to_string(entry.position.column);
    return where + ": " + shown(entry.path) + ": " + entry.sentence;
}

std::vector<std::string> Diagnostics::lines_of(std::vector<Entry> entries) const {
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& one, const Entry& other) {
        return one.position < other.position;
    });
    std::vector<std::string> lines;
    for (const Entry& entry : entries) lines.push_back(line_of(entry));
    return lines;
}

std::string Diagnostics::mistakes() const {
    std::string text;
    for (const std::string& line : lines_of(mistakes_)) text += (text.empty() ? "" : "\n") + line;
    if (unlisted_ > 0)
        text += "\n" + file_ + ": and " + std::to_string(unlisted_) + " further mistakes";
    return text;
}

std::vector<std::string> Diagnostics::warnings() const {
    return lines_of(warnings_);
}

}  // namespace nlb::config
