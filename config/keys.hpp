// Every key that an operator may write, declared once: who must agree on it, when a change of it
// takes effect, and its value as text. Digest, reload and the hosts' comparison of configurations
// are made from this table, so that no key can be forgotten by one of them (tests/tidy/test_keys.py
// compares it with the parser). It checks nothing: config/validate.hpp does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/schema.hpp"

namespace nlb::config {

enum class Share : std::uint8_t {
    agreed,  // it can change who answers, or whether: part of the digest
    told,    // heartbeats carry it; it may differ
    own,     // one machine's: it may change how much, never who
};

// When a change takes effect while the cluster runs.
enum class Takes : std::uint8_t {
    at_once,      // this host's alone: at its reload
    when_held,    // once every live host holds the next configuration
    at_start,     // both programs of this host read it when they start
    with_cluster  // the whole cluster has to be stopped: two values of it do not fit together
};

// (path, value). A path holds no "=", and neither holds a line break.
using KeyLines = std::vector<std::pair<std::string, std::string>>;

// What all hosts must hold alike, in a fixed order, but for the key file: config/digest.hpp adds
// its fingerprint. A key at its default has no line: hosts of two builds agree on a key that only
// the newer one knows, as long as nobody uses it. So a default never changes: another one is
// another key.
[[nodiscard]] KeyLines agreed_keys(const Cluster& cluster);
// What such a path means where `lines` of another host do not hold it: the key's default, or
// nothing where there is no such rule, host or check there, or no such key here.
[[nodiscard]] std::optional<std::string> meant_by(const KeyLines& lines, std::string_view path);
// What is this host's own or told by it, and takes effect then.
[[nodiscard]] KeyLines host_keys(const Cluster& cluster, const Host& host, Takes takes);
// What stands beside the clusters; all of it takes effect at a start.
[[nodiscard]] KeyLines program_keys(const Config& config);
// Whether a difference of that path between the file and what is in force needs the whole cluster
// stopped.
[[nodiscard]] bool is_fixed_while_cluster_runs(std::string_view path);

struct KeyDeclaration {
    std::string_view
        path;  // from its mapping: "heartbeat.period", "port_rules[].ports", "hosts[].id"
    Share share;
    Takes takes;
};
// All of them, in the order of config/README.md.
[[nodiscard]] std::vector<KeyDeclaration> all_keys();

}  // namespace nlb::config
