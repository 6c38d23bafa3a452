// Several hosts' files made one configuration: hosts come together by the cluster's primary
// address. Where files differ in what a cluster must agree upon nothing is chosen: the value stays
// to be filled in, and a comment names both files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/windows/imported.hpp"

namespace nlb::cli::windows {

// Stands where Windows says nothing, or two things; config/ refuses it by its place.
inline constexpr const char* kToFillIn = "\"TODO\"";

struct Merged {
    std::string yaml = kToFillIn;
    std::string comment;  // empty: none
};

struct MergedRule {
    std::string name;
    RuleCover cover;
    Merged mode;
    Merged affinity;  // empty yaml: the mode has none
};

struct MergedHost {
    Merged name;
    Merged id;
    Merged initial_state;
    std::vector<config::Prefix> addresses;
    std::map<std::string, std::uint8_t> weights;  // by rule name
    std::map<std::string, std::uint8_t> priorities;
    std::string files;  // where it was read
};

struct MergedCluster {
    IpAddress address;
    std::map<std::string, Merged> values;  // by key, without what nobody said
    std::vector<config::Prefix> virtual_addresses;
    bool rules_said = false;
    std::vector<MergedRule> rules;
    std::vector<MergedHost> hosts;  // by id; those without one last
};

// Two hosts that cannot be told apart, or too many of them, are mistakes.
[[nodiscard]] std::vector<MergedCluster> merge(const std::vector<ImportedHost>& hosts,
                                               Findings& findings);

}  // namespace nlb::cli::windows
