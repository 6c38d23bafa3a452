// Numbers out of range make the answer one that is not understood; what is merely missing reads as
// empty.
#include "cli/live_map.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/rule_masks.hpp"

namespace nlb::cli {
namespace {

const Error kNotUnderstood{
    "the control plane's map is not understood; is it of another version than this program?"};

RuleId slot_at(std::size_t index, std::size_t count) {
    return index + 1 == count ? kDefaultRule : static_cast<RuleId>(index);
}

std::optional<HostId> host_id(const Json& value) {
    if (!value.is_number_integer()) return std::nullopt;
    const auto id = value.get<std::int64_t>();
    if (id < 0 || id > static_cast<std::int64_t>(kHostsMax)) return std::nullopt;
    return static_cast<HostId>(id);
}

bool read_mask(const Json& object, std::string_view key, BucketMask& into) {
    const std::string text = text_of(object, key);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, 16);
    return error == std::errc{} && end == text.data() + text.size() && (into & ~kAllBuckets) == 0;
}

bool read_owners(const Json& list, BucketOwners& into) {
    if (!list.is_array() || list.size() != kBuckets) return false;
    for (std::size_t b = 0; b < kBuckets; ++b) {
        const auto id = host_id(list[b]);
        if (!id) return false;
        into[b] = *id;
    }
    return true;
}

RuleState state_of(const std::string& word) {
    if (word == "disabled") return RuleState::disabled;
    if (word == "failed") return RuleState::failed;
    return word == "draining" ? RuleState::draining : RuleState::enabled;
}

std::uint8_t offer_of(const Json& rule) {
    const auto weight = number_of(rule, "weight");
    const auto priority = number_of(rule, "priority");
    const auto best = static_cast<std::int64_t>(kHostsMax + 1);
    const std::int64_t offer = priority >= 1 && priority < best ? best - priority : weight;
    return offer < 0 || offer > 255 ? std::uint8_t{0} : static_cast<std::uint8_t>(offer);
}

bool read_stated(const Json& rules, std::size_t count, LiveHost& host) {
    if (rules.size() != count) return false;
    host.stated = true;
    for (std::size_t i = 0; i < count; ++i) {
        const RuleId slot = slot_at(i, count);
        host.states[slot] = state_of(text_of(rules[i], "state"));
        host.offers[slot] = effective_offer(offer_of(rules[i]), host.states[slot]);
        if (!read_mask(rules[i], "own", host.own[slot]) ||
            !read_mask(rules[i], "dirty", host.dirty[slot]))
            return false;
    }
    return true;
}

bool read_hosts(const Json& list, std::size_t rules, LiveMap& map) {
    for (const Json& entry : list) {
        LiveHost host;
        const auto id = host_id(member_of(entry, "id"));
        if (!id || *id == kNoHost) return false;
        host.id = *id;
        host.name = text_of(entry, "name", "?");
        host.state = text_of(entry, "state", "unknown");
        host.member = flag_of(entry, "member");
        const Json& stated = member_of(entry, "rules");
        if (stated.is_array() && !read_stated(stated, rules, host)) return false;
        map.hosts.push_back(std::move(host));
    }
    return true;
}

bool read_rules(const Json& list, LiveMap& map) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const RuleId slot = slot_at(i, list.size());
        if (!read_owners(list_of(list[i], "owners"), map.owners[slot]) ||
            !read_owners(list_of(list[i], "targets"), map.targets[slot]))
            return false;
        map.connections[slot] = static_cast<std::uint64_t>(
            std::max<std::int64_t>(0, number_of(list[i], "connections")));
    }
    return true;
}

bool read_installed(const Json& object, std::size_t rules, LiveMap& map) {
    if (!object.is_object()) return true;
    LiveMap::Installed installed;
    installed.epoch = static_cast<std::uint64_t>(number_of(object, "epoch"));
    const Json& list = list_of(object, "rules");
    if (list.size() != rules) return false;
    for (std::size_t i = 0; i < rules; ++i) {
        const RuleId slot = slot_at(i, rules);
        if (!read_mask(list[i], "own", installed.own[slot]) ||
            !read_mask(list[i], "dirty_elsewhere", installed.dirty_elsewhere[slot]))
            return false;
    }
    map.installed = installed;
    return true;
}

}  // namespace

const LiveHost* LiveMap::find(HostId id) const {
    const auto found = std::find_if(hosts.begin(), hosts.end(),
                                    [id](const LiveHost& one) { return one.id == id; });
    return found == hosts.end() ? nullptr : &*found;
}

Result<LiveMap> read_live_map(const Json& cluster) {
    LiveMap map;
    const Json& rules = list_of(cluster, "rules");
    const auto self = host_id(member_of(cluster, "id"));
    if (rules.empty() || rules.size() > kRuleSlots || !self || *self == kNoHost)
        return kNotUnderstood;
    map.self = *self;
    map.cluster = text_of(cluster, "name", "?");
    map.host = text_of(cluster, "host", "?");
    map.takes_part = flag_of(cluster, "takes_part");
    map.serves = flag_of(cluster, "serves");
    const Json& epoch = member_of(cluster, "epoch");
    map.epoch = static_cast<std::uint64_t>(number_of(epoch, "counter"));
    map.coordinator = host_id(member_of(epoch, "coordinator")).value_or(kNoHost);
    map.generation = static_cast<std::uint64_t>(number_of(cluster, "generation"));
    map.config_digest = text_of(cluster, "config_digest");
    const Json& configuration = member_of(cluster, "configuration");
    map.file = text_of(configuration, "file");
    map.own_file = text_of(configuration, "own_file", map.file);
    map.key_file = text_of(configuration, "key_file");
    if (const Json& text = member_of(configuration, "text"); text.is_string())
        map.text = text.get<std::string>();
    for (const Json& member : list_of(cluster, "members")) {
        const auto id = host_id(member);
        if (!id || *id == kNoHost) return kNotUnderstood;
        map.members.insert(*id);
    }
    if (!read_rules(rules, map) || !read_hosts(list_of(cluster, "hosts"), rules.size(), map) ||
        !read_installed(member_of(cluster, "installed"), rules.size(), map))
        return kNotUnderstood;
    return map;
}

config::Ownership ownership_of(const LiveMap& map, HostId host) {
    config::Ownership ownership;
    ownership.epoch = map.epoch;
    ownership.owner = map.targets;
    const LiveHost* const stated = map.find(host);
    for (RuleId rule = 0; stated != nullptr && rule < kRulesMax; ++rule)
        if (stated->states[rule] == RuleState::disabled)
            ownership.ended_rules |= std::uint64_t{1} << rule;
    if (host == map.self) {
        if (map.installed) {
            ownership.epoch = map.installed->epoch;
            ownership.own = map.installed->own;
            ownership.dirty_elsewhere = map.installed->dirty_elsewhere;
        }
        return ownership;
    }
    if (stated == nullptr) return ownership;
    ownership.own = stated->own;
    for (const LiveHost& other : map.hosts)
        if (other.id != host)
            ownership.dirty_elsewhere =
                joined(ownership.dirty_elsewhere, common(other.dirty, stated->own));
    return ownership;
}

config::OffersByHost offers_in(const LiveMap& map) {
    config::OffersByHost offers{};
    for (const LiveHost& host : map.hosts)
        if (map.members.contains(host.id)) offers[host.id - 1U] = host.offers;
    return offers;
}

}  // namespace nlb::cli
