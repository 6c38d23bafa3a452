// One function for each object of the answer. What this host knows of others is what they stated,
// so the owners shown are those of this host's view.
#include "controlplane/api/views.hpp"

#include <algorithm>

#include "config/format.hpp"
#include "controlplane/agent/cause_words.hpp"
#include "controlplane/api/port_view.hpp"
#include "controlplane/api/view_parts.hpp"
#include "core/base/durations.hpp"
#include "core/tables/tables.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;
using BucketCounts = std::array<std::size_t, kHostsMax + 1>;  // by host id; 0: orphans

constexpr std::array<std::string_view, kHostShownStates> kHostShownNames = {
    "absent", "converged", "converging", "draining", "joining", "silent", "stopped", "suspended"};

HostShown shown_of(ShownState state) {
    switch (state) {
        case ShownState::stopped:
            return HostShown::stopped;
        case ShownState::converging:
            return HostShown::converging;
        case ShownState::converged:
            return HostShown::converged;
        case ShownState::draining:
            return HostShown::draining;
        case ShownState::suspended:
            break;
    }
    return HostShown::suspended;
}

BucketCounts count(const std::array<HostId, kBuckets>& owners) {
    BucketCounts counts{};
    for (const HostId owner : owners) ++counts[owner];
    return counts;
}

// Of all buckets, to four digits.
double rounded_share(std::size_t buckets) {
    return static_cast<double>(buckets * 10000 / kBuckets) / 10000;
}

// This host's view is empty while it does not take part.
OwnerMap owners_of(const ClusterAgent& agent) {
    return agent.active() ? agent.membership().stated_owners() : OwnerMap{};
}

// Null of a rule without a check.
Json health_view(const ClusterAgent& agent, RuleId rule, Instant now) {
    const HealthState* const health = agent.healths().of(rule);
    if (health == nullptr) return Json();
    return {{"state", name_of(health->word())},
            {"because", health->because()},
            {"check", config::to_string(health->health().check)},
            {"slow_start", health->steps(now) < kSlowStartSteps}};
}

// On this host since its dataplane started; null before it has counted.
Json packets_view(const ClusterAgent& agent, RuleId rule) {
    const auto& report = agent.traffic().report;
    if (!report) return Json();
    return {{"accepted", report->counters.accepted[rule]},
            {"rejected", report->counters.rejected[rule]},
            {"dropped", report->counters.dropped[rule]}};
}

// One port rule: who owns its buckets, and what this host holds of it.
Json rule_view(const ClusterAgent& agent, RuleId rule, const OwnerMap& owners, Instant now) {
    const config::Cluster& cluster = agent.settings().cluster;
    const BucketCounts counts = count(owners[rule]);
    Json share = Json::object();
    for (HostId id = 1; id <= kHostsMax; ++id)
        if (counts[id] != 0) share[name_of_host(cluster, id)] = rounded_share(counts[id]);
    const bool is_default = rule == kDefaultRule;
    const auto& status = agent.status();
    return {{"name", rule_name(cluster, rule)},
            {"mode", is_default ? "single" : config::to_string(cluster.port_rules[rule].mode)},
            {"state", name_of(agent.rule_states()[rule])},
            {"health", health_view(agent, rule, now)},
            {"share", share},
            {"own", counts[agent.settings().host.id]},
            {"orphaned", counts[kNoHost]},
            {"connections", status ? status->connections[rule] : 0},
            {"packets", packets_view(agent, rule)},
            {"owners", owners[rule]}};
}

// What a host says of its own outside port; null of this one, and of whom has said nothing.
Json hears_clients(const Membership& membership, HostId id) {
    const auto peer = membership.peers().find(id);
    if (peer == membership.peers().end() || !peer->second.stated) return Json();
    return (peer->second.flags & kFlagHearsClients) != 0;
}

Json refused_view(const ClusterAgent& agent) {
    Json refused = Json::object();
    const auto& counts = agent.heartbeats().refused_by_reason();
    for (std::size_t i = 1; i < counts.size(); ++i)
        if (counts[i] != 0) refused[std::string{name_of(static_cast<FrameFault>(i))}] = counts[i];
    return refused;
}

// One host as this one hears it; `heard_ms` is null of a host that never spoke.
Json member_view(const ClusterAgent& agent, HostId id, const OwnerMap& owners) {
    const config::Cluster& cluster = agent.settings().cluster;
    const Membership& membership = agent.membership();
    Json buckets = Json::object();
    for (const RuleId rule : rule_ids(cluster))
        buckets[std::string{rule_name(cluster, rule)}] = count(owners[rule])[id];
    Json heard = 0;
    if (id != agent.settings().host.id)
        heard = membership.peers().contains(id) ? Json(in_milliseconds(membership.silence_of(id)))
                                                : Json();
    return {{"id", id},
            {"name", name_of_host(cluster, id)},
            {"state", name_of(state_of_host(agent, id))},
            {"heard_ms", heard},
            {"hears_clients", hears_clients(membership, id)},
            {"buckets", buckets}};
}

Json configured_hosts(const config::Cluster& cluster) {
    Json names = Json::array();
    for (const config::Host& host : cluster.hosts) names.push_back(host.name);
    return names;
}

// The members of the epoch, this host, and whoever was heard lately.
Json members_view(const ClusterAgent& agent, const OwnerMap& owners) {
    Json members = Json::array();
    if (!agent.active()) return members;
    HostSet shown = agent.membership().members();
    shown.insert(agent.settings().host.id);
    for (const auto& [id, peer] : agent.membership().peers())
        if (agent.membership().silence_of(id) <= 2 * agent.params().timing.bury_after)
            shown.insert(id);
    for (HostId id = 1; id <= kHostsMax; ++id)
        if (shown.contains(id)) members.push_back(member_view(agent, id, owners));
    return members;
}

// The configuration that this host holds and does not use yet: which, and who does not hold it.
Json reload_view(const ClusterAgent& agent) {
    const auto& held = agent.membership().staged();
    if (!held) return Json();
    Json waits_for = Json::array();
    const HostSet awaited = agent.membership().awaited();
    for (HostId id = 1; id <= kHostsMax; ++id)
        if (awaited.contains(id)) waits_for.push_back(name_of_host(agent.settings().cluster, id));
    return {{"held_digest", hexadecimal(held->digest)}, {"waits_for", waits_for}};
}

// Of rules with a time-out; nothing before the dataplane has counted.
Json clients_view(const ClusterAgent& agent) {
    const auto& report = agent.traffic().report;
    if (!report) return Json();
    const GrantCounts& grants = agent.membership().grants();
    return {{"remembered", report->clients},
            {"elsewhere", report->commitments},
            {"grants_sent", grants.sent},
            {"grants_received", grants.received}};
}

// Null where the other host's lines have not arrived.
Json mismatches_view(const ClusterAgent& agent) {
    Json views = Json::array();
    for (const auto& [id, difference] : agent.mismatches()) {
        const config::Cluster& cluster = agent.settings().cluster;
        const ConfigurationAge age = agent.age_beside(id);
        Json view = {
            {"host", name_of_host(cluster, id)},
            {"generation", age.there},
            {"older", age.older == kNoHost ? Json() : Json(name_of_host(cluster, age.older))},
            {"mend", age.mend},
            {"path", Json()},
            {"here", Json()},
            {"there", Json()}};
        if (difference)
            view.update({{"path", difference->path},
                         {"here", difference->mine},
                         {"there", difference->theirs}});
        views.push_back(std::move(view));
    }
    return views;
}

// The newest sign that somebody serves whom this host does not hear as a member.
Json stranger_view(const ClusterAgent& agent) {
    const auto sign = agent.active() ? agent.membership().evidence().newest() : std::nullopt;
    if (!sign) return Json();
    return {{"because", words_of(*sign, agent.params().versions)},
            {"host", name_of_host(agent.settings().cluster, sign->host)},
            {"mac", sign->mac == MacAddress{} ? Json() : Json(config::to_string(sign->mac))},
            {"key_id", sign->key_id},
            {"version", sign->version},
            {"vlan", sign->vlan},
            {"waited_ms", in_milliseconds(agent.membership().evidence().waited())}};
}

// Of the frames: what the epoch goes by, what this program can speak, and the members for whose
// sake the cluster does not go by a newer one.
Json versions_view(const ClusterAgent& agent) {
    Json behind = Json::array();
    const HostSet hosts = agent.active() ? agent.membership().behind() : HostSet{};
    for (HostId id = 1; id <= kHostsMax; ++id)
        if (hosts.contains(id)) behind.push_back(name_of_host(agent.settings().cluster, id));
    const FrameVersions& own = agent.params().versions;
    return {{"spoken", agent.active() ? agent.membership().version() : 0},
            {"newest", own.newest},
            {"least", own.least},
            {"behind", behind}};
}

// Of the inside device; null before the dataplane has spoken. `problem` is empty where all is well.
Json inside_view(const ClusterAgent& agent) {
    const auto& inside = agent.inside();
    if (!inside) return Json();
    return {{"ready", inside->state == ipc::InsideState::ready},
            {"addresses_missing", inside->missing},
            {"problem", words_of(*inside)}};
}

// How long the cores may still answer without another lease; 0: they do not.
std::int64_t fence_remaining_ms(const ClusterAgent& agent, Instant now) {
    const Instant until = agent.membership().valid_until();
    return agent.active() && until > now ? in_milliseconds(until - now) : 0;
}

// The only place that turns what the protocol says about a convergence into text.
std::pair<std::string, HostId> converging_because(const ClusterAgent& agent) {
    if (agent.shown() != ShownState::converging && agent.shown() != ShownState::draining) return {};
    if (!agent.dataplane_connected())
        return {"the dataplane is not connected", agent.settings().host.id};
    if (agent.inside() && agent.inside()->state != ipc::InsideState::ready)
        return {words_of(*agent.inside()), agent.settings().host.id};
    const auto [cause, host] = agent.membership().unconverged_because();
    return {std::string{words_of(cause)}, host};
}

}  // namespace

std::string_view name_of(HostShown state) {
    return kHostShownNames[static_cast<std::size_t>(state)];
}

HostShown state_of_host(const ClusterAgent& agent, HostId id) {
    const Membership& membership = agent.membership();
    const bool member = membership.members().contains(id);
    if (id == agent.settings().host.id) return shown_of(agent.shown());
    const auto known = membership.peers().find(id);
    if (!agent.active() || known == membership.peers().end() || !known->second.heard)
        return HostShown::absent;
    const Peer& peer = known->second;
    if ((peer.flags & (kFlagGoodbye | kFlagDeaf)) != 0) return HostShown::stopped;
    if (membership.silence_of(id) > agent.params().timing.drop_after)
        return member ? HostShown::silent : HostShown::absent;
    if ((peer.flags & kFlagDraining) != 0) return HostShown::draining;
    if (peer.state == MemberState::join) return HostShown::joining;
    return member && peer.epoch == membership.epoch() && membership.converged()
               ? HostShown::converged
               : HostShown::converging;
}

ReturnValue state_value(const ClusterAgent& agent) {
    const bool takes_part = agent.shown() == ShownState::converging ||
                            agent.shown() == ShownState::converged ||
                            agent.shown() == ShownState::draining;
    if (takes_part && agent.dataplane_connected() && !agent.link_up())
        return ReturnValue::media_disconnected;
    return return_value_of(agent.shown(), agent.membership().own()[kDefaultRule] != 0);
}

Json cluster_view(const ClusterAgent& agent, Instant now, const std::vector<RuleId>& only) {
    const ClusterSettings& settings = agent.settings();
    const Membership& membership = agent.membership();
    const OwnerMap owners = owners_of(agent);
    const auto [because, through] = converging_because(agent);
    Json rules = Json::array();
    for (const RuleId rule : only.empty() ? rule_ids(settings.cluster) : only)
        rules.push_back(rule_view(agent, rule, owners, now));
    const Epoch epoch = agent.active() ? membership.epoch() : Epoch{};
    return {{"name", settings.cluster.name},
            {"host", settings.host.name},
            {"id", settings.host.id},
            {"address", config::to_string(settings.cluster.address.address)},
            {"state", name_of(agent.shown())},
            {"default_host", name_of_host(settings.cluster, owners[kDefaultRule][0])},
            {"converging_because", because},
            {"converging_host", name_of_host(settings.cluster, through)},
            {"epoch", {{"counter", epoch.counter}, {"coordinator", epoch.coordinator}}},
            {"frame_version", versions_view(agent)},
            {"generation", membership.generation()},
            {"config_digest", hexadecimal(membership.config_digest())},
            {"file", settings.source ? Json(settings.source->file) : Json()},
            {"reload", reload_view(agent)},
            {"config_mismatches", mismatches_view(agent)},
            {"stranger", stranger_view(agent)},
            {"serves_not_because", agent.serves_not_because(now)},
            {"deaf", agent.active() && membership.is_deaf()},
            {"fence_remaining_ms", fence_remaining_ms(agent, now)},
            {"dataplane", agent.dataplane_connected() ? "connected" : "disconnected"},
            {"link_up", agent.link_up()},
            {"client_bursts", agent.status() ? Json(agent.status()->cluster_bursts) : Json()},
            {"heartbeats", {{"refused", refused_view(agent)}}},
            {"igmp", settings.cluster.mode == LinkMode::igmp
                         ? Json{{"querier_heard", agent.igmp().querier_known(now)}}
                         : Json()},
            {"inside", inside_view(agent)},
            {"clients", clients_view(agent)},
            {"ports", ports_view(agent.traffic())},
            {"workers", workers_view(agent.traffic())},
            {"buffers", buffers_view(agent.traffic())},
            {"members", members_view(agent, owners)},
            {"configured_hosts", configured_hosts(settings.cluster)},
            {"rules", rules}};
}

}  // namespace nlb::controlplane
