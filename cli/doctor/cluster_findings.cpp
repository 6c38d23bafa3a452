#include "cli/doctor/cluster_findings.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fmt/format.h>
#include <set>

namespace nlb::cli {
namespace {

using config::FindingId;
using config::Findings;

bool takes_part(const Json& member) {
    const std::string state = text_of(member, "state");
    return state == "converged" || state == "converging" || state == "draining";
}

class Judge {
public:
    Judge(const Json& now, const Json& before, const config::Cluster& ours)
        : now_(now), before_(before), ours_(ours), name_(text_of(now, "name", ours.name)) {}

    void add(FindingId id, std::string says, std::string mend) {
        findings_.push_back({id, name_, std::move(says), std::move(mend)});
    }

    // False: what follows says nothing while the dataplane is away.
    bool this_host() {
        if (text_of(now_, "dataplane") != "connected") {
            add(FindingId::dataplane_missing, "the control plane runs without a dataplane",
                "systemctl start nlb-dataplane");
            return false;
        }
        const std::string state = text_of(now_, "state");
        if (state == "stopped" || state == "suspended")
            add(FindingId::host_stopped, fmt::format("this host is {} by a command", state),
                state == "suspended" ? "nlb resume && nlb start" : "nlb start");
        const std::string because = text_of(now_, "serves_not_because");
        if (!because.empty())
            add(FindingId::serves_not, "this host serves nobody: " + because,
                "nlb events --last 20");
        if (state == "converging" && text_of(before_, "state") == "converging" && because.empty())
            add(FindingId::still_converging,
                fmt::format("it converges: {} {}", text_of(now_, "converging_because", "no reason"),
                            text_of(now_, "converging_host")),
                "nlb query --watch");
        if (!flag_of(now_, "link_up", true))
            add(FindingId::link_down, "the outside port has no link",
                "check the cable and the switch's port");
        if (flag_of(now_, "deaf"))
            add(FindingId::deaf, "no frame of any kind arrives outside",
                "check the port, the switch and the VLAN");
        const Json& inside = member_of(now_, "inside");
        if (inside.is_object() && !flag_of(inside, "ready", true))
            add(FindingId::inside_not_ready,
                text_of(inside, "problem", "what is accepted would reach no server"),
                "journalctl -u nlb-dataplane");
        return true;
    }

    void others() {
        std::set<std::string> heard;
        for (const Json& member : list_of(now_, "members"))
            if (text_of(member, "state") != "absent" && text_of(member, "state") != "silent")
                heard.insert(text_of(member, "name"));
        const std::string state = text_of(now_, "state");
        const bool listens = state != "stopped" && state != "suspended";
        for (const config::Host& host : ours_.hosts)
            if (listens && host.name != text_of(now_, "host") && heard.count(host.name) == 0)
                add(FindingId::member_missing, host.name + " is not heard",
                    fmt::format("nlb query --run-dir DIR on {}, its cable, its VLAN", host.name));
        for (const Json& one : list_of(now_, "config_mismatches")) {
            const std::string mend = text_of(one, "mend");
            add(FindingId::configuration_differs,
                fmt::format("{} has another configuration: {} is {} here and {} there",
                            text_of(one, "host", "a host"), text_of(one, "path", "a key"),
                            text_of(one, "here", "unknown"), text_of(one, "there", "unknown")),
                mend.empty() ? "nlb reload, with the same file on both hosts" : mend);
        }
        const Json& reload = member_of(now_, "reload");
        if (reload.is_object()) {
            std::string names;
            for (const Json& host : list_of(reload, "waits_for"))
                names += (names.empty() ? "" : ", ") + plain(host);
            add(FindingId::reload_waits,
                "a new configuration waits for " + (names.empty() ? "other hosts" : names),
                "nlb reload on each of them");
        }
        const Json& stranger = member_of(now_, "stranger");
        if (stranger.is_object())
            add(FindingId::stranger_serves,
                fmt::format("{} (MAC {})", text_of(stranger, "because", "somebody else serves"),
                            text_of(stranger, "mac", "unknown")),
                "correct that host, or this one");
    }

    void heartbeats() {
        std::string refused;
        const Json& now = member_of(member_of(now_, "heartbeats"), "refused");
        const Json& before = member_of(member_of(before_, "heartbeats"), "refused");
        if (!now.is_object()) return;
        for (const auto& [reason, count] : now.items()) {
            const std::int64_t all = number_of(now, reason);
            const std::int64_t fresh = all - number_of(before, reason);
            if (fresh > 0)
                refused += fmt::format("{}{} {} ({} since the start)", refused.empty() ? "" : ", ",
                                       fresh, printable(reason), all);
        }
        if (!refused.empty())
            add(FindingId::heartbeats_refused, "cluster frames were refused just now: " + refused,
                "nlb events --last 50");
    }

    // The cluster's MAC is flooded: what one host hears, all hear.
    void flooding() {
        const bool here = hears(now_, before_);
        std::size_t there = 0;
        std::size_t silent = 0;
        for (const Json& member : list_of(now_, "members")) {
            const Json& told = member_of(member, "hears_clients");
            if (!told.is_boolean() || !takes_part(member)) continue;
            const Json& was = hears_before(text_of(member, "name"));
            if (!was.is_boolean() || was != told) continue;
            (told.get<bool>() ? there : silent) += 1;
        }
        const std::string snippet =
            fmt::format("nlb ip2mac {} --switch cisco", text_of(now_, "address", "ADDRESS"));
        if (member_of(now_, "client_bursts").is_null()) return;
        if (!here && there > 0 && takes_part(now_))
            add(FindingId::clients_not_heard,
                fmt::format("{} of the other hosts hear clients and this one does not: the switch "
                            "does not flood the cluster's MAC to its port",
                            there),
                snippet);
        if (here && there == 0 && silent > 0)
            add(FindingId::flood_missing,
                "only this host hears clients: the switch has learnt the cluster's MAC, or filters "
                "it towards the others",
                snippet);
    }

    void igmp() {
        const Json& igmp = member_of(now_, "igmp");
        if (igmp.is_object() && !flag_of(igmp, "querier_heard", true))
            add(FindingId::querier_missing,
                "no IGMP querier is heard: a switch that snoops forgets the group, and then "
                "floods it everywhere or nowhere",
                "turn on an IGMP querier in this VLAN of the switch");
    }

    void rules() {
        for (const Json& rule : list_of(now_, "rules")) {
            const std::string name = text_of(rule, "name", "?");
            std::int64_t orphaned = number_of(rule, "orphaned");
            for (const Json& was : list_of(before_, "rules"))
                if (text_of(was, "name") == name)
                    orphaned = std::min(orphaned, number_of(was, "orphaned"));
            const bool settled = text_of(now_, "state") == "converged";
            if (settled && orphaned > 0 && text_of(rule, "mode") != "disabled")
                add(FindingId::buckets_orphaned,
                    fmt::format("rule {}: {} of 60 buckets have no owner", name, orphaned),
                    "nlb query");
            const Json& health = member_of(rule, "health");
            if (health.is_object() && text_of(health, "state") == "down")
                add(FindingId::server_down,
                    fmt::format("rule {}: the server here fails its check: {}", name,
                                text_of(health, "because", "no reason given")),
                    "mend the server");
        }
    }

    void ports() {
        for (const Json& port : list_of(now_, "ports")) {
            const Json& counters = member_of(port, "counters");
            const std::int64_t lost =
                number_of(counters, "missed") + number_of(counters, "no_buffer");
            const std::string subject = name_ + " " + text_of(port, "port", "?");
            // One in a thousand, since the dataplane's start.
            if (lost > 0 && lost > number_of(counters, "rx_packets") / 1000)
                findings_.push_back({FindingId::port_drops, subject,
                                     fmt::format("it has lost {} frames of {}", lost,
                                                 lost + number_of(counters, "rx_packets")),
                                     "nlb query --ports"});
            const std::string flow = text_of(port, "flow_control");
            if (flow == "tx only" || flow == "both")
                findings_.push_back(
                    {FindingId::port_complains, subject,
                     "it sends pause frames when it is slow, which stop the switch for others too",
                     "turn flow control off at the switch's port"});
        }
    }

    Findings take() {
        const bool bad = std::any_of(findings_.begin(), findings_.end(), config::is_bad);
        if (!bad)
            add(FindingId::cluster_right,
                fmt::format("it is {}, and each of {} hosts is heard",
                            text_of(now_, "state", "unknown"), ours_.hosts.size()),
                "");
        return std::move(findings_);
    }

private:
    static bool hears(const Json& now, const Json& before) {
        return number_of(now, "client_bursts") > number_of(before, "client_bursts");
    }
    [[nodiscard]] const Json& hears_before(const std::string& name) const {
        for (const Json& member : list_of(before_, "members"))
            if (text_of(member, "name") == name) return member_of(member, "hears_clients");
        return member_of(Json(), "");
    }

    const Json& now_;
    const Json& before_;
    const config::Cluster& ours_;
    const std::string name_;
    Findings findings_;
};

// "2026-11-27T21:14:03.276Z"
std::optional<std::chrono::system_clock::time_point> time_in(const std::string& text) {
    std::tm parts{};
    if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d", &parts.tm_year, &parts.tm_mon,
                    &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
        return std::nullopt;
    parts.tm_year -= 1900;
    parts.tm_mon -= 1;
    return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace

Findings judge_cluster(const Json& now, const Json& before, const config::Cluster& ours) {
    Judge judge(now, before, ours);
    if (!judge.this_host()) return judge.take();
    judge.others();
    judge.heartbeats();
    judge.flooding();
    judge.igmp();
    judge.rules();
    judge.ports();
    return judge.take();
}

Findings judge_events(const Json& events, std::chrono::system_clock::time_point time) {
    Findings findings;
    std::set<std::string> told;
    if (!events.is_array()) return findings;
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
        const auto at = time_in(text_of(*event, "time"));
        if (!at || time - *at > kEventsCount) continue;
        const std::string name = text_of(*event, "name");
        const std::string cluster = text_of(*event, "cluster", "cluster");
        if (!told.insert(name + " " + cluster + text_of(*event, "address")).second) continue;
        if (name == "id_in_use")
            findings.push_back({FindingId::id_in_use, cluster,
                                "another living host has this host's id: " +
                                    text_of(*event, "because", "see the events"),
                                "correct `id` in one of the two files"});
        if (name == "address_conflict")
            findings.push_back(
                {FindingId::address_claimed, cluster,
                 fmt::format("a stranger with MAC {} answers for {}",
                             text_of(*event, "mac", "unknown"), text_of(*event, "address", "?")),
                 "find that machine by its MAC and take the address from it"});
    }
    return findings;
}

}  // namespace nlb::cli
