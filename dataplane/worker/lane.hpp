// One queue of one cluster's pair of ports, or a share of the flows where there are fewer queues
// than workers, with everything that the worker who serves it needs. A worker serves one lane of
// each cluster that names its CPU; a lane has exactly one worker. Main fills it in before workers
// start and changes nothing afterwards but the atomics.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/clients/client_table.hpp"
#include "core/flow/fragments.hpp"
#include "core/packet/counters.hpp"
#include "core/tables/tables.hpp"
#include "core/wire/heartbeat_policer.hpp"
#include "core/wire/heartbeat_repeats.hpp"
#include "dataplane/frames/buffers.hpp"
#include "dataplane/frames/doorbell.hpp"
#include "dataplane/ports/waker.hpp"
#include "dataplane/startup/memory.hpp"
#include "dataplane/worker/conn_table.hpp"
#include "dataplane/worker/fence.hpp"
#include "dataplane/worker/gate.hpp"
#include "dataplane/worker/held_fragments.hpp"
#include "dataplane/worker/latest_flow.hpp"
#include "dataplane/worker/packet_trace.hpp"
#include "dataplane/worker/software_rss.hpp"
#include "dataplane/worker/tables_in_use.hpp"

namespace nlb::dataplane {

inline constexpr std::uint16_t kNoQueue = 0xffff;
inline constexpr std::size_t kLanesMax = 128;

// A MAC in one word that a core reads whole. No station has the MAC of all zeros.
[[nodiscard]] inline std::uint64_t word_of(const MacAddress& mac) {
    std::uint64_t word = 0;
    for (const Byte byte : mac.bytes) word = word << 8 | byte;
    return word;
}
[[nodiscard]] inline MacAddress mac_in(std::uint64_t word) {
    MacAddress mac;
    for (std::size_t i = mac.bytes.size(); i-- > 0; word >>= 8)
        mac.bytes[i] = static_cast<Byte>(word);
    return mac;
}

struct Lane {
    // `seed` makes the slots of what it remembers unpredictable from outside.
    explicit Lane(std::uint64_t seed = 0) : fragments(seed) {}

    [[nodiscard]] std::uint16_t port(Side side) const {
        return side == Side::outside ? outside_port : inside_port;
    }

    std::uint16_t outside_port = 0;
    std::uint16_t inside_port = 0;
    // kNoQueue: frames come from other lanes, and leave through them
    std::uint16_t queue = 0;
    // of the outside port, where the adapter has one for them; first lane only
    std::uint16_t heartbeat_queue = kNoQueue;
    std::uint16_t number = 0;  // among the cluster's lanes
    std::uint32_t worker = 0;  // who serves it
    // of taps: rung after frames were sent; nullptr: the port is none
    Doorbell* outside_tap = nullptr;
    Doorbell* inside_tap = nullptr;
    Waker outside_waker;
    Waker inside_waker;
    Waker heartbeat_waker;  // of the queue for them, where there is one
    // how long its worker may sleep that no frame wakes
    std::uint32_t sleep_most_ns = 1'000'000'000;
    // While it is shut no port is used; main may then change the ports and wakers above.
    Gate gate;
    PortAddresses addresses;
    const Fence* fence = nullptr;
    rte_ring* to_main = nullptr;  // heartbeats
    // frames to send; nullptr on all lanes of a cluster but its first
    rte_ring* from_main = nullptr;
    Doorbell* doorbell = nullptr;
    // from other lanes of the cluster: frames that this one has to decide
    Ring steered;
    std::vector<Lane*> peers;                    // the cluster's lanes by number, this one too
    std::vector<const FlowIndex*> flow_indexes;  // theirs
    Doorbell* bell = nullptr;                    // of the worker who serves it
    SoftwareRss rss;                             // where there are fewer queues than lanes

    std::unique_ptr<ConnTable> connections;
    FragmentTable fragments;
    HeldFrames held;  // the fragments that wait

    HeartbeatPolicer policer;  // the worker's alone
    HeartbeatRepeats repeats;  // the worker's alone
    // How long a heartbeat that says nothing new may wait for main's next look.
    Duration quiet_wait{};
    // What the control plane has verified; it lives as long as the cluster. nullptr: nothing.
    const VerifiedHeartbeats* verified = nullptr;

    // Written by main, read by the worker per heartbeat; publishes the keys it points to, which
    // live as long as the cluster.
    std::atomic<const SealKeys*> seal_keys{nullptr};
    // Written by main before the first tables that need it; publishes the table, which lives as
    // long as the cluster.
    std::atomic<ClientTable*> clients{nullptr};
    // Written by main, read by the worker once per burst: the MAC of servers that are not this
    // kernel (word_of); 0: the inside device's own. Publishes nothing but itself.
    std::atomic<std::uint64_t> server_mac{0};
    // Written by main, read by the worker once per burst; publishes the tables it points to, which
    // live until every lane has adopted newer ones.
    std::atomic<const IndexedTables*> tables{nullptr};
    TablesInUse in_use;
    // as many frames as its queues and rings can hold
    std::uint32_t backlog_most = 4 * kRingDescriptors;

    // Written by main, read by the worker once per poll; publishes the trace it points to, which
    // lives until a grace period is over.
    std::atomic<PacketTrace*> trace{nullptr};

    // Written by the worker; main reads words, relaxed.
    alignas(64) Counters counters{};
    // publishes nothing but itself
    std::atomic<std::int64_t> last_rx_ns{kLongAgo.time_since_epoch().count()};
    // When its last poll began; a worker that hangs shows by it. Publishes nothing but itself.
    std::atomic<std::int64_t> last_poll_ns{kLongAgo.time_since_epoch().count()};
    // publishes nothing but itself
    std::atomic<std::uint64_t> punts_lost{0};
    LatestFlow answered_elsewhere;  // of Reason::answered_elsewhere
};

}  // namespace nlb::dataplane
