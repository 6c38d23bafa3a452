// What tests of findings share: a plan, and the names of what was found.
#pragma once

#include <set>
#include <string>

#include "config/finding_table.hpp"
#include "dataplane/startup/plan.hpp"

namespace nlb::dataplane {

[[nodiscard]] inline std::set<std::string> names_of(const config::Findings& findings) {
    std::set<std::string> names;
    for (const config::Finding& finding : findings) {
        names.emplace(config::kind_of(finding.id).name);
        // Whatever is bad comes with what mends it.
        if (config::is_bad(finding) && finding.mend.empty()) names.insert("no mend");
        if (finding.says.empty() || finding.subject.empty()) names.insert("no words");
    }
    return names;
}
using Names = std::set<std::string>;

// One cluster `web` on CPU 1, by those devices.
[[nodiscard]] inline StartupPlan plan_on(const std::string& outside, const std::string& inside) {
    StartupPlan plan;
    plan.host = "edge1";
    ClusterPlan cluster;
    cluster.name = "web";
    cluster.outside = parse_device(outside, "outside").value();
    cluster.inside = parse_device(inside, "inside").value();
    cluster.cpus = {1};
    cluster.connections_max = 1024;
    plan.clusters = {cluster};
    return plan;
}

}  // namespace nlb::dataplane
