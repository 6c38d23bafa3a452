// The canonical lines and their digest; see digest.hpp. Another line here makes hosts of two versions refuse each other.
#include "config/digest.hpp"

#include <algorithm>
#include <array>
#include <sodium.h>

#include "config/format.hpp"
#include "core/assert.hpp"

namespace nlb::config {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

// Sorted: the order in which addresses are written has no meaning.
std::string joined(const std::vector<Prefix>& prefixes) {
    std::vector<std::string> texts;
    for (const Prefix& prefix : prefixes) texts.push_back(to_string(prefix));
    std::sort(texts.begin(), texts.end());
    std::string text;
    for (const std::string& one : texts) text += (text.empty() ? "" : ",") + one;
    return text;
}

void add_rule(Lines& lines, std::size_t index, const PortRule& rule) {
    const std::string path = "port_rules[" + std::to_string(index) + "].";
    lines.emplace_back(path + "name", rule.name);
    lines.emplace_back(path + "vip", rule.vip ? to_string(*rule.vip) : "all");
    lines.emplace_back(path + "ports", to_string(rule.ports));
    lines.emplace_back(path + "protocol", to_string(rule.protocols));
    lines.emplace_back(path + "mode", to_string(rule.mode));
    if (rule.mode != RuleMode::multiple) return;
    lines.emplace_back(path + "affinity", to_string(rule.affinity));
    lines.emplace_back(path + "affinity.timeout", rule.affinity_timeout ? to_string(*rule.affinity_timeout) : "none");
    lines.emplace_back(path + "weight", std::to_string(rule.weight));
}

}  // namespace

Lines canonical_lines(const Cluster& cluster) {
    Lines lines;
    lines.emplace_back("name", cluster.name);
    lines.emplace_back("address", to_string(cluster.address));
    lines.emplace_back("virtual_addresses", joined(cluster.virtual_addresses));
    lines.emplace_back("mode", to_string(cluster.mode));
    lines.emplace_back("heartbeat.period", to_string(cluster.heartbeat.period));
    lines.emplace_back("heartbeat.tolerance", std::to_string(cluster.heartbeat.tolerance));
    lines.emplace_back("partition", to_string(cluster.partition));
    lines.emplace_back("icmp", to_string(cluster.icmp));
    for (std::size_t i = 0; i < cluster.port_rules.size(); ++i) add_rule(lines, i, cluster.port_rules[i]);

    std::vector<const Host*> hosts;
    for (const Host& host : cluster.hosts) hosts.push_back(&host);
    std::sort(hosts.begin(), hosts.end(), [](const Host* one, const Host* other) { return one->id < other->id; });
    for (const Host* host : hosts) {
        const std::string path = "hosts[id " + std::to_string(host->id) + "].";
        lines.emplace_back(path + "name", host->name);
        lines.emplace_back(path + "addresses", joined(host->addresses));
    }
    return lines;
}

std::uint64_t digest_of(const Cluster& cluster) {
    std::string text;
    for (const auto& line : canonical_lines(cluster)) text += line.first + "=" + line.second + "\n";
    std::array<unsigned char, 32> hash{};
    const int result =
        crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr, 0);
    NLB_ASSERT(result == 0);
    std::uint64_t digest = 0;
    for (std::size_t i = 0; i < sizeof digest; ++i) digest |= std::uint64_t{hash[i]} << (8 * i);
    return digest;
}

}  // namespace nlb::config
