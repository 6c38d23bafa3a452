// Whether this host serves what it should, and one sentence about it, for whoever watches a
// service: /healthz and the service manager. `nlb query` exits by the same word.
#pragma once

#include <string>

#include "controlplane/agent/cluster_roster.hpp"

namespace nlb::controlplane {

struct Serving {
    // False while a cluster that this host should serve is not served. A host that was stopped on
    // purpose does what it should.
    bool as_it_should = false;
    // "converged as default host, 2 hosts" or "SERVES NOBODY: ..."; with the cluster's name before
    // it where there are several.
    std::string sentence;
};

[[nodiscard]] Serving serving_of(const ClusterAgents& agents, Instant now);

}  // namespace nlb::controlplane
