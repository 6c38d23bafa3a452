// What hosts say to each other, as values. Four frames exist: the heartbeat, which every host sends
// each period and at once when something changes; the map, which the coordinator sends until
// everybody states its epoch; a configuration's lines, which tell a host of another configuration
// where the two differ; and grants, by which the owner of a bucket leaves a client to its former
// host. Nothing here encodes, decodes or decides: core/wire/frame_codec.hpp writes and reads the
// bytes, core/wire/map_parts.hpp cuts what does not fit one frame.
//
// The layout, after the Ethernet header (ethertype 0x88B5, IEEE 802 local experimental 1). All
// integers are big-endian; n = header.slots, p, h, m, s and g are counts that stand before what
// they count.
//
// Header
//    0  u32 magic "NLBH"
//    4  u8  version that the frame is written by
//    5  u8  frame type
//    6  u16 key id
//    8  u16 bytes from the magic to the end
//   10  u8  newest version that the sender can speak
//   11  u8  least one
//   12  16 bytes of tag: keyed BLAKE2b over the rest, with the tag as zeros
//   28  u32 cluster
//   32  u8  host id
//   33  u8  state
//   34  u8  flags
//   35  u8  rule slots that follow (n)
//   36  u32 boot
//   40  u32 term
//   44  u64 sequence
//   52  u32 epoch counter
//   56  u32 epoch boot
//   60  u8  epoch coordinator
//   61  3 bytes of seal (core/wire/heartbeat_seal.hpp), which the tag does not cover
// Heartbeat
//   64  u32 view: members of the sender's epoch, bit id - 1
//   68  u64 configuration digest
//   76  u64 generation
//   84  u64 map digest
//   92  u64 staged digest
//  100  u8  peer reports (p)
//  101  u8  staged slots (h)
//  102  2 bytes of zero
//  104  n times { u64 own in bits 0 to 59, rule state above, u64 dirty, u8 offer }; slot n - 1 is
//                 the default rule
//    +  p times { u8 id - 1 in bits 0 to 4, flags above, u32 boot, u32 term,
//                 u64 highest sequence heard }
//    +  h times { u8 offer, bit 7: the rule's server fails its check }; slot h - 1 is the default
//                 rule of the staged configuration
// Map
//   64  u64 map digest
//   72  u64 inputs digest
//   80  u64 configuration digest
//   88  u64 generation
//   96  u64 next digest
//  104  u8  part
//  105  u8  parts
//  106  u8  members (m)
//  107  u8  first slot
//  108  u8  slots (s)
//  109  3 bytes of zero
//  112  m times { u8 id, u32 boot, u32 term }
//    +  s times { 60 times u8 target host }
// Configuration
//   64  u64 digest
//   72  u8  part
//   73  u8  parts
//   74  2 bytes of zero
//   76  the part's text, to the end
// Grants
//   64  u8  grants (g)
//   65  3 bytes of zero
//   68  g times { u8 host, u8 rule, u8 bucket, u8 zero, u32 boot, u32 term, u64 sequence,
//                 u64 client, u32 time-out in milliseconds }
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/types.hpp"
#include "core/clients/grant.hpp"
#include "core/wire/frame_versions.hpp"

namespace nlb {

inline constexpr std::uint16_t kHeartbeatEthertype = 0x88b5;
inline constexpr std::size_t kEthernetHeaderBytes = 14;
// After the Ethernet header. The least MTU that IPv6 allows (RFC 8200, section 5) carries each
// frame, so that no host has to know how narrow the way to another one is.
inline constexpr std::size_t kClusterFrameBytesMax = 1280;
inline constexpr std::size_t kFrameHeaderBytes = 64;

// One life of a host's control plane: `boot` is drawn when its dataplane starts, `term` grows at
// each reset within it.
struct Incarnation {
    std::uint32_t boot = 0;
    std::uint32_t term = 0;
    auto operator<=>(const Incarnation&) const = default;
};

// Compared in this order; all zeros is no epoch. The coordinator's boot keeps two lives of one host
// from publishing two maps under one name: a host that starts and hears nobody counts from one
// again.
struct Epoch {
    std::uint32_t counter = 0;
    HostId coordinator = kNoHost;
    std::uint32_t boot = 0;
    auto operator<=>(const Epoch&) const = default;
};

enum class MemberState : std::uint8_t { join = 1, member = 2 };

// Flags of a heartbeat.
inline constexpr std::uint8_t kFlagLeaving = 1;  // owns less and less; takes nothing
// owns nothing and will not; nobody needs to wait for it
inline constexpr std::uint8_t kFlagGoodbye = 2;
// hears nothing, or nothing that it can verify, and serves nothing; nobody needs to wait for it
inline constexpr std::uint8_t kFlagDeaf = 4;
inline constexpr std::uint8_t kFlagListened = 8;   // has listened for longer than T*P
inline constexpr std::uint8_t kFlagDraining = 16;  // drainstop: takes no new flow, still a member
// some core may still serve by what an older epoch granted (R14)
inline constexpr std::uint8_t kFlagPrevious = 64;
// a joiner that could not hold a lease now: somebody is heard who does not hear it
inline constexpr std::uint8_t kFlagUnready = 32;
// frames to the cluster's MAC have come in all of the last T*P (R15)
inline constexpr std::uint8_t kFlagHearsClients = 128;

// Flags of a peer report.
inline constexpr std::uint8_t kReportBuried = 1;     // I buried this incarnation
inline constexpr std::uint8_t kReportSilent = 2;     // not heard for T*P
inline constexpr std::uint8_t kReportCandidate = 4;  // heard, not believed yet

// `failed`: enabled by the operator, and this host's server does not pass its health check (or has
// not answered one yet). It offers what it would offer otherwise: whoever coordinates needs that
// when every host says so. Never of a rule without a check.
enum class RuleState : std::uint8_t { enabled = 0, disabled = 1, draining = 2, failed = 3 };

struct PeerReport {
    HostId id = kNoHost;
    std::uint8_t flags = 0;
    Incarnation heard;
    std::uint64_t sequence = 0;  // the highest heard of that incarnation
    bool operator==(const PeerReport&) const = default;
};

struct FrameHeader {
    std::uint8_t version = kFrameVersion;  // of the rules that it is written by
    FrameVersions spoken{kFrameVersion, kFrameVersion};
    std::uint16_t key_id = 0;
    std::uint32_t cluster = 0;
    HostId id = kNoHost;
    MemberState state = MemberState::join;
    std::uint8_t flags = 0;
    std::uint8_t slots = 0;  // rules + 1
    Incarnation incarnation;
    std::uint64_t sequence = 0;
    Epoch epoch;
    bool operator==(const FrameHeader&) const = default;
};

struct RuleReport {
    BucketMask own = 0;    // at least what any core of mine may use
    BucketMask dirty = 0;  // not mine, but descriptors are here
    // weight, or 33 - handling priority for rules of mode single; 0: nothing
    std::uint8_t offer = 0;
    RuleState state = RuleState::enabled;
    bool operator==(const RuleReport&) const = default;
};

// Marks an offer that counts only while no host offers without this mark.
inline constexpr std::uint8_t kOfferFailed = 0x80;

// What a rule in that state comes to: nothing when the operator has disabled or drains it, and
// marked when its check fails.
[[nodiscard]] constexpr std::uint8_t effective_offer(std::uint8_t offer, RuleState state) {
    if (state == RuleState::enabled) return offer;
    return state == RuleState::failed && offer != 0
               ? static_cast<std::uint8_t>(offer | kOfferFailed)
               : std::uint8_t{0};
}
// A report that comes to that offer.
[[nodiscard]] constexpr RuleReport rule_of_offer(std::uint8_t offer) {
    RuleReport rule;
    rule.offer = static_cast<std::uint8_t>(offer & ~kOfferFailed);
    if ((offer & kOfferFailed) != 0) rule.state = RuleState::failed;
    return rule;
}
// By RuleId.
[[nodiscard]] std::array<std::uint8_t, kRuleSlots> effective_offers(
    const std::array<RuleReport, kRuleSlots>& rules);

// The configuration that a host has read and does not use before every live host has read it;
// digest 0: none.
struct StagedReport {
    std::uint64_t digest = 0;
    std::uint8_t slots = 0;  // its rules + 1
    // effective ones, by its RuleIds
    std::array<std::uint8_t, kRuleSlots> offers{};
    bool operator==(const StagedReport&) const = default;
};

struct Heartbeat {
    FrameHeader header;
    HostSet view;
    std::uint64_t config_digest = 0;
    std::uint64_t generation = 0;
    std::uint64_t map_digest = 0;
    // by RuleId; on the wire the default rule follows the last configured one
    std::array<RuleReport, kRuleSlots> rules{};
    std::vector<PeerReport> peers;
    StagedReport staged;
    bool operator==(const Heartbeat&) const = default;
};
inline constexpr std::size_t kHeartbeatHeadBytes = kFrameHeaderBytes + 40;
inline constexpr std::size_t kRuleReportBytes = 17;
inline constexpr std::size_t kPeerReportBytes = 17;
inline constexpr std::size_t kPeerReportsMax = 40;
// How many reports fit beside so many slots.
[[nodiscard]] constexpr std::size_t peer_reports_most(std::size_t slots, std::size_t staged_slots) {
    const std::size_t taken = kHeartbeatHeadBytes + slots * kRuleReportBytes + staged_slots;
    const std::size_t room = (kClusterFrameBytesMax - taken) / kPeerReportBytes;
    return room < kPeerReportsMax ? room : kPeerReportsMax;
}
// Every other host, a second holder of this id, and some new lives, always.
static_assert(peer_reports_most(kRuleSlots, kRuleSlots) >= kHostsMax + 2);

struct MemberEntry {
    HostId id = kNoHost;
    Incarnation incarnation;
    bool operator==(const MemberEntry&) const = default;
};

// A whole map; on the wire it takes as many parts as needed, each with the members.
struct ClusterMap {
    Epoch epoch;
    std::vector<MemberEntry> members;  // by id
    std::uint64_t inputs_digest = 0;   // of the offers that the targets were computed from
    std::uint64_t config_digest = 0;   // of the configuration that numbers the rules
    std::uint64_t generation = 0;      // grows with each reload
    // not 0: everything is given back so that this configuration can take over
    std::uint64_t next_digest = 0;
    // Of the rules of this epoch: all its members can speak it. On the wire it is the frames' own.
    std::uint8_t version = 0;
    OwnerMap targets{};
    bool operator==(const ClusterMap&) const = default;
};

struct MapPart {
    FrameHeader header;
    std::uint64_t map_digest = 0;
    std::uint64_t inputs_digest = 0;
    std::uint64_t config_digest = 0;
    std::uint64_t generation = 0;
    std::uint64_t next_digest = 0;
    std::uint8_t part = 0;
    std::uint8_t parts = 1;
    std::uint8_t first_slot = 0;  // wire slots: the default rule is slot header.slots - 1
    std::vector<MemberEntry> members;
    std::vector<std::array<HostId, kBuckets>> targets;
    bool operator==(const MapPart&) const = default;
};
inline constexpr std::size_t kMapHeadBytes = kFrameHeaderBytes + 48;
inline constexpr std::size_t kMemberEntryBytes = 9;
inline constexpr std::size_t kSlotsPerMapPart =
    (kClusterFrameBytesMax - kMapHeadBytes - kHostsMax * kMemberEntryBytes) / kBuckets;
inline constexpr std::size_t kMapPartsMax = (kRuleSlots + kSlotsPerMapPart - 1) / kSlotsPerMapPart;

// A piece of a configuration's canonical lines, for a host that holds another one.
struct ConfigPart {
    FrameHeader header;
    std::uint64_t digest = 0;
    std::uint8_t part = 0;
    std::uint8_t parts = 1;
    std::string text;
    bool operator==(const ConfigPart&) const = default;
};
inline constexpr std::size_t kConfigTextBytesMax = 1200;  // in one part
inline constexpr std::size_t kConfigPartsMax = 64;

// The sender owns the bucket by the header's epoch and leaves the client to `host` for the
// time-out, counted from when that one sent the frame of this sequence.
struct Grant {
    HostId host = kNoHost;
    RuleId rule = 0;
    BucketId bucket = 0;
    Incarnation incarnation;     // of `host`
    std::uint64_t sequence = 0;  // the highest heard of it
    ClientName client = 0;
    std::uint32_t timeout_ms = 0;
    bool operator==(const Grant&) const = default;
};
struct GrantList {
    FrameHeader header;
    std::vector<Grant> grants;  // at most kGrantsPerFrame
    bool operator==(const GrantList&) const = default;
};

using ClusterFrame = std::variant<Heartbeat, MapPart, ConfigPart, GrantList>;
[[nodiscard]] const FrameHeader& header_of(const ClusterFrame& frame);

// The rule that a slot on the wire stands for: the default rule follows the last configured one.
[[nodiscard]] constexpr std::size_t rule_of_wire_slot(std::size_t slot, std::size_t slots) {
    return slot + 1 == slots ? kDefaultRule : slot;
}

}  // namespace nlb
