// Setup answer files of Windows Server 2003 (unattend.txt, sysprep.inf): a section with a cluster's
// address is a reading; [UserData] names the computer. Other sections are passed over.
#include <algorithm>

#include "cli/windows/reading.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

struct Section {
    std::vector<Statement> said;
    Place place;
};

std::string_view without_quotes(std::string_view value) {
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        return value.substr(1, value.size() - 2);
    return value;
}

std::vector<Section> sections_of(const SourceText& text) {
    std::vector<Section> sections;
    for (std::size_t at = 0; at < text.lines.size(); ++at) {
        const std::string_view line = trimmed(text.lines[at]);
        if (line.empty() || line.front() == ';' || line.front() == '#') continue;
        if (line.front() == '[' && line.back() == ']') {
            if (sections.size() == kReadingsMax) break;
            sections.push_back({{}, text.at(at)});
            continue;
        }
        const std::size_t sign = line.find('=');
        if (sign == std::string_view::npos || sections.empty() ||
            sections.back().said.size() == kStatementsMax)
            continue;
        const std::string_view value = without_quotes(trimmed(line.substr(sign + 1)));
        sections.back().said.push_back(
            {std::string(trimmed(line.substr(0, sign))), std::string(value), text.at(at)});
    }
    return sections;
}

}  // namespace

std::vector<Reading> read_answer_text(const SourceText& text, Mistakes& mistakes) {
    std::vector<Reading> readings;
    std::optional<Statement> computer;
    for (Section& section : sections_of(text)) {
        if (const Statement* name = find(section.said, "ComputerName"))
            if (name->value != "*") computer = Statement{"HostName", name->value, name->place};
        if (find(section.said, "ClusterIPAddress") == nullptr) continue;
        Reading reading;
        reading.place = section.place;
        if (const Statement* rules = find(section.said, "PortRules"))
            reading.rules_unreadable = rules->place;
        reading.said = std::move(section.said);
        readings.push_back(std::move(reading));
    }
    if (readings.empty() && !mistakes.any())
        mistakes.add({text.file, 1},
                     "expected a section [MS_WLBS parameters] with a ClusterIPAddress, got none");
    if (computer)
        for (Reading& reading : readings) reading.said.push_back(*computer);
    return readings;
}

}  // namespace nlb::cli::windows
