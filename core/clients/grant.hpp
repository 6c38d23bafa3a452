// What hosts ask of and tell one another about clients that were somewhere before
// (docs/protocol.md, "Sticky clients"): plain values on their way between cores, control planes and
// hosts. Nothing here decides.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/base/types.hpp"

namespace nlb {

// A client as a rule's affinity sees it, in one bucket: 64 bits of a keyed hash (client_name() in
// core/clients/client_record.hpp), never 0. Two clients of one name are one client to every host.
using ClientName = std::uint64_t;

// A core of the bucket's owner has committed itself: `host` may serve the client from now on.
struct GrantRequest {
    std::uint64_t era;  // Tables::era it was decided by
    ClientName client;
    std::int64_t decided_ns;  // this host's monotonic clock
    std::uint32_t timeout_ms;
    HostId host;
    RuleId rule;
    BucketId bucket;
    std::uint8_t zero;
};
static_assert(sizeof(GrantRequest) == 32 && std::has_unique_object_representations_v<GrantRequest>);

// A request older than this is not passed on: owners wait that much longer than the time-out
// (commitment_ms()).
inline constexpr Duration kGrantPatience = std::chrono::milliseconds{50};

// This host's cores may serve the client until then, as long as they go by tables of that era.
struct GivenGrant {
    ClientName client;
    std::int64_t until_ns;  // this host's monotonic clock
    RuleId rule;
    BucketId bucket;
    std::array<std::uint8_t, 6> zero;
};
static_assert(sizeof(GivenGrant) == 24 && std::has_unique_object_representations_v<GivenGrant>);

inline constexpr std::size_t kGrantsPerFrame = 37;

struct GrantCounts {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;  // and passed to the cores
    // another epoch, another life of either host, not the bucket's owner, or too late
    std::uint64_t refused = 0;
    std::uint64_t stale = 0;  // requests of cores that were not passed on
};

}  // namespace nlb
