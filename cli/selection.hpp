// Which cluster and which hosts of a configuration a command is about, from the words of the
// command line. An error names the words that would have been right.
#pragma once

#include <string>
#include <vector>

#include "config/schema.hpp"
#include "config/targets.hpp"
#include "core/base/result.hpp"

namespace nlb::cli {

// The named cluster; without a name the only one.
[[nodiscard]] Result<const config::Cluster*> choose_cluster(const config::Config& config,
                                                            const std::string& name);

[[nodiscard]] const config::Host* find_host(const config::Cluster& cluster,
                                            const std::string& name);
[[nodiscard]] Result<const config::Host*> choose_host(const config::Cluster& cluster,
                                                      const std::string& name);

// Host names between commas, each once, as a set of ids; an empty text means every host.
[[nodiscard]] Result<HostSet> choose_members(const config::Cluster& cluster,
                                             const std::string& names);
[[nodiscard]] std::vector<std::string> split_names(const std::string& names);

// The hosts of the set by id; those that the cluster does not have are left out.
[[nodiscard]] std::vector<const config::Host*> hosts_by_id(const config::Cluster& cluster,
                                                           HostSet set);
[[nodiscard]] std::string name_of_host(const config::Cluster& cluster, HostId id);
[[nodiscard]] HostSet all_hosts(const config::Cluster& cluster);

using config::name_of_rule;
using config::slots_of;

// gethostname(2), up to the first dot if `cluster` knows only that part.
[[nodiscard]] std::string this_machine();
[[nodiscard]] const config::Host* host_of_this_machine(const config::Cluster& cluster);

}  // namespace nlb::cli
