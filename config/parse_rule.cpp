// One port rule: which traffic it covers and how the hosts share it.
#include "config/format.hpp"
#include "config/parse.hpp"

namespace nlb::config {
namespace {

void parse_vip(const Cursor& at, std::optional<IpAddress>& into) {
    if (at.is_scalar() && at.scalar() == "all") return;
    constexpr std::string_view kWanted =
        "all or an address of the cluster, without a prefix length";
    if (!at.is_scalar()) return at.expected(kWanted);
    const auto address = parse_ip(at.scalar());
    if (!address) return at.expected(kWanted);
    into = address.value();
}

void parse_affinity_timeout(const Cursor& at, std::optional<Duration>& into) {
    Duration value{};
    if (!at.read(value, &parse_duration, "a duration such as 30s, 20m or 24h")) return;
    if (value == Duration::zero()) return;  // NLB's way to say that there is none
    const bool right = value >= kAffinityTimeoutMin && value <= kAffinityTimeoutMax &&
                       value % std::chrono::seconds{1} == Duration::zero();
    if (!right)
        return at.expected("a duration of whole seconds from " + to_string(kAffinityTimeoutMin) +
                           " to " + to_string(kAffinityTimeoutMax));
    into = value;
}

// `single`, or `{kind: single, timeout: 20m}`.
void parse_affinity(const Cursor& at, PortRule& rule) {
    if (!at.is_mapping()) return at.read_word(rule.affinity);
    const Mapping keys(at, "an affinity", {"kind", "timeout"});
    if (const Cursor* kind = keys.require("kind", "none, single or network"))
        kind->read_word(rule.affinity);
    if (const Cursor* timeout = keys.find("timeout"))
        parse_affinity_timeout(*timeout, rule.affinity_timeout);
}

}  // namespace

PortRule parse_rule(const Cursor& at) {
    PortRule rule;
    const Mapping keys(
        at, "a port rule",
        {"name", "vip", "ports", "protocol", "mode", "affinity", "weight", "health"});
    if (const Cursor* name = keys.require("name", "a name"))
        parse_name(*name, NameKind::rule, rule.name);
    if (const Cursor* vip = keys.find("vip")) parse_vip(*vip, rule.vip);
    if (const Cursor* ports = keys.find("ports"))
        ports->read(rule.ports, &parse_port_range, "a port or a range in 0-65535");
    if (const Cursor* protocol = keys.find("protocol")) protocol->read_word(rule.protocols);
    if (const Cursor* mode = keys.find("mode")) mode->read_word(rule.mode);
    if (const Cursor* affinity = keys.find("affinity")) parse_affinity(*affinity, rule);
    if (const Cursor* weight = keys.find("weight")) parse_weight(*weight, rule.weight);
    if (const Cursor* health = keys.find("health")) parse_health(*health, rule.health);
    return rule;
}

}  // namespace nlb::config
