// What an agent works from: one cluster of the configuration, seen from this host. It is checked by
// whoever read it; nothing here refuses anything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "config/digest.hpp"
#include "config/schema.hpp"
#include "core/cluster/membership.hpp"
#include "core/tables/tables.hpp"

namespace nlb::controlplane {

// The file that the settings were read from, for people and for programs that ask what is in force.
struct ConfigSource {
    std::string file;  // in force: the operator's own, or one that came
    std::string text;
    std::string own_file;  // the operator's; relative key files stand beside it
};

struct ClusterSettings {
    config::Cluster cluster;
    config::Host host;
    HashKey hash_key{};                          // derived from the cluster key
    std::shared_ptr<const ConfigSource> source;  // nothing where no file was read
    // Of the hash key, where that one is withheld: in a recording. Empty: the key is here.
    std::string key_fingerprint = {};
    FrameVersions versions = frame_versions();  // that this program can speak
};

// What the hosts of the cluster must hold alike.
[[nodiscard]] config::CanonicalLines agreed_lines_of(const ClusterSettings& settings);
// What the protocol is told of them. Requires: `host` is one of the cluster's.
[[nodiscard]] MembershipParams params_of(const ClusterSettings& settings);

}  // namespace nlb::controlplane
