// What the protocol asks its shell to do, as plain values. The shell carries out the actions of one
// call in the order given and before the next call; docs/protocol.md says why that order matters.
// Nothing here decides.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "core/base/types.hpp"
#include "core/clients/grant.hpp"
#include "core/cluster/causes.hpp"
#include "core/cluster/checkpoint.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

struct SendFrame {
    ClusterFrame frame;
};
// Answer with on_installed(token) when no core uses the former tables any more.
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
// The staged configuration is in force: it numbers the rules of every later install.
struct UseConfig {
    std::uint64_t digest = 0;
    std::uint64_t generation = 0;
};
struct SetLease {
    Instant valid_until;
};
// Somebody whom this host can reach shall say something: a gateway, a neighbour. What they answer
// is of no interest; on_dataplane_alive tells that something came in.
struct AskWitnesses {};
struct StoreCheckpoint {
    Checkpoint checkpoint;
};
// What people and metrics should know. Nothing has to be done.
struct Report {
    enum class Kind : std::uint8_t {
        joined,        // `members`: of the first epoch of this incarnation
        adopted,       // `members`: of an epoch that another host published
        proposed,      // `members`: of an epoch that this host published
        converged,     // `members`: of the epoch that all of them state and serve by
        reset,         // `cause`: why this host gave up its map
        believed,      // a new incarnation of `host` has shown that it hears this host
        buried,        // `silence`: how long `host` was not heard
        duplicate_id,  // `yields`: this one waits until the other is silent
        deaf,          // no frame of any kind arrives
        split_brain,   // `host` belongs to another cluster of this name, and this one gives way
        left,          // nothing is owned any more
    } kind;
    HostId host = kNoHost;  // the peer concerned, the coordinator, or this host
    ResetCause cause = ResetCause::none;
    Duration silence{};
    std::size_t members = 0;
    bool yields = false;
};
using Action = std::variant<SendFrame, InstallTables, UseConfig, SetLease, StoreCheckpoint, Report,
                            GiveGrants, AskWitnesses>;
using Actions = std::vector<Action>;

}  // namespace nlb
