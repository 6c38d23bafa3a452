// What `nlb explain` says of one packet, for the page: a form's words in, each member's decision
// out. It runs config/explanation, which runs what the cores run.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "config/explanation.hpp"
#include "controlplane/agent/cluster_agent.hpp"

namespace nlb::controlplane {

// A copy of what a cluster's cores go by at a moment, so that another thread may ask it.
struct ExplainScene {
    config::Cluster cluster;
    HashKey hash_key{};
    std::uint64_t epoch = 0;
    struct Host {
        HostId id;
        config::Ownership ownership;
        bool serves;
    };
    std::vector<Host> hosts;  // the members, by id
};
// An error where this host takes no part and so knows no map.
[[nodiscard]] Result<ExplainScene> explain_scene(const ClusterAgent& agent, Instant now);

// `protocol` tcp, udp or icmp, `client`, `client_port`, `vip`, `port`; ports are numbers or absent.
[[nodiscard]] Result<config::PacketWish> packet_wish(const nlohmann::json& body);

// The answer's object; a sentence when the words describe no packet. Thread: any.
[[nodiscard]] Result<nlohmann::json> explain_answer(const ExplainScene& scene,
                                                    const config::PacketWish& wish);

}  // namespace nlb::controlplane
