// What the protocol asks its shell to do, as plain values. The shell carries out the actions of one
// call in the order given and before the next call; docs/protocol.md says why that order matters.
// Nothing here decides.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/types.hpp"
#include "core/clients/grant.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

struct SendFrame {
    ClusterFrame frame;
};
// answer with on_installed(token) when no core uses the former tables any more
struct InstallTables {
    std::uint64_t token = 0;
    RuleMasks own{};
    RuleMasks dirty_elsewhere{};
    OwnerMap owner{};
    std::uint64_t epoch = 0;
    std::uint64_t era = 0;  // Tables::era
    bool settled = false;
};
// The bucket's owners let this host's cores serve these clients, as long as they go by tables of
// that era.
struct GiveGrants {
    std::uint64_t era = 0;
    std::vector<GivenGrant> grants;
};
// The held configuration is in force: it numbers the rules of every later install.
struct UseConfig {
    std::uint64_t digest = 0;
    std::uint64_t generation = 0;
};
struct SetLease {
    Instant valid_until;
};
struct StoreCheckpoint {
    Checkpoint block;
};
struct Report {
    enum class Kind : std::uint8_t {
        joined,
        adopted,
        converged,
        reset,
        believed,
        buried,
        duplicate_id,
        deaf,
        split_brain,
        left,
        proposed
    } kind;
    HostId host = kNoHost;  // the peer concerned, or the coordinator
    std::string detail;     // one clause for people
};
using Action = std::variant<SendFrame, InstallTables, UseConfig, SetLease, StoreCheckpoint, Report,
                            GiveGrants>;
using Actions = std::vector<Action>;

}  // namespace nlb
