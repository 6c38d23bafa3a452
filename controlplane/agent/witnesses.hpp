// Whom a host that hears nothing asks before it believes itself deaf (R12): the addresses that the
// configuration names, or else the gateway and the neighbours that the kernel knows. Any answer is
// as good as another: it shows that frames arrive. It decides nothing.
#pragma once

#include <vector>

#include "controlplane/agent/cluster_channel.hpp"
#include "controlplane/agent/cluster_settings.hpp"
#include "core/base/types.hpp"

namespace nlb::controlplane {

class Witnesses {
public:
    static constexpr std::size_t kAskedMax = 16;  // of one question

    // Both outlive it.
    Witnesses(const ClusterSettings& settings, ClusterChannel& channel)
        : settings_(settings), channel_(channel) {}

    // The gateway and the neighbours, the best ones first.
    void use_neighbours(std::vector<IpAddress> neighbours) { neighbours_ = std::move(neighbours); }
    [[nodiscard]] const std::vector<IpAddress>& neighbours() const { return neighbours_; }
    void use_port(const MacAddress& outside) { outside_ = outside; }
    // Sends the question to each.
    void ask(Instant now);
    [[nodiscard]] const std::vector<IpAddress>& present() const;
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.neighbours_, self.outside_);
    }

private:
    const ClusterSettings& settings_;
    ClusterChannel& channel_;
    std::vector<IpAddress> neighbours_;
    MacAddress outside_;
};

}  // namespace nlb::controlplane
