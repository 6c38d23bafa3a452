// What one file says of one host in one cluster, in the words of our YAML. Values are texts, so
// that hosts are compared and written alike; whatever is not here Windows did not say.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/windows/reading.hpp"
#include "config/schema.hpp"

namespace nlb::cli::windows {

struct Value {
    std::string yaml;
    Place place;
};

// Two rules are the same one when they cover the same.
struct RuleCover {
    std::optional<IpAddress> vip;  // empty: all
    config::PortRange ports;
    config::Protocols protocols = config::Protocols::both;
};
[[nodiscard]] bool operator==(const RuleCover& one, const RuleCover& other);
// "tcp-80", "port-0-1023-on-192-0-2-81", "any"; different for different covers.
[[nodiscard]] std::string name_of(const RuleCover& cover);

struct ImportedRule {
    RuleCover cover;
    Place place;
    std::string mode;                    // of our YAML
    std::string affinity;                // "single", "{kind: single, timeout: 20m}"; mode multiple
    std::optional<std::uint8_t> weight;  // mode multiple; empty: equal
    std::optional<std::uint8_t> priority;  // mode single
};

struct ImportedHost {
    Place place;
    IpAddress cluster;  // the primary address, which is the cluster's identity
    // By key: "name", "address", "mode", "heartbeat.period", "connections.max", ...
    std::map<std::string, Value> cluster_values;
    std::vector<config::Prefix> virtual_addresses;
    std::optional<Value> name;
    std::optional<Value> id;
    std::optional<Value> initial_state;
    std::vector<config::Prefix> addresses;
    std::vector<ImportedRule> rules;
    bool rules_said = false;
};

// A row of the table of what changes.
struct Change {
    std::string parameter;
    std::string windows;
    std::string here;
    Place place;
};

inline constexpr std::size_t kNotesMax = 200;

struct Findings {
    Mistakes mistakes;
    std::vector<Change> changes;     // parameters that are not taken as they are, each once
    std::vector<std::string> notes;  // what a reader should know or do

    // Each sentence once. It begins with its place.
    void note(const Place& place, const std::string& sentence);
};

// Gives the reading a meaning; what cannot be one is a mistake with its place. Nothing: the reading
// names no cluster address, which is a mistake too.
[[nodiscard]] std::optional<ImportedHost> interpret(const Reading& reading, Findings& findings);

}  // namespace nlb::cli::windows
