// docs/doctor.md says what the table of findings says.
#include "config/finding_table.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>

namespace nlb::config {
namespace {

std::string table_of(FindingArea area) {
    std::string text = "| id | severity | means | mends it |\n|---|---|---|---|\n";
    for (const FindingKind& kind : kFindings)
        if (kind.area == area)
            text += "| `" + std::string(kind.name) + "` | " +
                    std::string(kSeverityNames[static_cast<std::size_t>(kind.severity)]) + " | " +
                    std::string(kind.means) + " | " + std::string(kind.remedy) + " |\n";
    return text;
}

TEST(FindingTable, TheDocumentIsTheTable) {
    std::ifstream file(NLB_SOURCE_ROOT "/docs/doctor.md");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (const FindingArea area : {FindingArea::files, FindingArea::machine, FindingArea::ports,
                                   FindingArea::inside, FindingArea::cluster})
        EXPECT_NE((text + "\n").find(table_of(area) + "\n"), std::string::npos)
            << "docs/doctor.md lacks this table as it is here:\n"
            << table_of(area);
}

TEST(FindingTable, EachNameIsFoundOnceAndWhatIsBadHasARemedy) {
    std::set<std::string_view> names;
    for (const FindingKind& kind : kFindings) {
        EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
        EXPECT_EQ(finding_named(kind.name), kind.id);
        EXPECT_EQ(&kind_of(kind.id), &kind);
        EXPECT_FALSE(kind.means.empty() || kind.remedy.empty()) << kind.name;
        if (kind.severity != Severity::ok) {
            EXPECT_NE(kind.remedy, "nothing") << kind.name;
        }
    }
    EXPECT_FALSE(finding_named("nothing_such"));
}

}  // namespace
}  // namespace nlb::config
