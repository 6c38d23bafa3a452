#include "cli/windows/write_yaml.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/json.hpp"
#include "config/format.hpp"

namespace nlb::cli::windows {
namespace {

// Texts in quotes: Windows' names may look like numbers or words of YAML. The value that is to be
// filled in has its quotes.
std::string quoted(const std::string& text) {
    return text == kToFillIn ? text : "\"" + text + "\"";
}

std::string with_comment(const std::string& comment) {
    return comment.empty() ? "" : "  # " + printable(comment);
}

// The whole address counts where no mask was told; then no length is written.
std::string address_text(const config::Prefix& prefix) {
    const std::uint8_t whole = prefix.address.is_v4() ? 32 : 128;
    return "\"" +
           (prefix.length == whole ? config::to_string(prefix.address)
                                   : config::to_string(prefix)) +
           "\"";
}

std::string addresses_text(const std::vector<config::Prefix>& prefixes) {
    std::string text;
    for (const config::Prefix& prefix : prefixes)
        text += (text.empty() ? "" : ", ") + address_text(prefix);
    return "[" + text + "]";
}

std::string numbers_text(const std::map<std::string, std::uint8_t>& numbers) {
    std::string text;
    for (const auto& [rule, number] : numbers)
        text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", rule, number);
    return "{" + text + "}";
}

class Writer {
public:
    void add(const MergedCluster& cluster) {
        cluster_ = &cluster;
        const Merged name = value("name");
        line(2, "- name: " + quoted(name.yaml) + with_comment(name.comment));
        const Merged address = value("address");
        line(4, "address: " + quoted(address.yaml) + with_comment(address.comment));
        if (!cluster.virtual_addresses.empty())
            line(4, "virtual_addresses: " + addresses_text(cluster.virtual_addresses));
        key("mode", "mode");
        key("mac", "mac");
        key("mask_source_mac", "mask_source_mac");
        line(4, std::string("key_file: ") + kToFillIn +
                    "  # `nlb keygen` writes one; all hosts get the same");
        group("heartbeat", {"period", "tolerance"});
        key("icmp", "icmp");
        group("connections", {"max", "closing"});
        group("ipsec", {"idle", "drop_state_if_not_bucket_owner"});
        add_rules();
        line(4, "hosts:");
        for (const MergedHost& host : cluster.hosts) add_host(host);
    }

    std::string text = "clusters:\n";

private:
    void line(std::size_t indent, const std::string& words) {
        text += std::string(indent, ' ') + words + "\n";
    }

    [[nodiscard]] Merged value(const std::string& key) const {
        const auto found = cluster_->values.find(key);
        return found == cluster_->values.end() ? Merged{} : found->second;
    }

    [[nodiscard]] bool holds(const std::string& key) const {
        return cluster_->values.count(key) != 0;
    }

    void key(const std::string& path, const std::string& name, std::size_t indent = 4) {
        if (holds(path))
            line(indent, name + ": " + value(path).yaml + with_comment(value(path).comment));
    }

    void group(const std::string& name, const std::vector<std::string>& members) {
        if (std::none_of(members.begin(), members.end(),
                         [&](const std::string& one) { return holds(name + "." + one); }))
            return;
        line(4, name + ":");
        for (const std::string& member : members) key(name + "." + member, member, 6);
    }

    void add_rules() {
        if (!cluster_->rules_said)
            return line(4, std::string("port_rules: ") + kToFillIn +
                               "  # no file tells them; a list, or [] for none");
        if (cluster_->rules.empty()) return line(4, "port_rules: []");
        line(4, "port_rules:");
        for (const MergedRule& rule : cluster_->rules) {
            line(6, "- name: \"" + rule.name + "\"");
            if (rule.cover.vip) line(8, "vip: \"" + config::to_string(*rule.cover.vip) + "\"");
            line(8, "ports: " + config::to_string(rule.cover.ports));
            line(8, "protocol: " + config::to_string(rule.cover.protocols));
            line(8, "mode: " + rule.mode.yaml + with_comment(rule.mode.comment));
            if (!rule.affinity.yaml.empty())
                line(8, "affinity: " + rule.affinity.yaml + with_comment(rule.affinity.comment));
        }
    }

    void add_host(const MergedHost& host) {
        line(6, "- name: " + quoted(host.name.yaml) +
                    with_comment(host.name.comment.empty() ? "from " + host.files
                                                           : host.name.comment));
        line(8, "id: " + host.id.yaml + with_comment(host.id.comment));
        if (!host.addresses.empty()) line(8, "addresses: " + addresses_text(host.addresses));
        if (!host.weights.empty()) line(8, "weights: " + numbers_text(host.weights));
        if (!host.priorities.empty()) line(8, "priorities: " + numbers_text(host.priorities));
        if (!host.initial_state.yaml.empty())
            line(8, "initial_state: " + host.initial_state.yaml +
                        with_comment(host.initial_state.comment));
        line(8, std::string("outside: ") + kToFillIn + "  # the adapter: \"0000:3b:00.0\", ...");
        line(8, std::string("inside: ") + kToFillIn +
                    "  # towards this host's servers: \"net_tap0,iface=nlb0\"");
        line(8, std::string("lcores: ") + kToFillIn + "  # one worker each: 2-5");
    }

    const MergedCluster* cluster_ = nullptr;
};

}  // namespace

std::string yaml_of(const std::vector<MergedCluster>& clusters, const std::string& made_by) {
    Writer writer;
    for (const MergedCluster& cluster : clusters) writer.add(cluster);
    return "# Made by " + printable(made_by) +
           ".\n# Fill in what is \"TODO\"; `nlb check` names each place. The same file goes to "
           "every host.\n" +
           writer.text;
}

}  // namespace nlb::cli::windows
