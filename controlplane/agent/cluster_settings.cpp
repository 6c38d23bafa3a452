// The protocol knows no names and no texts: what it needs is numbers that follow from the file
// alike on every host.
#include "controlplane/agent/cluster_settings.hpp"

#include "config/table_builder.hpp"
#include "controlplane/agent/frame_envelope.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {

config::CanonicalLines agreed_lines_of(const ClusterSettings& settings) {
    return config::agreed_lines(settings.cluster, settings.key_fingerprint.empty()
                                                      ? config::fingerprint_of(settings.hash_key)
                                                      : settings.key_fingerprint);
}

MembershipParams params_of(const ClusterSettings& settings) {
    const config::Cluster& cluster = settings.cluster;
    NLB_ASSERT(settings.host.id >= 1 && settings.host.id <= kHostsMax);
    MembershipParams params;
    params.self = settings.host.id;
    params.cluster = cluster_number(cluster);
    params.slots = static_cast<std::uint8_t>(cluster.port_rules.size() + 1);
    params.single_slots = config::single_slots(cluster);
    params.keep_slots = config::keep_slots(cluster);
    params.sticky = config::has_sticky_rules(cluster);
    for (const config::Host& host : cluster.hosts) params.configured.insert(host.id);
    params.majority = cluster.partition == config::PartitionMode::majority;
    params.timing = Timing::from(cluster.heartbeat.period, cluster.heartbeat.tolerance);
    params.config_digest = config::digest_of(agreed_lines_of(settings));
    params.generation = cluster.generation;
    params.versions = settings.versions;
    return params;
}

}  // namespace nlb::controlplane
