#include "cli/doctor/findings_view.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/text_table.hpp"

namespace nlb::cli {
namespace {

using config::Finding;
using config::Severity;

Severity severity_of(const Finding& finding) {
    return config::kind_of(finding.id).severity;
}

Cell mark_of(Severity severity) {
    switch (severity) {
        case Severity::error:
            return {"✘", Paint::bad};
        case Severity::warning:
            return {"!", Paint::notice};
        case Severity::ok:
            break;
    }
    return {"✔", Paint::good};
}

// Subjects in the order in which they were first looked at; of each the worst first.
config::Findings in_order(const config::Findings& findings) {
    std::vector<std::string> subjects;
    for (const Finding& finding : findings)
        if (std::find(subjects.begin(), subjects.end(), finding.subject) == subjects.end())
            subjects.push_back(finding.subject);
    const auto place = [&](const Finding& finding) {
        return std::pair{std::find(subjects.begin(), subjects.end(), finding.subject),
                         severity_of(finding)};
    };
    config::Findings sorted = findings;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const Finding& a, const Finding& b) { return place(a) < place(b); });
    return sorted;
}

}  // namespace

FindingCounts count(const config::Findings& findings) {
    FindingCounts counts;
    for (const Finding& finding : findings) {
        counts.errors += severity_of(finding) == Severity::error ? 1 : 0;
        counts.warnings += severity_of(finding) == Severity::warning ? 1 : 0;
    }
    return counts;
}

std::string verdict_of(const FindingCounts& counts) {
    const std::string numbers =
        fmt::format("{}, {}", counted(counts.errors, "error"), counted(counts.warnings, "warning"));
    return numbers + (counts.errors != 0 ? ": something will not work" : ": everything will work");
}

std::string view_of_findings(const config::Findings& findings, bool colour) {
    TextTable table({{""}, {"about"}, {"finding"}});
    std::string last;
    for (const Finding& finding : in_order(findings)) {
        const std::string about = finding.subject == last ? "" : finding.subject;
        last = finding.subject;
        table.add({mark_of(severity_of(finding)), about,
                   fmt::format("{} ({})", finding.says, config::kind_of(finding.id).name)});
        if (!finding.mend.empty()) table.add({"", "", {"  mend: " + finding.mend, Paint::bold}});
    }
    return table.render(colour);
}

Json json_of_findings(const config::Findings& findings) {
    Json list = Json::array();
    for (const Finding& finding : in_order(findings))
        list.push_back(
            {{"id", config::kind_of(finding.id).name},
             {"severity", config::kSeverityNames[static_cast<std::size_t>(severity_of(finding))]},
             {"subject", finding.subject},
             {"says", finding.says},
             {"mend", finding.mend}});
    return list;
}

}  // namespace nlb::cli
