// Which kind of file it is: XML begins with "<", an export of the registry with its title, a setup
// answer file has sections; all else is taken for the output of a command.
#include <algorithm>

#include "cli/windows/reading.hpp"

namespace nlb::cli::windows {
namespace {

std::string_view first_words(const SourceText& text) {
    for (const std::string& line : text.lines)
        if (!trimmed(line).empty()) return trimmed(line);
    return {};
}

bool has_sections(const SourceText& text) {
    return std::any_of(text.lines.begin(), text.lines.end(), [](const std::string& line) {
        const std::string_view words = trimmed(line);
        return words.size() > 2 && words.front() == '[' && words.back() == ']';
    });
}

}  // namespace

const Statement* find(const std::vector<Statement>& said, const char* name) {
    const auto found = std::find_if(said.begin(), said.end(), [name](const Statement& statement) {
        return same_name(statement.name, name);
    });
    return found == said.end() ? nullptr : &*found;
}

std::vector<Reading> read_file(std::string_view bytes, const std::string& file,
                               Mistakes& mistakes) {
    const auto text = decode_text(bytes, file);
    if (!text) {
        mistakes.add_sentence(text.error().message);
        return {};
    }
    const std::string_view begin = first_words(text.value());
    if (!begin.empty() && begin.front() == '<') return read_xml(bytes, file, mistakes);
    if (begin.rfind("Windows Registry Editor", 0) == 0 || begin == "REGEDIT4")
        return read_registry(text.value(), mistakes);
    std::vector<Reading> readings = has_sections(text.value())
                                        ? read_answer_text(text.value(), mistakes)
                                        : read_params(text.value(), mistakes);
    if (readings.empty() && !mistakes.any())
        mistakes.add({file, 1},
                     "expected the output of `nlb params` or `nlb display`, an exported registry "
                     "key, Export-Clixml of Get-NlbCluster*, or a setup answer file; got no "
                     "parameter of Windows NLB");
    return readings;
}

}  // namespace nlb::cli::windows
