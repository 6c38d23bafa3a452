// What an operator's verbs change in a configuration's text: rules, hosts and virtual addresses of
// one cluster, its key, its generation. Text in, text out. Whether the result is a configuration is
// the loader's matter; here is only refused what cannot be written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.hpp"
#include "core/base/result.hpp"

namespace nlb::config {

// As on a command line: `ports=80`, `health={check: http}`, `addresses=192.0.2.14/24`.
struct KeyValue {
    std::string key;
    std::string value;  // empty: the key is taken out, where it may be missing
};
// An error says what a word should look like.
[[nodiscard]] Result<std::vector<KeyValue>> key_values_of(const std::vector<std::string>& words);

enum class EditKind : std::uint8_t {
    add_rule,
    remove_rule,  // and what hosts say of it
    set_rule,
    add_host,
    remove_host,
    add_vip,
    remove_vip,
    use_key,     // `name` is the new key file; the one before stays among the former ones
    retire_key,  // `name` is a former key file that goes
    none,        // only the generation
};

struct ClusterEdit {
    EditKind kind = EditKind::none;
    std::string name;            // of the rule, host or key file; the address
    std::vector<KeyValue> keys;  // of add and set
    std::uint64_t generation = 0;
};

// `cluster` is a name in `before`, which was read from `text`. Requires: before has the cluster.
[[nodiscard]] Result<std::string> edit_cluster(std::string_view text, const Config& before,
                                               const std::string& cluster, const ClusterEdit& edit);

}  // namespace nlb::config
