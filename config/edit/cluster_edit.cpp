// Each edit is a few changes of the YAML one after the other; places are looked up in the
// configuration that was read from the text, whose lists have the same order.
#include "config/edit/cluster_edit.hpp"

#include <algorithm>
#include <optional>

#include "config/edit/yaml_edit.hpp"
#include "config/edit/yaml_tree.hpp"
#include "config/format.hpp"
#include "config/nearest.hpp"

namespace nlb::config {
namespace {

// Of a key that takes a list, the members between commas may be written without brackets.
bool takes_list(std::string_view key, std::string_view value) {
    return key == "addresses" || (key == "gateway" && value.find(',') != std::string_view::npos);
}

std::string yaml_of(const KeyValue& pair) {
    const std::string& value = pair.value;
    if (value.front() == '[' || value.front() == '{') return value;
    if (!takes_list(pair.key, value)) return yaml_scalar(value);
    std::string list;
    for (std::size_t at = 0; at <= value.size();) {
        const std::size_t end = std::min(value.find(',', at), value.size());
        list += (list.empty() ? "" : ", ") + yaml_scalar(value.substr(at, end - at));
        at = end + 1;
    }
    return "[" + list + "]";
}

std::string mapping_of(const std::string& name, const std::vector<KeyValue>& keys) {
    std::string text = "{name: " + yaml_scalar(name);
    for (const KeyValue& pair : keys)
        if (!pair.value.empty()) text += ", " + pair.key + ": " + yaml_of(pair);
    return text + "}";
}

class ClusterText {
public:
    ClusterText(std::string_view text, const Config& before, const std::string& name)
        : text_(text) {
        const auto found = std::find_if(before.clusters.begin(), before.clusters.end(),
                                        [&name](const Cluster& one) { return one.name == name; });
        NLB_ASSERT(found != before.clusters.end());
        cluster_ = &*found;
        path_ = {std::string("clusters"),
                 static_cast<std::size_t>(found - before.clusters.begin())};
    }

    Status edit(const ClusterEdit& edit) {
        if (const Status done = change(edit); !done) return done;
        return keep(yaml_set(text_, path_, "generation", std::to_string(edit.generation), "name"));
    }
    [[nodiscard]] std::string& text() { return text_; }

private:
    Status change(const ClusterEdit& edit) {
        switch (edit.kind) {
            case EditKind::add_rule:
                return add("port_rules", "address", edit);
            case EditKind::remove_rule:
                return remove_rule(edit.name);
            case EditKind::set_rule:
                return set_rule(edit);
            case EditKind::add_host:
                return add("hosts", "", edit);
            case EditKind::remove_host:
                return remove_host(edit.name);
            case EditKind::add_vip:
                return add_vip(edit.name);
            case EditKind::remove_vip:
                return remove_vip(edit.name);
            case EditKind::use_key:
                return use_key(edit.name);
            case EditKind::retire_key:
                return retire_key(edit.name);
            case EditKind::none:
                break;
        }
        return Done{};
    }

    Status keep(Result<std::string> fresh) {
        if (!fresh) return fresh.error();
        text_ = std::move(fresh.value());
        return Done{};
    }
    [[nodiscard]] YamlPath below(const std::string& key) const {
        YamlPath path = path_;
        path.emplace_back(key);
        return path;
    }
    [[nodiscard]] static YamlPath with(YamlPath path, YamlStep step) {
        path.push_back(std::move(step));
        return path;
    }
    // Of the cluster, or of something in it; as it stands in the text now.
    [[nodiscard]] std::optional<YamlNode> find(const YamlPath& path) const {
        auto tree = read_yaml_tree(text_);
        if (!tree) return std::nullopt;
        const YamlNode* node = &tree.value();
        for (const YamlStep& step : path) {
            if (const auto* const key = std::get_if<std::string>(&step)) {
                node = node->find(*key);
            } else {
                const std::size_t index = std::get<std::size_t>(step);
                node = index < node->items.size() ? &node->items[index] : nullptr;
            }
            if (node == nullptr) return std::nullopt;
        }
        return *node;
    }

    template <class List>
    [[nodiscard]] std::optional<std::size_t> place_of(const List& list,
                                                      const std::string& name) const {
        for (std::size_t i = 0; i < list.size(); ++i)
            if (list[i].name == name) return i;
        return std::nullopt;
    }
    template <class List>
    [[nodiscard]] Error unknown(const char* what, const List& list, const std::string& name) const {
        std::vector<std::string_view> names;
        std::string all;
        for (const auto& one : list) {
            names.emplace_back(one.name);
            all += (all.empty() ? "" : ", ") + one.name;
        }
        const std::string_view meant = nearest(name, names);
        return Error{
            "cluster " + cluster_->name + " has no " + what + " " + in_quotes(name) +
            (meant.empty() ? "; it has: " + all : "; did you mean " + std::string(meant) + "?")};
    }

    // Into the list of that key; one that is missing is made behind the key `after`.
    Status append(const std::string& key, std::string_view after, const std::string& value) {
        const auto list = find(below(key));
        if (!list || list->kind == YamlNode::Kind::null || list->items.empty())
            return keep(yaml_set(text_, path_, key, "[" + value + "]", after));
        return keep(yaml_append(text_, below(key), value));
    }
    Status add(const std::string& key, std::string_view after, const ClusterEdit& edit) {
        const bool known = key == "hosts" ? place_of(cluster_->hosts, edit.name).has_value()
                                          : place_of(cluster_->port_rules, edit.name).has_value();
        if (known)
            return Error{"cluster " + cluster_->name + " has " + in_quotes(edit.name) + " already"};
        return append(key, after, mapping_of(edit.name, edit.keys));
    }

    Status remove_rule(const std::string& name) {
        const auto place = place_of(cluster_->port_rules, name);
        if (!place) return unknown("rule", cluster_->port_rules, name);
        for (std::size_t h = 0; h < cluster_->hosts.size(); ++h)
            for (const char* const key : {"weights", "priorities"})
                if (const Status done = forget_rule(with(below("hosts"), h), key, name); !done)
                    return done;
        return keep(yaml_remove(text_, with(below("port_rules"), *place)));
    }
    // The last word about rules goes with its key.
    Status forget_rule(const YamlPath& host, const std::string& key, const std::string& rule) {
        const auto map = find(with(host, key));
        if (!map || map->find(rule) == nullptr) return Done{};
        const YamlPath path =
            map->items.size() == 1 ? with(host, key) : with(with(host, key), rule);
        return keep(yaml_remove(text_, path));
    }
    Status set_rule(const ClusterEdit& edit) {
        const auto place = place_of(cluster_->port_rules, edit.name);
        if (!place) return unknown("rule", cluster_->port_rules, edit.name);
        const YamlPath rule = with(below("port_rules"), *place);
        for (const KeyValue& pair : edit.keys) {
            if (pair.key == "name")
                return Error{
                    "a rule keeps its name: add one with the new name and remove the former one"};
            if (!pair.value.empty()) {
                if (const Status done = keep(yaml_set(text_, rule, pair.key, yaml_of(pair))); !done)
                    return done;
            } else if (find(with(rule, pair.key))) {
                if (const Status done = keep(yaml_remove(text_, with(rule, pair.key))); !done)
                    return done;
            }
        }
        return Done{};
    }

    Status remove_host(const std::string& name) {
        const auto place = place_of(cluster_->hosts, name);
        if (!place) return unknown("host", cluster_->hosts, name);
        if (cluster_->hosts.size() == 1)
            return Error{name + " is the only host of cluster " + cluster_->name};
        return keep(yaml_remove(text_, with(below("hosts"), *place)));
    }

    Status add_vip(const std::string& text) {
        const auto wanted = parse_prefix(text);
        if (!wanted) return Error{wanted.error().message};
        const auto same = [&wanted](const Prefix& one) {
            return one.address == wanted.value().address;
        };
        if (same(cluster_->address) || std::any_of(cluster_->virtual_addresses.begin(),
                                                   cluster_->virtual_addresses.end(), same))
            return Error{"cluster " + cluster_->name + " has the address " + in_quotes(text) +
                         " already"};
        return append("virtual_addresses", "address", yaml_scalar(text));
    }
    Status remove_vip(const std::string& text) {
        const auto wanted = parse_prefix(text);
        if (!wanted) return Error{wanted.error().message};
        if (cluster_->address.address == wanted.value().address)
            return Error{text + " is the primary address of cluster " + cluster_->name +
                         ": it names the cluster and stays"};
        const auto& all = cluster_->virtual_addresses;
        const auto found = std::find_if(all.begin(), all.end(), [&wanted](const Prefix& one) {
            return one.address == wanted.value().address;
        });
        if (found == all.end())
            return Error{"cluster " + cluster_->name + " has no virtual address " +
                         in_quotes(text)};
        return keep(yaml_remove(text_, with(below("virtual_addresses"),
                                            static_cast<std::size_t>(found - all.begin()))));
    }

    Status use_key(const std::string& file) {
        const auto before = find(below("key_file"));
        if (!before) return Error{"cluster " + cluster_->name + " has no key_file in the text"};
        if (const Status done = append("former_key_files", "key_file", yaml_scalar(before->scalar));
            !done)
            return done;
        return keep(yaml_set(text_, path_, "key_file", yaml_scalar(file)));
    }
    Status retire_key(const std::string& file) {
        const auto list = find(below("former_key_files"));
        if (!list) return Done{};
        for (std::size_t i = 0; i < list->items.size(); ++i)
            if (list->items[i].scalar == file)
                return keep(yaml_remove(text_, list->items.size() == 1
                                                   ? below("former_key_files")
                                                   : with(below("former_key_files"), i)));
        return Done{};
    }

    std::string text_;
    const Cluster* cluster_ = nullptr;
    YamlPath path_;
};

bool is_key(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

}  // namespace

Result<std::vector<KeyValue>> key_values_of(const std::vector<std::string>& words) {
    std::vector<KeyValue> pairs;
    for (const std::string& word : words) {
        const std::size_t sign = word.find('=');
        KeyValue pair{word.substr(0, sign), sign == std::string::npos ? "" : word.substr(sign + 1)};
        if (sign == std::string::npos || !is_key(pair.key))
            return Error{"expected KEY=VALUE, such as ports=80, got " + in_quotes(word)};
        if (std::any_of(word.begin(), word.end(),
                        [](unsigned char c) { return c < ' ' || c == 0x7f; }))
            return Error{pair.key + ": expected one line without control characters"};
        if (std::any_of(pairs.begin(), pairs.end(),
                        [&pair](const KeyValue& one) { return one.key == pair.key; }))
            return Error{"expected " + pair.key + " once, got it again"};
        pairs.push_back(std::move(pair));
    }
    return pairs;
}

Result<std::string> edit_cluster(std::string_view text, const Config& before,
                                 const std::string& cluster, const ClusterEdit& edit) {
    ClusterText edited(text, before, cluster);
    if (const Status done = edited.edit(edit); !done) return done.error();
    return std::move(edited.text());
}

}  // namespace nlb::config
