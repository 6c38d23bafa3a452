// Every rule has a column, or none has: a table that shows some would look complete.
#include "cli/hosts_table.hpp"

#include <algorithm>

#include "cli/text_table.hpp"

namespace nlb::cli {
namespace {

std::vector<std::string> rules_in(const std::vector<HostReply>& replies) {
    std::vector<std::string> rules;
    for (const HostReply& one : replies)
        for (const Json& cluster : list_of(one.reply.json, "clusters"))
            for (const Json& rule : list_of(cluster, "rules"))
                if (const std::string name = text_of(rule, "name");
                    std::find(rules.begin(), rules.end(), name) == rules.end())
                    rules.push_back(name);
    return rules;
}

// Who should serve and does not is told in red.
Cell state_of(const Json& cluster) {
    const std::string state = text_of(cluster, "state", "?");
    if (!text_of(cluster, "serves_not_because").empty())
        return {state + ", SERVES NOBODY", Paint::bad};
    const bool stopped = state == "stopped" || state == "suspended";
    return {state, state == "converged" ? Paint::good : stopped ? Paint::bad : Paint::notice};
}

// Buckets of each of these rules that the host has; of none of them: the sum over all.
std::vector<Cell> owned_by(const Json& cluster, const std::vector<std::string>& rules) {
    std::vector<Cell> cells;
    std::int64_t sum = 0;
    for (const Json& rule : list_of(cluster, "rules")) sum += number_of(rule, "own");
    if (rules.empty()) cells.emplace_back(std::to_string(sum));
    for (const std::string& name : rules) {
        std::string own = "-";
        for (const Json& rule : list_of(cluster, "rules"))
            if (text_of(rule, "name") == name) own = std::to_string(number_of(rule, "own"));
        cells.emplace_back(own);
    }
    return cells;
}

TextTable table_with(const std::vector<HostReply>& replies, const std::vector<std::string>& rules) {
    std::vector<Column> columns{
        {"host"}, {"state"}, {"default"}, {"epoch", Align::right}, {"hears", Align::right}};
    if (rules.empty()) columns.push_back({"buckets", Align::right});
    for (const std::string& rule : rules) columns.push_back({rule, Align::right});
    TextTable table(std::move(columns));
    for (const HostReply& one : replies)
        for (const Json& cluster : list_of(one.reply.json, "clusters")) {
            std::vector<Cell> row{one.host, state_of(cluster),
                                  text_of(cluster, "default_host", "-"),
                                  std::to_string(number_of(member_of(cluster, "epoch"), "counter")),
                                  std::to_string(list_of(cluster, "members").size())};
            for (Cell& cell : owned_by(cluster, rules)) row.push_back(std::move(cell));
            table.add(std::move(row));
        }
    return table;
}

}  // namespace

std::string table_of_hosts(const std::vector<HostReply>& replies, bool colour, std::size_t width) {
    const TextTable wide = table_with(replies, rules_in(replies));
    if (width == 0 || wide.width() <= width) return wide.render(colour);
    return table_with(replies, {}).render(colour);
}

}  // namespace nlb::cli
