// Everything that a burst is decided by: the tables, the ports' addresses, the time and the fence.
// One snapshot per burst, so that no packet sees two maps. It owns nothing. The classes of higher
// rooms are only named here: core/packet looks into none of them.
#pragma once

#include <span>

#include "core/base/types.hpp"
#include "core/tables/tables.hpp"

namespace nlb {

class ClientTable;
class FlowIndex;
class TablesIndex;

struct BurstContext {
    const Tables& tables;
    const PortAddresses& ports;
    Instant now;
    bool fence_holds;  // the lease runs and the link is up
    // Which of how many workers' lanes this is.
    std::uint16_t lane = 0;
    std::uint16_t lanes = 1;
    // Where clients of rules with a time-out were (core/clients/client_table.hpp), shared by all
    // lanes; nullptr: nobody remembers.
    ClientTable* clients = nullptr;
    // Of the lanes' connection tables (core/flow/flow_index.hpp), by lane; none where there is one
    // lane.
    std::span<const FlowIndex* const> flow_indexes = {};
    // Of `tables` (core/fastpath/tables_index.hpp). nullptr: every packet takes the stages one by
    // one, which changes no verdict.
    const TablesIndex* index = nullptr;
};

// What descriptors are aged by: seconds of the host's monotonic clock, modulo 136 years.
[[nodiscard]] constexpr std::uint32_t seconds_of(Instant now) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

}  // namespace nlb
