// What the two processes of one host say to each other over the run directory's `dataplane.sock`
// (unix, seqpacket). One datagram is one message: a MessageHeader, then exactly the struct named
// beside its type, then for some a run of bytes. Native byte order: both ends are the same build on
// the same machine, which `Hello::build` proves. Messages take effect in the order sent; the order
// is what makes "stored before it is stated" true (docs/protocol.md). The dataplane has no
// opinions: it answers, installs, sends and punts.
//
// The dataplane numbers its clusters and says their names in hello; every other message bears the
// number. Whoever finds that the two programs do not mean the same clusters says `refused`.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/fnv.hpp"
#include "core/base/limits.hpp"
#include "core/base/types.hpp"
#include "core/clients/grant.hpp"
#include "core/ipc/port_report.hpp"
#include "core/packet/counters.hpp"
#include "core/tables/tables.hpp"
#include "core/wire/heartbeat_seal.hpp"

namespace nlb::ipc {

inline constexpr std::uint32_t kProtocolVersion = 7;
inline constexpr std::size_t kMessageBytesMax = 64 * 1024;
// membership's memory, kept for a warm restart
inline constexpr std::size_t kBlockBytesMax = 8 * 1024;
inline constexpr std::size_t kFrameBytesMax = 1514;  // an Ethernet frame without its checksum
inline constexpr std::size_t kLanesShown = 128;      // as many as a dataplane has workers

enum class MessageType : std::uint16_t {
    // dataplane to control plane
    // Hello + the stored block + its settings as text; one per cluster, at once after connecting
    hello = 1,
    installed = 2,  // Installed: the grace period is over, no core uses the former tables any more
    punted = 3,     // Punted + the frame
    // Status: the answer to status_request, and unasked when the link goes up or down or the
    // inside device is ready or is not
    status = 4,
    counters = 5,  // CountersReport: the answer to counters_request
    // from either side: the rest of the datagram is one sentence; whoever says it closes the
    // connection after it
    refused = 6,
    // Requests + so many GrantRequest: clients that cores have left to their former hosts
    requests = 7,
    // control plane to dataplane
    install = 32,  // Install + Tables
    lease = 33,    // Lease
    store = 34,    // the rest of the datagram is the block, at most kBlockBytesMax
    // Send + a frame for the outside port; its source is masked by the dataplane
    send = 35,
    status_request = 36,    // nothing
    counters_request = 37,  // nothing
    // Grants + so many GivenGrant: clients that other hosts have left to this one
    grants = 39,
    // SealKeys, from core/wire/heartbeat_seal.hpp: heartbeats that bear no such seal share a small
    // budget
    seal_keys = 38,
    // Verified: the newest frame of each host whose tag was right and whose sender is believed;
    // cores measure
    // heartbeats by it
    verified = 40,
    // on `trace.sock` (core/ipc/trace_messages.hpp)
    trace_request = 64,   // Request + its instructions, from `nlb trace`
    trace_packet = 65,    // Packet + the first bytes of the frame
    trace_progress = 66,  // Progress
};

struct MessageHeader {
    std::uint16_t type;
    std::uint16_t cluster;  // the number that hello gave it: the place among the dataplane's own
    std::uint32_t bytes;    // of the whole datagram
};
static_assert(sizeof(MessageHeader) == 8);

// Whether what this host accepts would reach a server. Everything but `ready` keeps the host from
// owning a bucket.
enum class InsideState : std::uint32_t {
    ready,
    device_missing,     // the kernel has no interface of that name
    addresses_missing,  // some are not on it, and cannot be set
    link_down,          // nothing is plugged in
    server_unknown,     // nobody inside has answered yet: there is no MAC to send to
};
struct Inside {
    InsideState state;
    std::uint32_t missing;    // addresses of this host that are not on the kernel's interface
    IpAddress first_missing;  // of those, where there are some
};
static_assert(std::has_unique_object_representations_v<Inside>);

struct Hello {
    std::uint32_t version;  // kProtocolVersion
    std::uint32_t link_up;
    std::uint64_t build;          // layout_digest()
    std::int64_t valid_until_ns;  // of the lease last set; the earliest instant when none was
    std::uint64_t layout;         // Tables::layout of those tables
    std::uint64_t install_token;  // of the tables last installed by a control plane; 0: none
    RuleMasks own;                // what those tables let the cores accept
    RuleMasks dirty;              // buckets not owned in which descriptors are held
    PortAddresses ports;
    std::uint32_t block_bytes;  // what follows at once
    // behind the block: what both programs must hold alike, see config/digest.hpp paired_lines
    std::uint32_t settings_bytes;
    std::uint32_t cluster_count;  // as many hellos come, 1..kClustersMax
    Inside inside;
    std::array<char, kClusterNameBytes> cluster_name;  // ends with a zero
};

// Requires: shorter than kClusterNameBytes.
inline void set_cluster_name(Hello& hello, std::string_view name) {
    NLB_ASSERT(name.size() < kClusterNameBytes);
    hello.cluster_name = {};
    name.copy(hello.cluster_name.data(), name.size());
}
// Up to the first zero, or all of it.
[[nodiscard]] inline std::string_view cluster_name_of(const Hello& hello) {
    const std::string_view whole{hello.cluster_name.data(), hello.cluster_name.size()};
    return whole.substr(0, whole.find('\0'));
}

struct Installed {
    std::uint64_t token;
    RuleMasks dirty;
};

struct Punted {
    std::int64_t received_ns;  // monotonic
};

struct Status {
    // newest frame of any kind on the outside port, monotonic; the earliest instant when none
    std::int64_t last_rx_ns;
    // when the worker that is furthest behind began its last poll; the earliest instant before the
    // first one
    std::int64_t oldest_poll_ns;
    std::uint64_t cluster_bursts;  // see core/packet/counters.hpp
    std::uint32_t link_up;
    std::uint32_t tables_installed;
    Inside inside;
    RuleMasks dirty;
    std::array<std::uint64_t, kRuleSlots> connections;
};

// A connection that a server here begins from a virtual address, and whose answers another host
// gets. Port 0 of `from`: there was none.
struct Opening {
    IpAddress from;
    IpAddress to;
    std::uint16_t from_port;
    std::uint16_t to_port;
    std::uint32_t zero;
};
static_assert(std::has_unique_object_representations_v<Opening>);

struct CountersReport {
    Counters counters;  // summed over the workers
    RuleMasks dirty;
    std::uint64_t punts_lost;  // heartbeats that found the ring or the socket full
    std::uint64_t cycles_per_second;
    std::uint64_t fenced_intervals;  // times that a lease ran out while tables were installed
    std::uint64_t worker_count;
    std::uint64_t clients;               // remembered, of rules with a time-out
    std::uint64_t clients_unremembered;  // for whom there was no room, since the start
    std::uint64_t commitments;           // clients left to other hosts
    std::uint64_t cycles_now;            // of the time stamp counter, when this was counted
    std::uint64_t buffers;               // frame buffers of this dataplane, over all clusters
    std::uint64_t buffers_free;
    std::uint64_t ring_frames_most;  // in the fullest ring between cores, and what it holds
    std::uint64_t ring_frames_room;
    std::array<std::uint64_t, kLanesShown> busy_cycles;  // by worker of the cluster
    std::array<PortReport, kPortsOfCluster> ports;
    Opening opening;  // the newest of Reason::answered_elsewhere
};

struct Install {
    std::uint64_t token;
};

// A stopped dataplane finds, when it goes on, what its control plane has said meanwhile. What the
// others heard of that as news would be a host that they have buried: a frame is lost rather than
// late.
struct Send {
    std::int64_t not_after_ns;  // absolute, of config/daemon/clock.hpp
};

struct Lease {
    std::int64_t valid_until_ns;  // absolute, of config/daemon/clock.hpp
};

// By host id - 1; sequence 0: none of that host.
struct VerifiedLife {
    std::uint64_t sequence;
    std::uint32_t boot;
    std::uint32_t term;
};
struct Verified {
    std::array<VerifiedLife, kHostsMax> hosts;
};
static_assert(std::has_unique_object_representations_v<Verified>);

inline constexpr std::size_t kGrantsAtOnce = 64;
struct Requests {
    std::uint64_t count;  // at most kGrantsAtOnce
};
struct Grants {
    std::uint64_t era;    // of the tables that they hold under
    std::uint64_t count;  // at most kGrantsAtOnce
};

// Equal exactly when both ends lay out every message alike.
[[nodiscard]] constexpr std::uint64_t layout_digest() {
    Fnv1a digest;
    for (const std::uint64_t word :
         {std::uint64_t{kProtocolVersion}, std::uint64_t{sizeof(Hello)},
          std::uint64_t{sizeof(Installed)}, std::uint64_t{sizeof(Status)},
          std::uint64_t{sizeof(Send)}, std::uint64_t{sizeof(SealKeys)},
          std::uint64_t{sizeof(Verified)}, std::uint64_t{sizeof(CountersReport)},
          std::uint64_t{sizeof(Tables)}, std::uint64_t{sizeof(GrantRequest)},
          std::uint64_t{sizeof(GivenGrant)}, std::uint64_t{kReasonCount}, std::uint64_t{kBuckets}})
        digest.add(word);
    return digest.digest();
}

// A message taken apart. `body` and `rest` point into the datagram.
struct MessageView {
    MessageType type;
    std::uint16_t cluster;
    std::span<const Byte> payload;

    // The struct at the payload's start; nothing when the payload is too short for it.
    template <class Body>
    [[nodiscard]] std::optional<Body> body() const {
        static_assert(std::is_trivially_copyable_v<Body>);
        if (payload.size() < sizeof(Body)) return std::nullopt;
        Body copy;
        std::memcpy(&copy, payload.data(), sizeof copy);
        return copy;
    }
    // What follows a Body. Requires: body<Body>() gave one.
    template <class Body>
    [[nodiscard]] std::span<const Byte> rest_after() const {
        return payload.subspan(sizeof(Body));
    }
    // `count` times Item behind a Body; nothing when the payload is of another size.
    template <class Body, class Item>
    [[nodiscard]] std::optional<std::vector<Item>> items(std::uint64_t count) const {
        static_assert(std::is_trivially_copyable_v<Item>);
        if (payload.size() < sizeof(Body) || count > kGrantsAtOnce ||
            payload.size() - sizeof(Body) != count * sizeof(Item))
            return std::nullopt;
        std::vector<Item> items(count);
        if (count != 0)
            std::memcpy(items.data(), payload.data() + sizeof(Body), count * sizeof(Item));
        return items;
    }
};

// Nothing when the datagram is not a whole message.
[[nodiscard]] std::optional<MessageView> read_message(std::span<const Byte> datagram);

// A datagram ready to be sent: header, body (may be empty), rest (may be empty). Its reader refuses
// one of more than kMessageBytesMax, or of a cluster beyond kClustersMax.
[[nodiscard]] std::vector<Byte> write_message(MessageType type, std::uint16_t cluster,
                                              std::span<const Byte> body = {},
                                              std::span<const Byte> rest = {});

template <class Body>
[[nodiscard]] std::span<const Byte> bytes_of(const Body& body) {
    static_assert(std::is_trivially_copyable_v<Body>);
    return {reinterpret_cast<const Byte*>(&body), sizeof body};
}

// Of a peer that asked what cannot be: one sentence, after which the connection is closed.
[[nodiscard]] inline std::vector<Byte> write_refusal(std::string_view sentence) {
    return write_message(MessageType::refused, 0,
                         {reinterpret_cast<const Byte*>(sentence.data()), sentence.size()});
}

}  // namespace nlb::ipc
