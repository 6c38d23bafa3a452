// plan: reads the question, prints plan.hpp's answer as tables and strips, or as the JSON of the
// contract.
#include <algorithm>
#include <fmt/format.h>

#include "cli/bucket_picture.hpp"
#include "cli/commands.hpp"
#include "cli/plan.hpp"
#include "cli/selection.hpp"
#include "cli/text_table.hpp"
#include "config/format.hpp"
#include "config/load.hpp"

namespace nlb::cli {
namespace {

std::size_t count_of(const BucketOwners& owners, HostId id) {
    return static_cast<std::size_t>(std::count(owners.begin(), owners.end(), id));
}

// Hosts of both situations, by id; the later name wins.
std::vector<LegendEntry> hosts_of(const MovePlan& plan) {
    std::vector<LegendEntry> hosts;
    const HostSet all(plan.before.members.bits() | plan.after.members.bits());
    for (std::size_t id = 1; id <= kHostsMax; ++id) {
        const auto host = static_cast<HostId>(id);
        if (!all.contains(host)) continue;
        const Situation& known = plan.after.members.contains(host) ? plan.after : plan.before;
        hosts.push_back({host, name_of_host(*known.cluster, host)});
    }
    return hosts;
}

Json name_or_null(const std::vector<LegendEntry>& hosts, HostId id) {
    for (const LegendEntry& host : hosts)
        if (host.id == id) return host.name;
    return nullptr;
}

Json as_json(const MovePlan& plan) {
    const auto hosts = hosts_of(plan);
    Json moves = Json::array(), moved = Json::object(), least = Json::object(),
         shares = Json::object();
    for (const RulePlan& rule : plan.rules) {
        for (const Move& move : rule.moves)
            moves.push_back({{"rule", rule.rule},
                             {"bucket", move.bucket},
                             {"from", name_or_null(hosts, move.from)},
                             {"to", name_or_null(hosts, move.to)}});
        moved[rule.rule] = rule.moves.size();
        least[rule.rule] = rule.least;
        Json share = Json::object();
        for (const LegendEntry& host : hosts)
            if (plan.after.members.contains(host.id))
                share[host.name] = static_cast<double>(count_of(rule.after, host.id)) /
                                   static_cast<double>(kBuckets);
        shares[rule.rule] = share;
    }
    return {{"moves", moves}, {"moved", moved}, {"least", least}, {"share_after", shares}};
}

void show_counts(const MovePlan& plan, const std::vector<LegendEntry>& hosts, Console& console) {
    std::vector<Column> columns{{"rule"}, {"moved", Align::right}, {"least", Align::right}};
    for (const LegendEntry& host : hosts) columns.push_back({host.name, Align::right});
    TextTable table(columns);
    for (const RulePlan& rule : plan.rules) {
        std::vector<Cell> row{rule.rule,
                              std::to_string(rule.moves.size()),
                              {std::to_string(rule.least),
                               rule.least == rule.moves.size() ? Paint::good : Paint::bad}};
        for (const LegendEntry& host : hosts)
            row.emplace_back(fmt::format("{} > {}", count_of(rule.before, host.id),
                                         count_of(rule.after, host.id)));
        table.add(std::move(row));
    }
    console.say(table.render(console.colour()));
}

void show_pictures(const MovePlan& plan, const std::vector<LegendEntry>& hosts, Console& console) {
    for (const RulePlan& rule : plan.rules) {
        std::string changed;
        for (std::size_t b = 0; b < kBuckets; ++b)
            changed += rule.before[b] == rule.after[b] ? ' ' : '^';
        console.say(fmt::format("\n{}", painted(rule.rule, Paint::bold, console.colour())));
        console.say(fmt::format("  before  {}  {}", bucket_strip(rule.before, console.colour()),
                                bucket_legend(rule.before, hosts, console.colour())));
        console.say(fmt::format("  after   {}  {}", bucket_strip(rule.after, console.colour()),
                                bucket_legend(rule.after, hosts, console.colour())));
        if (!rule.moves.empty())
            console.say("          " + changed.substr(0, changed.find_last_of('^') + 1));
    }
}

Result<Situation> leaving(const Situation& before, const std::string& name) {
    const auto host = choose_host(*before.cluster, name);
    if (!host) return Error{"--leave: " + host.error().message};
    if (!before.members.contains(host.value()->id))
        return Error{fmt::format("--leave: {} is not among the members", config::in_quotes(name))};
    Situation after = before;
    after.members.erase(host.value()->id);
    return after;
}

Result<Situation> joining(const Situation& before, const std::string& name) {
    const auto host = choose_host(*before.cluster, name);
    if (!host) return Error{"--join: " + host.error().message};
    if (before.members.contains(host.value()->id))
        return Error{fmt::format(
            "--join: {} is among the members already; name those before it with --members",
            config::in_quotes(name))};
    Situation after = before;
    after.members.insert(host.value()->id);
    return after;
}

// Members stay members if the new configuration still has their id.
Result<Situation> reconfigured(const Situation& before, const config::Config& config) {
    const auto cluster =
        choose_cluster(config, config.clusters.size() == 1 ? "" : before.cluster->name);
    if (!cluster) return cluster.error();
    return Situation{cluster.value(),
                     HostSet(before.members.bits() & all_hosts(*cluster.value()).bits())};
}

ExitCode answer(const Situation& before, const Result<Situation>& after, Console& console) {
    if (!after) return console.fail_usage(after.error());
    const MovePlan plan = make_plan(before, after.value());
    console.answer(as_json(plan));
    const auto hosts = hosts_of(plan);
    show_counts(plan, hosts, console);
    show_pictures(plan, hosts, console);
    return ExitCode::done;
}

}  // namespace

ExitCode run_plan(const Options& options, Console& console) {
    const int questions =
        int{!options.leave.empty()} + int{!options.join.empty()} + int{!options.new_config.empty()};
    if (questions != 1)
        return console.fail_usage(
            Error{"expected one of --leave HOST, --join HOST and --new-config FILE"});
    const auto loaded = config::load_file(options.config);
    if (!loaded) return console.fail_configuration(loaded.error());
    const auto cluster = choose_cluster(loaded.value().config, options.cluster);
    if (!cluster) return console.fail_usage(cluster.error());
    auto members = choose_members(*cluster.value(), options.members);
    if (!members) return console.fail_usage(members.error());
    if (!options.join.empty() && options.members.empty()) {  // all but the one that comes
        if (const config::Host* host = find_host(*cluster.value(), options.join))
            members.value().erase(host->id);
    }
    const Situation before{cluster.value(), members.value()};
    if (!options.leave.empty()) return answer(before, leaving(before, options.leave), console);
    if (!options.join.empty()) return answer(before, joining(before, options.join), console);
    const auto next = config::load_file(options.new_config);
    if (!next) return console.fail_configuration(next.error());
    return answer(before, reconfigured(before, next.value().config), console);
}

}  // namespace nlb::cli
