// What other hosts say about a configuration that is not this one's, so that both sides can name
// the first difference. It keeps the newest lines of each host, decides when this host should say
// its own, and changes nothing else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/digest.hpp"
#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb::controlplane {

class ConfigExchange {
public:
    // A whole configuration is several frames; more often would not be read faster.
    static constexpr Duration kSayEvery = std::chrono::seconds{1};

    // Parts may come in any order; a part of another digest begins anew. Requires: part.part <
    // part.parts, which decoding has checked.
    void hear(HostId from, const ConfigPart& part);
    // Where `mine` differs from the lines of that digest; nothing while they are not known.
    [[nodiscard]] std::optional<config::Difference> first_difference(
        HostId host, std::uint64_t digest, const config::CanonicalLines& mine) const;
    // Whether to say this host's lines now, as somebody has others.
    [[nodiscard]] bool due(Instant now);
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.heard_, self.said_);
    }

private:
    struct Lines {
        std::uint64_t digest = 0;
        std::vector<std::optional<std::string>> parts;
    };
    std::map<HostId, Lines> heard_;  // at most one a host
    Instant said_ = kLongAgo;
};

}  // namespace nlb::controlplane
