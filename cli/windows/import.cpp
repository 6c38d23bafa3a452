#include "cli/windows/import.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "cli/windows/write_yaml.hpp"

namespace nlb::cli::windows {
namespace {

// Hosts of one cluster say most things alike.
std::vector<Change> each_once(const std::vector<Change>& changes) {
    std::set<std::tuple<std::string, std::string, std::string>> seen;
    std::vector<Change> once;
    for (const Change& change : changes)
        if (seen.emplace(change.parameter, change.windows, change.here).second)
            once.push_back(change);
    return once;
}

std::size_t count_of(const std::string& text, std::string_view words) {
    std::size_t count = 0;
    for (std::size_t at = text.find(words); at != std::string::npos;
         at = text.find(words, at + words.size()))
        ++count;
    return count;
}

}  // namespace

Result<Imported> import_files(const std::vector<NamedBytes>& files) {
    Findings findings;
    std::vector<ImportedHost> hosts;
    std::string made_by = "`nlb import` from";
    for (const NamedBytes& file : files) {
        made_by += " " + file.name;
        for (const Reading& reading : read_file(file.bytes, file.name, findings.mistakes))
            if (auto host = interpret(reading, findings)) hosts.push_back(std::move(*host));
    }
    if (findings.mistakes.any()) return Error{findings.mistakes.all()};
    const std::vector<MergedCluster> clusters = merge(hosts, findings);
    if (findings.mistakes.any()) return Error{findings.mistakes.all()};
    Imported imported;
    imported.yaml = yaml_of(clusters, made_by);
    imported.changes = each_once(findings.changes);
    imported.notes = findings.notes;
    // The first comment names the word once.
    imported.to_fill_in = count_of(imported.yaml, kToFillIn) - 1;
    return imported;
}

}  // namespace nlb::cli::windows
