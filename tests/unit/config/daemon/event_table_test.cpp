// docs/events.md says what the table says, and NLB's numbers keep NLB's meanings.
#include "config/event_table.hpp"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <set>

#include "config/daemon/event_line.hpp"

namespace nlb::daemon {
namespace {

using config::EventKind;
using config::EventSource;
using config::kEvents;
using config::kUnusedNumbers;
using config::UnusedNumber;

constexpr std::array<std::string_view, 3> kLevels = {"info", "warning", "error"};

std::string cell(std::string_view text) {
    return std::string(text) + " | ";
}

std::string row(const EventKind& kind) {
    std::string line = "| ";
    line += cell(kind.number == 0 ? "-" : std::to_string(kind.number));
    line += cell("`" + std::string(kind.name) + "`");
    line += cell(kLevels[static_cast<std::size_t>(kind.level)]);
    return line + cell(kind.means) + std::string(kind.todo) + " |\n";
}

std::string table_of(EventSource source) {
    std::string text = "| NLB | name | level | means | do |\n|---|---|---|---|---|\n";
    for (const EventKind& kind : kEvents)
        if (kind.source == source) text += row(kind);
    return text;
}

std::string table_of_unused() {
    std::string text = "| NLB | what | why not here |\n|---|---|---|\n";
    for (const UnusedNumber& one : kUnusedNumbers)
        text += "| " + cell(one.numbers) + cell(one.what) + std::string(one.why) + " |\n";
    return text;
}

std::string document() {
    std::ifstream file(NLB_SOURCE_ROOT "/docs/events.md");
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(EventTable, TheDocumentIsTheTable) {
    const std::string text = document();
    ASSERT_FALSE(text.empty());
    for (const std::string& table :
         {table_of(EventSource::controlplane), table_of(EventSource::dataplane), table_of_unused()})
        EXPECT_NE(text.find(table + "\n"), std::string::npos)
            << "docs/events.md lacks this table as it is here:\n"
            << table;
}

TEST(EventTable, EachNumberOfNlbIsAnEventOrHasAReason) {
    constexpr std::array kNumbers{4,  5,  6,  9,  18, 20, 23, 24, 25,  26,  28,  29,  36, 38,
                                  39, 41, 42, 43, 44, 45, 50, 53, 60,  61,  67,  68,  69, 73,
                                  74, 76, 77, 78, 85, 86, 89, 90, 105, 106, 110, 114, 118};
    for (const int number : kNumbers) {
        const bool told =
            std::any_of(kEvents.begin(), kEvents.end(),
                        [number](const EventKind& kind) { return kind.number == number; });
        const std::string word = std::to_string(number);
        const bool reasoned =
            std::any_of(kUnusedNumbers.begin(), kUnusedNumbers.end(), [&](const UnusedNumber& one) {
                const std::string list = ", " + std::string(one.numbers) + ",";
                return list.find(", " + word + ",") != std::string::npos;
            });
        EXPECT_NE(told, reasoned) << number;
    }
}

// A name may stand for several kinds that differ in NLB's number; whoever searches by name and
// level finds them all.
TEST(EventTable, KindsOfOneNameHaveOneLevelAndDifferInTheirNumber) {
    std::map<std::pair<EventSource, std::string_view>, std::set<int>> numbers;
    std::map<std::pair<EventSource, std::string_view>, config::EventLevel> levels;
    for (const EventKind& kind : kEvents) {
        const std::pair key{kind.source, kind.name};
        EXPECT_TRUE(numbers[key].insert(kind.number).second) << kind.name;
        EXPECT_EQ(levels.emplace(key, kind.level).first->second, kind.level) << kind.name;
        EXPECT_FALSE(kind.means.empty() || kind.todo.empty()) << kind.name;
    }
}

TEST(EventTable, ALineBearsTheNumberAndWhatToDo) {
    EXPECT_EQ(fields_of(EventId::started, {{"host", "edge1"}}),
              (Fields{{"event", "5"}, {"host", "edge1"}}));
    const Fields down = fields_of(EventId::link_down, {});
    ASSERT_EQ(down.size(), 1U);
    EXPECT_EQ(down.front().first, "do");
}

}  // namespace
}  // namespace nlb::daemon
