// The map in force as the control plane tells it (docs/control-socket.md, `map`), taken apart: what
// each host states, who owns what, and what the cores of the host that answered go by. It believes
// nothing but what is within its bounds, and decides nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/json.hpp"
#include "config/table_builder.hpp"
#include "config/targets.hpp"
#include "core/base/result.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb::cli {

struct LiveHost {
    HostId id = kNoHost;
    std::string name;
    std::string state;                              // as `query` names it
    bool member = false;                            // of the epoch
    bool stated = false;                            // false: what follows is not known
    std::array<std::uint8_t, kRuleSlots> offers{};  // 0 where disabled or draining
    std::array<RuleState, kRuleSlots> states{};
    RuleMasks own{};
    RuleMasks dirty{};
};

struct LiveMap {
    std::string cluster;
    std::string host;  // who answered
    HostId self = kNoHost;
    bool takes_part = false;  // otherwise it knows no map
    bool serves = false;      // its lease runs
    std::uint64_t epoch = 0;
    HostId coordinator = kNoHost;
    std::uint64_t generation = 0;
    std::string config_digest;
    std::string file;                 // that its configuration was read from
    std::optional<std::string> text;  // of that file
    std::string own_file;             // the operator's, beside which relative key files stand
    std::string key_file;             // as that host reads it
    HostSet members;
    OwnerMap owners{};                                    // who states that it owns
    OwnerMap targets{};                                   // who is meant to
    std::array<std::uint64_t, kRuleSlots> connections{};  // of the host that answered
    std::vector<LiveHost> hosts;
    struct Installed {
        std::uint64_t epoch = 0;
        RuleMasks own{};
        RuleMasks dirty_elsewhere{};
    };
    std::optional<Installed> installed;

    // nullptr when the configuration in force does not name it.
    [[nodiscard]] const LiveHost* find(HostId id) const;
};

// `cluster` is one element of the answer's `clusters`.
[[nodiscard]] Result<LiveMap> read_live_map(const Json& cluster);

// What the cores of that host go by: of the one that answered exactly, of others as they state it.
[[nodiscard]] config::Ownership ownership_of(const LiveMap& map, HostId host);
[[nodiscard]] config::OffersByHost offers_in(const LiveMap& map);

}  // namespace nlb::cli
