// What one file says of one host in one cluster, before anything is believed: names and values as
// they stand, each with its place. Every reader gives these; interpret.hpp gives them a meaning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/windows/source_text.hpp"

namespace nlb::cli::windows {

inline constexpr std::size_t kReadingsMax = 256;     // hosts times clusters of one file
inline constexpr std::size_t kStatementsMax = 1000;  // of one reading
inline constexpr std::size_t kRuleStatementsMax = 64;

struct Statement {
    std::string name;
    std::string value;
    Place place;
};

struct AddressStatement {
    std::string address;
    std::string mask;  // empty: not said
    Place place;
};

struct RuleReading {
    std::vector<Statement> said;
    Place place;
};

struct Reading {
    Place place;  // where it begins
    std::vector<Statement> said;
    std::vector<AddressStatement> virtual_addresses;
    std::vector<AddressStatement> dedicated;
    std::vector<RuleReading> rules;
    bool rules_said = false;                // also when there are none
    std::optional<Place> rules_unreadable;  // they are there, in a form that is not public
};

// The first statement of that name, in any case of letters; nullptr: nothing says so.
[[nodiscard]] const Statement* find(const std::vector<Statement>& said, const char* name);

// Each refuses a file of another kind with a sentence at a place, or gives at least one reading.
// Requires: `text` came from decode_text().
// `nlb params`, `nlb display`, `wlbs display`: NAME = VALUE, and the table of port rules.
[[nodiscard]] std::vector<Reading> read_params(const SourceText& text, Mistakes& mistakes);
// What reg.exe and regedit export.
[[nodiscard]] std::vector<Reading> read_registry(const SourceText& text, Mistakes& mistakes);
// Sections of a setup answer file: [MS_WLBS parameters] of Windows Server 2003.
[[nodiscard]] std::vector<Reading> read_answer_text(const SourceText& text, Mistakes& mistakes);
// Export-Clixml of Get-NlbCluster*, and unattend.xml; `bytes` as they are in the file.
[[nodiscard]] std::vector<Reading> read_xml(std::string_view bytes, const std::string& file,
                                            Mistakes& mistakes);

// Any of them, by what the file looks like.
[[nodiscard]] std::vector<Reading> read_file(std::string_view bytes, const std::string& file,
                                             Mistakes& mistakes);

}  // namespace nlb::cli::windows
