// Tables and strips from JSON. Host ids out of range count as nobody; names are stripped of control
// characters on reading.
#include "cli/cluster_view.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/exit_code.hpp"
#include "cli/text_table.hpp"

namespace nlb::cli {
namespace {

// more rules than fit beside the members appear in the legends only
constexpr std::size_t kRuleColumnsMax = 6;

Paint paint_of(const std::string& state) {
    if (state == "converged" || state == "enabled") return Paint::good;
    if (state == "stopped" || state == "suspended" || state == "disabled") return Paint::bad;
    return Paint::notice;
}

std::vector<LegendEntry> hosts_in(const Json& cluster) {
    std::vector<LegendEntry> hosts;
    for (const Json& member : list_of(cluster, "members")) {
        const auto id = number_of(member, "id");
        if (id >= 1 && id <= static_cast<std::int64_t>(kHostsMax))
            hosts.push_back({static_cast<HostId>(id), text_of(member, "name", "?")});
    }
    return hosts;
}

std::string name_of(const std::vector<LegendEntry>& hosts, std::int64_t id) {
    for (const LegendEntry& host : hosts)
        if (host.id == id) return host.name;
    return fmt::format("host {}", id);
}

std::string facts_of(const Json& cluster, bool colour) {
    const Json& epoch = member_of(cluster, "epoch");
    std::string facts = fmt::format("address {}, default host {}", text_of(cluster, "address", "?"),
                                    text_of(cluster, "default_host", "none"));
    if (number_of(epoch, "counter") != 0)
        facts += fmt::format(", epoch {} of {}", number_of(epoch, "counter"),
                             name_of(hosts_in(cluster), number_of(epoch, "coordinator")));
    else
        facts += ", no epoch yet";
    facts += fmt::format(", generation {}", number_of(cluster, "generation"));
    const auto fence = number_of(cluster, "fence_remaining_ms");
    const bool serves = return_value_of(cluster) != static_cast<int>(ReturnValue::stopped) &&
                        return_value_of(cluster) != static_cast<int>(ReturnValue::suspended);
    if (fence > 0) facts += fmt::format(", fence in {} ms", fence);
    if (fence <= 0 && serves)
        facts += ", " + painted("FENCED: answers for no virtual address", Paint::bad, colour);
    facts += fmt::format("\ndataplane {}, link {}, configuration {}",
                         text_of(cluster, "dataplane", "unknown"),
                         flag_of(cluster, "link_up") ? "up" : painted("DOWN", Paint::bad, colour),
                         text_of(cluster, "config_digest", "?"));
    if (const std::string file = text_of(cluster, "file"); !file.empty()) facts += " of " + file;
    return facts;
}

std::string converging_line(const Json& cluster, bool colour) {
    const std::string because = text_of(cluster, "converging_because");
    if (because.empty()) return "";
    const std::string host = text_of(cluster, "converging_host");
    return '\n' + painted("converging because " + because + (host.empty() ? "" : " (" + host + ")"),
                          Paint::notice, colour);
}

std::string joined_names(const Json& object, const char* list) {
    std::string names;
    for (const Json& name : list_of(object, list))
        if (name.is_string()) names += (names.empty() ? "" : ", ") + name.get<std::string>();
    return names;
}

// Which of the two holds what, the first difference, and what mends it where that is known.
std::vector<std::string> mismatch_notices(const Json& cluster, const Json& mismatch) {
    const std::string host = text_of(mismatch, "host", "?");
    const std::string older = text_of(mismatch, "older");
    std::string said = host + " has another configuration";
    if (!older.empty())
        said = fmt::format("{} holds {} configuration, generation {} ({} here)", host,
                           older == host ? "an older" : "a newer",
                           number_of(mismatch, "generation"), number_of(cluster, "generation"));
    std::vector<std::string> notices{
        member_of(mismatch, "path").is_string()
            ? fmt::format("{}: {} is {} here and {} there", said, text_of(mismatch, "path"),
                          text_of(mismatch, "here"), text_of(mismatch, "there"))
            : said + "; its lines have not arrived yet"};
    if (const std::string mend = text_of(mismatch, "mend"); !mend.empty())
        notices.push_back("they do not serve together until it is mended: " + mend);
    return notices;
}

// What an operator has to act on: a reload that waits, hosts that read something else, a port
// through which nothing comes.
std::string notices_of(const Json& cluster, bool colour) {
    std::vector<std::string> notices;
    if (flag_of(cluster, "deaf"))
        notices.push_back(
            "DEAF: no frame of any kind arrives on the outside port; this host serves nobody until "
            "one does");
    if (const Json& stranger = member_of(cluster, "stranger"); stranger.is_object()) {
        const std::string mac = text_of(stranger, "mac");
        notices.push_back(text_of(stranger, "because", "somebody else serves") +
                          (mac.empty() ? "" : " (" + mac + ")"));
        if (number_of(stranger, "waited_ms") > 0)
            notices.push_back(fmt::format("this host has waited {} ms; nlb start --alone ends that",
                                          number_of(stranger, "waited_ms")));
    }
    // A host that serves nobody for it has said so in its first line.
    const Json& inside = member_of(cluster, "inside");
    if (const std::string problem = text_of(inside, "problem");
        !problem.empty() && flag_of(inside, "ready"))
        notices.push_back("inside: " + problem);
    const Json& version = member_of(cluster, "frame_version");
    if (const std::string names = joined_names(version, "behind"); !names.empty())
        notices.push_back(fmt::format(
            "hosts of several builds: the cluster goes by frames of version {} for the sake of {}",
            number_of(version, "spoken"), names));
    const Json& reload = member_of(cluster, "reload");
    if (reload.is_object()) {
        const std::string names = joined_names(reload, "waits_for");
        notices.push_back(fmt::format(
            "reload: configuration {} is held here, {}", text_of(reload, "held_digest", "?"),
            names.empty() ? "and by every member" : "and waits for: " + names));
    }
    for (const Json& mismatch : list_of(cluster, "config_mismatches"))
        for (std::string& notice : mismatch_notices(cluster, mismatch))
            notices.push_back(std::move(notice));
    std::string text;
    for (const std::string& notice : notices) text += '\n' + painted(notice, Paint::notice, colour);
    return text;
}

std::string heard(const Json& member, bool self) {
    if (self) return "itself";
    return member_of(member, "heard_ms").is_number()
               ? fmt::format("{} ms ago", number_of(member, "heard_ms"))
               : "-";
}

// With a column for each rule, or with the sum of all.
TextTable table_of_members(const Json& cluster, bool wide) {
    const Json& rules = list_of(cluster, "rules");
    std::vector<Column> columns{{"id", Align::right}, {"host"}, {"state"}, {"heard", Align::right}};
    if (wide)
        for (const Json& rule : rules)
            columns.push_back({text_of(rule, "name", "?"), Align::right});
    else
        columns.push_back({"buckets", Align::right});
    TextTable table(columns);
    for (const Json& member : list_of(cluster, "members")) {
        const std::string state = text_of(member, "state", "unknown");
        const std::string name = text_of(member, "name", "?");
        const auto id = number_of(member, "id");
        Cell id_cell{std::to_string(id)};
        if (id >= 1 && id <= static_cast<std::int64_t>(kHostsMax))
            id_cell.host = static_cast<HostId>(id);
        std::vector<Cell> row{id_cell,
                              name,
                              {state, paint_of(state)},
                              heard(member, name == text_of(cluster, "host"))};
        std::size_t sum = 0;
        for (const Json& rule : rules) {
            const auto count = number_of(member_of(member, "buckets"), text_of(rule, "name"));
            const bool sane = count > 0 && count <= static_cast<std::int64_t>(kBuckets);
            sum += sane ? static_cast<std::size_t>(count) : 0;
            if (!wide) continue;
            row.emplace_back(sane ? fmt::format("{} = {}", count,
                                                percent_of_buckets(static_cast<std::size_t>(count)))
                                  : "-");
        }
        if (!wide) row.emplace_back(std::to_string(sum));
        table.add(std::move(row));
    }
    return table;
}

std::string members_table(const Json& cluster, bool colour, std::size_t width) {
    if (list_of(cluster, "rules").size() <= kRuleColumnsMax) {
        const TextTable wide = table_of_members(cluster, true);
        if (width == 0 || wide.width() <= width) return wide.render(colour);
    }
    return table_of_members(cluster, false).render(colour);
}

// One strip for each rule; its legend beside it where there is room for all, else one for all.
std::string strips_of(const Json& cluster, bool colour, std::size_t width) {
    const auto hosts = hosts_in(cluster);
    std::size_t widest = 0;
    bool fits = true;
    for (const Json& rule : list_of(cluster, "rules"))
        widest = std::max(widest, width_of(text_of(rule, "name", "?")));
    for (const Json& rule : list_of(cluster, "rules"))
        fits = fits &&
               (width == 0 ||
                widest + 4 + kBuckets + width_of(bucket_legend(owners_in(rule), hosts, false)) <=
                    width);
    std::string pictures;
    for (const Json& rule : list_of(cluster, "rules")) {
        const std::string name = text_of(rule, "name", "?");
        const BucketOwners owners = owners_in(rule);
        pictures += '\n' + name + std::string(widest - width_of(name) + 2, ' ') +
                    bucket_strip(owners, colour);
        if (fits) pictures += "  " + bucket_legend(owners, hosts, colour);
    }
    if (!fits) pictures += "\n\n" + host_legend(hosts, colour, width);
    return pictures;
}

// "-" before the dataplane has counted.
std::string packets_of(const Json& rule, std::string_view verdict) {
    const Json& packets = member_of(rule, "packets");
    return packets.is_object() ? std::to_string(number_of(packets, verdict)) : "-";
}

bool has_check(const Json& rule) {
    const auto health = rule.find("health");
    return health != rule.end() && health->is_object();
}

// "up", or "down: http 503"; "-" of a rule without a check.
Cell health_of(const Json& rule) {
    if (!has_check(rule)) return "-";
    const auto health = rule.find("health");
    const std::string state = text_of(*health, "state", "unknown");
    const std::string because = text_of(*health, "because");
    return {because.empty() ? state : state + ": " + because,
            state == "up" ? Paint::none : Paint::bad};
}

}  // namespace

BucketOwners owners_in(const Json& rule) {
    BucketOwners owners{};
    const Json& list = list_of(rule, "owners");
    for (std::size_t b = 0; b < std::min(kBuckets, list.size()); ++b) {
        if (!list[b].is_number_integer()) continue;
        const auto id = list[b].get<std::int64_t>();
        if (id >= 1 && id <= static_cast<std::int64_t>(kHostsMax))
            owners[b] = static_cast<HostId>(id);
    }
    return owners;
}

int return_value_of(const Json& cluster) {
    const std::string state = text_of(cluster, "state");
    const std::string host = text_of(cluster, "host");
    ReturnValue value = ReturnValue::converging;
    if (state == "stopped") value = ReturnValue::stopped;
    if (state == "draining") value = ReturnValue::draining;
    if (state == "suspended") value = ReturnValue::suspended;
    if (state == "converged")
        value = !host.empty() && text_of(cluster, "default_host") == host
                    ? ReturnValue::converged_default
                    : ReturnValue::converged;
    const bool takes_part = state == "converging" || state == "converged" || state == "draining";
    if (takes_part && text_of(cluster, "dataplane") == "connected" &&
        member_of(cluster, "link_up") == Json(false))
        value = ReturnValue::media_disconnected;
    return static_cast<int>(value);
}

// What serves nobody says so first.
std::string state_line(const Json& cluster, bool colour) {
    const std::string not_because = text_of(cluster, "serves_not_because");
    const std::string words = describe(return_value_of(cluster));
    const std::string serves =
        not_because.empty() ? ""
                            : painted("SERVES NOBODY: " + not_because, Paint::bad, colour) + "; ";
    return fmt::format(
        "{}: {}{}, cluster {}", painted(text_of(cluster, "host", "?"), Paint::bold, colour), serves,
        painted(words, paint_of(text_of(cluster, "state")), colour), text_of(cluster, "name", "?"));
}

std::string view_of_rules(const Json& cluster, bool colour, std::size_t width) {
    const Json& rules = list_of(cluster, "rules");
    const bool checked = std::any_of(rules.begin(), rules.end(), has_check);
    std::vector<Column> columns{{"rule"},
                                {"mode"},
                                {"state"},
                                {"own", Align::right},
                                {"orphaned", Align::right},
                                {"connections", Align::right},
                                {"accepted", Align::right},
                                {"rejected", Align::right},
                                {"dropped", Align::right}};
    if (checked) columns.push_back({"health"});
    TextTable table(columns);
    for (const Json& rule : rules) {
        const std::string state = text_of(rule, "state", "unknown");
        const auto orphaned = number_of(rule, "orphaned");
        std::vector<Cell> row{text_of(rule, "name", "?"),
                              text_of(rule, "mode", "?"),
                              {state, paint_of(state)},
                              std::to_string(number_of(rule, "own")),
                              {std::to_string(orphaned), orphaned == 0 ? Paint::none : Paint::bad},
                              std::to_string(number_of(rule, "connections")),
                              packets_of(rule, "accepted"),
                              packets_of(rule, "rejected"),
                              packets_of(rule, "dropped")};
        if (checked) row.push_back(health_of(rule));
        table.add(std::move(row));
    }
    return table.render(colour) + '\n' + strips_of(cluster, colour, width);
}

std::string view_of_hosts(const Json& cluster, bool colour, std::size_t width) {
    return state_line(cluster, colour) + "\n\n" +
           (list_of(cluster, "members").empty() ? "no members are known"
                                                : members_table(cluster, colour, width));
}

std::string view_of_cluster(const Json& cluster, bool colour, std::size_t width) {
    const std::string members = list_of(cluster, "members").empty()
                                    ? "no members are known"
                                    : members_table(cluster, colour, width);
    return fmt::format("{}{}\n{}\n\n{}\n\n{}", state_line(cluster, colour),
                       converging_line(cluster, colour) + notices_of(cluster, colour),
                       facts_of(cluster, colour), members, view_of_rules(cluster, colour, width));
}

}  // namespace nlb::cli
