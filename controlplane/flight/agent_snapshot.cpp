#include "controlplane/flight/agent_snapshot.hpp"

#include "core/base/fnv.hpp"

namespace nlb::controlplane {
namespace {

// Ids, periods and counts within what a configuration can say; where a recording was tampered with
// the agent's own checks end the program.
bool is_sound(const ClusterSettings& settings) {
    const config::Cluster& cluster = settings.cluster;
    const auto named = [&settings](const config::Host& host) {
        return host.id == settings.host.id && host.name == settings.host.name;
    };
    bool found = false;
    for (const config::Host& host : cluster.hosts) {
        if (host.id < 1 || host.id > kHostsMax) return false;
        found = found || named(host);
    }
    return found && cluster.hosts.size() <= kHostsMax && cluster.port_rules.size() <= kRulesMax &&
           cluster.heartbeat.period >= std::chrono::milliseconds{1} &&
           cluster.heartbeat.tolerance >= config::kToleranceMin &&
           !settings.key_fingerprint.empty();
}

}  // namespace

std::vector<Byte> snapshot_of(const ClusterAgent& agent) {
    StateWriter writer;
    with_fields(agent, [&writer](const auto&... fields) { writer(fields...); });
    return writer.take();
}

Status restore(ClusterAgent& agent, std::span<const Byte> snapshot,
               const StateReader::MakeKeys& make_keys) {
    StateReader reader(snapshot, make_keys);
    with_fields(agent, [&reader](auto&... fields) { reader(fields...); });
    if (reader.is_whole()) return Done{};
    return Error{"the snapshot is of another build"};
}

std::vector<Byte> encode_settings(const ClusterSettings& settings) {
    StateWriter writer;
    writer(settings);
    return writer.take();
}

std::optional<ClusterSettings> decode_settings(std::span<const Byte> bytes) {
    StateReader reader(bytes, nullptr);
    ClusterSettings settings;
    reader(settings);
    if (!reader.is_whole() || !is_sound(settings)) return std::nullopt;
    return settings;
}

// Sizes see most of what a change can do; the version that a recording names is for the rest.
std::uint64_t snapshot_layout() {
    Fnv1a digest;
    for (const std::uint64_t word :
         {std::uint64_t{sizeof(ClusterAgent)}, std::uint64_t{sizeof(Membership)},
          std::uint64_t{sizeof(Peer)}, std::uint64_t{sizeof(config::Cluster)},
          std::uint64_t{sizeof(config::Host)}, std::uint64_t{sizeof(config::PortRule)},
          std::uint64_t{sizeof(config::Health)}, ipc::layout_digest()})
        digest.add(word);
    return digest.digest();
}

}  // namespace nlb::controlplane
