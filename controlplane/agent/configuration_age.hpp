// Of two hosts with different configurations: which one holds the older one, and the one command
// that mends it. It compares generations and writes a sentence; it changes nothing.
#pragma once

#include <cstdint>
#include <string>

#include "config/schema.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

struct ConfigurationAge {
    std::uint64_t here = 0;  // generations
    std::uint64_t there = 0;
    HostId older = kNoHost;  // nobody: they are of one generation, or a reload is under way
    std::string mend;        // where somebody is older: for people, with the host to type it on
};

// `settled`: neither host holds a configuration that is not in force yet; while one does, the other
// only has to read its file.
[[nodiscard]] ConfigurationAge age_of_configuration(const config::Cluster& cluster, HostId here,
                                                    std::uint64_t generation_here, HostId there,
                                                    std::uint64_t generation_there, bool settled);

}  // namespace nlb::controlplane
