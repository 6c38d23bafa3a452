// plan: reads the question, prints the answer of config/plan.hpp as tables and strips, or as the
// JSON of the contract.
#include <algorithm>
#include <fmt/format.h>

#include "cli/bucket_picture.hpp"
#include "cli/commands.hpp"
#include "cli/plan_view.hpp"
#include "cli/selection.hpp"
#include "cli/text_table.hpp"
#include "config/format.hpp"
#include "config/load.hpp"
#include "config/plan.hpp"

namespace nlb::cli {
namespace {

using config::Move;
using config::MovePlan;
using config::RulePlan;
using config::Situation;

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

// Connections of the host that answered, of rules of which it loses buckets; of others it is not
// told. Null: not known.
Json flows_of(const MapInUse& map, const MovePlan& plan) {
    if (!map.live) return nullptr;
    Json flows = Json::object();
    for (const RulePlan& rule : plan.rules) {
        const auto slot = config::slot_named(*map.cluster, rule.rule);
        const std::size_t had = count_of(rule.before, map.live->self);
        const auto loses = static_cast<std::size_t>(
            std::count_if(rule.moves.begin(), rule.moves.end(),
                          [&](const Move& move) { return move.from == map.live->self; }));
        if (!slot || loses == 0) continue;
        flows[rule.rule] = {{"host", map.live->host},
                            {"connections", map.live->connections[*slot]},
                            {"buckets_lost", loses},
                            {"buckets", had}};
    }
    return flows;
}

Json as_json(const MapInUse& map, const MovePlan& plan) {
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
    Json answer{{"map", map.word()},
                {"moves", moves},
                {"moved", moved},
                {"least", least},
                {"changed_hands", plan.changed_hands()},
                {"share_after", shares},
                {"flows", flows_of(map, plan)}};
    if (map.live) answer["epoch"] = map.live->epoch;
    return answer;
}

void show_flows(const MapInUse& map, const MovePlan& plan, Console& console) {
    const Json flows = flows_of(map, plan);
    if (!flows.is_object()) return;
    for (const auto& rule : flows.items())
        console.say(fmt::format(
            "{}: {} has {} open here, in all of its {}; {} of these change hands, and their open "
            "connections stay with {} until they end",
            rule.key(), map.live->host,
            counted(static_cast<std::size_t>(number_of(rule.value(), "connections")), "connection"),
            counted(static_cast<std::size_t>(number_of(rule.value(), "buckets")), "bucket"),
            number_of(rule.value(), "buckets_lost"), map.live->host));
    console.say("connections of other hosts are not told to this one");
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
    after.offers[host.value()->id - 1U] = {};
    return after;
}

// It offers what it states, if it is heard, else what the configuration gives it.
Result<Situation> joining(const MapInUse& map, const Situation& before, const std::string& name) {
    const auto host = choose_host(*before.cluster, name);
    if (!host) return Error{"--join: " + host.error().message};
    if (before.members.contains(host.value()->id))
        return Error{fmt::format(
            "--join: {} is among the members already; name those before it with --members",
            config::in_quotes(name))};
    Situation after = before;
    after.members.insert(host.value()->id);
    const LiveHost* const heard = map.live ? map.live->find(host.value()->id) : nullptr;
    after.offers[host.value()->id - 1U] = heard != nullptr && heard->stated
                                              ? heard->offers
                                              : config::offers_of(*before.cluster, *host.value());
    return after;
}

// Members stay members if the new configuration still has their id.
Result<Situation> reconfigured(const MapInUse& map, const Situation& before,
                               const config::Config& config) {
    const auto cluster =
        choose_cluster(config, config.clusters.size() == 1 ? "" : before.cluster->name);
    if (!cluster) return cluster.error();
    const HostSet members(before.members.bits() & all_hosts(*cluster.value()).bits());
    Situation after = config::ideal_situation(*cluster.value(), members);
    if (!map.live) return after;
    // Rules that a host has disabled or drains stay so, by name.
    for (const LiveHost& host : map.live->hosts)
        for (const RuleId slot : slots_of(*cluster.value())) {
            const auto former =
                config::slot_named(*map.cluster, name_of_rule(*cluster.value(), slot));
            const bool off = former && host.states[*former] != RuleState::enabled;
            if (off || host.state == "draining") after.offers[host.id - 1U][slot] = 0;
        }
    return after;
}

Situation situation_before(const MapInUse& map, HostSet members) {
    if (!map.live) return config::ideal_situation(*map.cluster, members);
    return {map.cluster, map.live->members, offers_in(*map.live)};
}

}  // namespace

Json plan_in_json(const MapInUse& map, const MovePlan& plan) {
    return as_json(map, plan);
}

void show_plan(const MapInUse& map, const MovePlan& plan, Console& console) {
    const auto hosts = hosts_of(plan);
    console.say(map.headline + '\n');
    show_counts(plan, hosts, console);
    show_pictures(plan, hosts, console);
    show_flows(map, plan, console);
}

std::string too_many_moves(const MovePlan& plan, std::uint64_t max_moves) {
    return fmt::format("{} would change hands, more than the {} allowed by --max-moves",
                       counted(plan.changed_hands(), "bucket"), max_moves);
}

Result<MovePlan> plan_of_new_configuration(const MapInUse& map, const config::Config& next) {
    const Situation before =
        situation_before(map, map.live ? map.live->members : all_hosts(*map.cluster));
    const auto after = reconfigured(map, before, next);
    if (!after) return after.error();
    return map.live ? make_plan(before, map.live->targets, after.value())
                    : make_plan(before, after.value());
}

namespace {

ExitCode answer(const MapInUse& map, const Situation& before, const Result<Situation>& after,
                const Options& options, Console& console) {
    if (!after) return console.fail_usage(after.error());
    const MovePlan plan = map.live ? make_plan(before, map.live->targets, after.value())
                                   : make_plan(before, after.value());
    const bool too_many = options.max_moves && plan.changed_hands() > *options.max_moves;
    const std::string refusal = too_many_moves(plan, options.max_moves.value_or(0));
    Json json = as_json(map, plan);
    json["ok"] = !too_many;
    json["return_value"] = static_cast<int>(too_many ? ReturnValue::refused : ReturnValue::ok);
    json["message"] = too_many ? refusal : "";
    console.answer(json);
    show_plan(map, plan, console);
    if (!too_many) return ExitCode::done;
    return console.json() ? ExitCode::refused
                          : console.fail(ExitCode::refused, ReturnValue::refused, refusal);
}

}  // namespace

ExitCode run_plan(const Options& options, Console& console) {
    const int questions =
        int{!options.leave.empty()} + int{!options.join.empty()} + int{!options.new_config.empty()};
    if (questions != 1)
        return console.fail_usage(
            Error{"expected one of --leave HOST, --join HOST and --new-config FILE"});
    MapInUse map;
    if (const auto code = choose_map(options, console, false, map)) return *code;
    auto members = choose_members(*map.cluster, options.members);
    if (!members) return console.fail_usage(members.error());
    if (!options.join.empty() && options.members.empty()) {  // all but the one that comes
        if (const config::Host* host = find_host(*map.cluster, options.join))
            members.value().erase(host->id);
    }
    const Situation before = situation_before(map, members.value());
    if (!options.leave.empty())
        return answer(map, before, leaving(before, options.leave), options, console);
    if (!options.join.empty())
        return answer(map, before, joining(map, before, options.join), options, console);
    const auto next = config::load_file(options.new_config);
    if (!next) return console.fail_configuration(next.error());
    return answer(map, before, reconfigured(map, before, next.value().config), options, console);
}

}  // namespace nlb::cli
