// The canonical lines and their digest; see digest.hpp. Another line here makes hosts of two
// versions refuse each other.
#include "config/digest.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "config/blake2b.hpp"
#include "config/format.hpp"

namespace nlb::config {
namespace {

using Lines = CanonicalLines;

// Sorted: the order in which addresses are written has no meaning.
std::string joined(const std::vector<Prefix>& prefixes) {
    std::vector<std::string> texts;
    for (const Prefix& prefix : prefixes) texts.push_back(to_string(prefix));
    std::sort(texts.begin(), texts.end());
    std::string text;
    for (const std::string& one : texts) text += (text.empty() ? "" : ",") + one;
    return text;
}

// Sorted and without repetitions, as the dataplane takes them.
std::string joined(std::vector<std::uint16_t> numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::string text;
    for (const std::uint16_t number : numbers)
        text += (text.empty() ? "" : ",") + std::to_string(number);
    return text.empty() ? "none" : text;
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
    lines.emplace_back(path + "affinity.timeout",
                       rule.affinity_timeout ? to_string(*rule.affinity_timeout) : "none");
    lines.emplace_back(path + "weight", std::to_string(rule.weight));
}

const std::string* value_at(const Lines& lines, const std::string& path) {
    const auto line = std::find_if(lines.begin(), lines.end(),
                                   [&path](const auto& one) { return one.first == path; });
    return line == lines.end() ? nullptr : &line->second;
}

std::uint64_t digest_of_text(std::string_view text) {
    const auto hash = blake2b_256({reinterpret_cast<const Byte*>(text.data()), text.size()});
    std::uint64_t digest = 0;
    for (std::size_t i = 0; i < sizeof digest; ++i) digest |= std::uint64_t{hash[i]} << (8 * i);
    return digest;
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
    for (std::size_t i = 0; i < cluster.port_rules.size(); ++i)
        add_rule(lines, i, cluster.port_rules[i]);

    std::vector<const Host*> hosts;
    for (const Host& host : cluster.hosts) hosts.push_back(&host);
    std::sort(hosts.begin(), hosts.end(),
              [](const Host* one, const Host* other) { return one->id < other->id; });
    for (const Host* host : hosts) {
        const std::string path = "hosts[id " + std::to_string(host->id) + "].";
        lines.emplace_back(path + "name", host->name);
        lines.emplace_back(path + "addresses", joined(host->addresses));
    }
    return lines;
}

CanonicalLines agreed_lines(const Cluster& cluster, const HashKey& hash_key) {
    CanonicalLines lines = canonical_lines(cluster);
    std::string secret;
    for (const std::uint64_t word : hash_key) secret += std::to_string(word) + "\n";
    const std::uint64_t digest = digest_of_text(secret);
    std::string fingerprint(8, '0');
    for (std::size_t i = 0; i < fingerprint.size(); ++i)
        fingerprint[i] = "0123456789abcdef"[digest >> (4 * i) & 15U];
    lines.emplace_back("key_file (fingerprint of the key)", fingerprint);
    return lines;
}

CanonicalLines started_lines(const Cluster& cluster, const Host& host) {
    return {{"connections.max", std::to_string(cluster.connections.max)},
            {"outside", host.outside},
            {"inside", host.inside},
            {"lcores", joined(host.lcores)}};
}

CanonicalLines paired_lines(const Cluster& cluster, const Host& host) {
    CanonicalLines lines{{"host", host.name},
                         {"hosts[].id of " + host.name, std::to_string(host.id)},
                         {"address", to_string(cluster.address)},
                         {"mode", to_string(cluster.mode)}};
    for (auto& line : started_lines(cluster, host)) lines.push_back(std::move(line));
    return lines;
}

std::string text_of(const CanonicalLines& lines) {
    std::string text;
    for (const auto& line : lines) text += line.first + "=" + line.second + "\n";
    return text;
}

CanonicalLines lines_of(std::string_view text) {
    CanonicalLines lines;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t equals = line.find('=');
        if (equals != std::string_view::npos)
            lines.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
    return lines;
}

std::uint64_t digest_of(const CanonicalLines& lines) {
    const std::uint64_t digest = digest_of_text(text_of(lines));
    return digest == 0 ? 1 : digest;
}

std::vector<Difference> differences(const CanonicalLines& mine, const CanonicalLines& theirs) {
    std::vector<Difference> all;
    for (const auto& [path, value] : mine) {
        const std::string* other = value_at(theirs, path);
        if (other == nullptr || *other != value)
            all.push_back({path, value, other == nullptr ? "nothing" : *other});
    }
    for (const auto& [path, value] : theirs)
        if (value_at(mine, path) == nullptr) all.push_back({path, "nothing", value});
    return all;
}

}  // namespace nlb::config
