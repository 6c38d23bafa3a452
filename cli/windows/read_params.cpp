// The output of NLB's own commands. Names of parameters are the registry's and are not translated;
// titles, words and code pages are, so that only the shape of lines is relied upon: NAME = VALUE,
// a row of dashes over the table of port rules, and in `display` the adapters as ipconfig has them.
#include <algorithm>
#include <fmt/format.h>

#include "cli/windows/reading.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

constexpr std::size_t kColumnsMin = 7;  // without VIP: Windows 2000
constexpr std::size_t kColumnsMax = 9;  // with a time-out of extended affinity
constexpr const char* kColumns[kColumnsMax] = {"VirtualIPAddress", "StartPort", "EndPort",
                                               "Protocol",         "Mode",      "Priority",
                                               "LoadWeight",       "Affinity",  "Timeout"};

struct Span {
    std::size_t first = 0;
    std::size_t end = 0;
};

bool is_parameter_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

// "--------------- ----- ----- ---- -------- --- ---- --------"; empty: another line.
std::vector<Span> columns_of(std::string_view line) {
    std::vector<Span> columns;
    if (line.find_first_not_of("- \t") != std::string_view::npos) return columns;
    for (std::size_t at = line.find('-'); at != std::string_view::npos;) {
        const std::size_t end = std::min(line.find_first_not_of('-', at), line.size());
        columns.push_back({at, end});
        at = line.find('-', end);
    }
    if (columns.size() < kColumnsMin || columns.size() > kColumnsMax) columns.clear();
    return columns;
}

// The cells under the dashes; nothing when a word crosses the gap between two columns.
std::vector<std::string> cells_by_place(std::string_view line, const std::vector<Span>& columns) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const bool last = i + 1 == columns.size();
        const std::size_t first = std::min(columns[i].first, line.size());
        const std::size_t end = last ? line.size() : std::min(columns[i].end, line.size());
        if (!last && end < line.size() && line[end] != ' ' && line[end] != '\t') return {};
        cells.emplace_back(trimmed(line.substr(first, end - first)));
    }
    return cells;
}

// A long IPv6 address moves what follows it: then blanks part the cells, and the rule's mode says
// which of them are there.
std::vector<std::string> cells_by_blanks(std::string_view line, std::size_t count) {
    std::vector<std::string> cells;
    for (const std::string_view word : words_in(line)) cells.emplace_back(word);
    const std::size_t fixed = count == kColumnsMin ? 4 : 5;  // up to the mode
    if (cells.size() == fixed + 1)
        cells.resize(count);  // only a handling priority
    else if (cells.size() > fixed + 1)
        cells.insert(cells.begin() + fixed, "");
    cells.resize(std::max(cells.size(), count));
    return cells.size() == count ? cells : std::vector<std::string>{};
}

class ParamsReader {
public:
    ParamsReader(const SourceText& text, Mistakes& mistakes) : text_(text), mistakes_(mistakes) {}

    std::vector<Reading> read() {
        for (at_ = 0; at_ < text_.lines.size() && readings_.size() < kReadingsMax; ++at_)
            take_line(text_.lines[at_]);
        finish();
        return std::move(readings_);
    }

private:
    void take_line(const std::string& line) {
        const std::size_t sign = line.find('=');
        if (sign != std::string::npos && is_parameter_name(trimmed(line.substr(0, sign))))
            return take_statement(trimmed(line.substr(0, sign)), trimmed(line.substr(sign + 1)));
        if (folded(line).rfind("portrules", 0) == 0) return expect_rules(line);
        const std::vector<Span> columns = columns_of(line);
        if (!columns.empty() && !current_.said.empty()) return take_rules(columns);
        if (is_cluster_title(line)) finish();
        take_adapter_line(line);
    }

    // "Cluster 192.0.2.80": the next cluster of this host.
    static bool is_cluster_title(const std::string& line) {
        const auto words = words_in(line);
        return words.size() == 2 && folded(words[0]) == "cluster" &&
               config::parse_ip(words[1]).ok();
    }

    void take_statement(std::string_view name, std::string_view value) {
        const Statement* known = find(current_.said, std::string(name).c_str());
        if (known != nullptr && known->value == value) return;
        if (known != nullptr) finish();  // the same name with another value: another cluster
        if (current_.said.empty()) current_.place = text_.at(at_);
        if (current_.said.size() == kStatementsMax) return;
        current_.said.push_back({std::string(name), std::string(value), text_.at(at_)});
    }

    // "PortRules (3):"
    void expect_rules(const std::string& line) {
        current_.rules_said = true;
        const std::size_t open = line.find('(');
        const std::size_t close = line.find(')', std::min(open, line.size()));
        std::uint64_t count = 0;
        if (close != std::string::npos &&
            config::read_decimal(line.substr(open + 1, close - open - 1), count))
            rules_expected_ = {count, text_.at(at_)};
    }

    void take_rules(const std::vector<Span>& columns) {
        current_.rules_said = true;
        while (at_ + 1 < text_.lines.size() && !trimmed(text_.lines[at_ + 1]).empty()) {
            const std::string& line = text_.lines[++at_];
            std::vector<std::string> cells = cells_by_place(line, columns);
            if (cells.empty()) cells = cells_by_blanks(line, columns.size());
            if (cells.empty() || current_.rules.size() == kRuleStatementsMax) {
                mistakes_.add(text_.at(at_), "expected a port rule under the columns, got " +
                                                 config::in_quotes(trimmed(line)));
                return;
            }
            add_rule(cells);
        }
    }

    void add_rule(const std::vector<std::string>& cells) {
        RuleReading rule{{}, text_.at(at_)};
        const std::size_t skipped = cells.size() == kColumnsMin ? 1 : 0;
        for (std::size_t i = 0; i < cells.size(); ++i)
            if (!cells[i].empty())
                rule.said.push_back({kColumns[i + skipped], cells[i], text_.at(at_)});
        current_.rules.push_back(std::move(rule));
    }

    // `display` ends with what ipconfig says. Every address of the adapter that has the cluster's
    // is balanced but for the dedicated ones; interpretation takes them apart.
    void take_adapter_line(const std::string& line) {
        if (trimmed(line).empty()) return;
        const std::size_t colon = line.find(" : ");
        if (line.front() != ' ' && line.front() != '\t') return close_adapter();
        if (colon == std::string::npos) return;
        const std::string_view label = std::string_view(line).substr(0, colon);
        std::string_view value = trimmed(std::string_view(line).substr(colon + 3));
        value = value.substr(0, value.find_first_of("(%"));
        const bool address = config::parse_ip(value).ok();
        if (address && label.find("IP") != std::string_view::npos && adapter_.size() < 64)
            adapter_.push_back({std::string(value), "", text_.at(at_)});
        else if (address && folded(label).find("mas") != std::string::npos && !adapter_.empty())
            adapter_.back().mask = value;  // Subnet Mask, Subnetzmaske, Masque de sous-réseau
    }

    void close_adapter() {
        const Statement* cluster = find(current_.said, "ClusterIPAddress");
        const bool ours = cluster != nullptr &&
                          std::any_of(adapter_.begin(), adapter_.end(),
                                      [&](const auto& a) { return a.address == cluster->value; });
        if (ours) current_.virtual_addresses = adapter_;
        adapter_.clear();
    }

    void finish() {
        close_adapter();
        if (rules_expected_.first != current_.rules.size() && !rules_expected_.second.file.empty())
            mistakes_.add(rules_expected_.second,
                          fmt::format("expected {} port rules, got {}: is the text whole?",
                                      rules_expected_.first, current_.rules.size()));
        rules_expected_ = {};
        if (find(current_.said, "ClusterIPAddress") != nullptr)
            readings_.push_back(std::move(current_));
        current_ = {};
    }

    const SourceText& text_;
    Mistakes& mistakes_;
    std::size_t at_ = 0;
    Reading current_;
    std::vector<AddressStatement> adapter_;
    std::pair<std::uint64_t, Place> rules_expected_{};
    std::vector<Reading> readings_;
};

}  // namespace

std::vector<Reading> read_params(const SourceText& text, Mistakes& mistakes) {
    return ParamsReader(text, mistakes).read();
}

}  // namespace nlb::cli::windows
