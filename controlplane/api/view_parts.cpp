// The spelling of what answers have in common.
#include "controlplane/api/view_parts.hpp"

#include "config/format.hpp"

namespace nlb::controlplane {

std::string hexadecimal(std::uint64_t number) {
    std::string text(16, '0');
    for (std::size_t i = 0; i < 16; ++i) text[15 - i] = "0123456789abcdef"[number >> (4 * i) & 15U];
    return text;
}

std::string name_of_host(const config::Cluster& cluster, HostId id) {
    for (const config::Host& host : cluster.hosts)
        if (host.id == id) return host.name;
    return id == kNoHost ? "" : "id " + std::to_string(id);
}

nlohmann::json texts_of(const std::vector<config::Prefix>& all) {
    nlohmann::json texts = nlohmann::json::array();
    for (const config::Prefix& prefix : all) texts.push_back(config::to_string(prefix));
    return texts;
}

}  // namespace nlb::controlplane
