// A burst of frames on its way through the stages: what each frame is, and how it was settled.
// Stages see the whole burst, settle what they can decide and leave the rest live for the next one.
#pragma once

#include <array>
#include <cstdint>

#include "core/reasons.hpp"
#include "core/types.hpp"

namespace nlb {

inline constexpr std::size_t kBurstMax = 64;

// A frame in somebody else's buffer. Requires: `length` readable and `capacity` writable bytes at `data`.
struct Frame {
    Byte* data;
    std::uint16_t length;    // contiguous bytes from the Ethernet header on
    std::uint16_t capacity;  // an answer may grow in place up to this
};

// What a fragment says of itself. Of no meaning without a kTrait*Fragment.
struct FragmentInfo {
    std::uint32_t identification;
    std::uint16_t offset;  // of its data in the datagram
    std::uint16_t bytes;   // of its data
    std::uint16_t place;   // where the caller keeps it while it waits (core/fragments.hpp); the lane of a steered packet
    std::uint8_t last;     // no more fragments follow
    std::uint8_t zero;
};

// core/sessions.hpp: TCP of a PPTP connection is `control`; its SYN and an IKE initiation are `begins`.
enum class SessionRole : std::uint8_t { none, control, begins };

// What the parser learnt. `client` and `vip` are named for the flow: for an ICMP error they are those of the quoted flow,
// for a frame from inside the source is the VIP.
struct alignas(64) PacketInfo {
    IpAddress client;
    IpAddress vip;
    std::uint16_t client_port;
    std::uint16_t vip_port;
    std::uint16_t l3_offset;  // bytes from the start of the frame
    std::uint16_t l4_offset;
    std::uint32_t hash;
    std::uint8_t ip_version;  // 0: not IP
    std::uint8_t protocol;    // of the flow (the quoted one for ICMP errors)
    std::uint8_t tcp_flags;
    std::uint8_t traits;  // kTrait* bits
    RuleId rule;
    BucketId bucket;
    std::uint8_t vip_index;  // into Tables::addresses
    SessionRole session_role;
    FragmentInfo fragment;
};
static_assert(sizeof(PacketInfo) == 64);

inline constexpr std::uint8_t kTraitFirstFragment = 1;
inline constexpr std::uint8_t kTraitLaterFragment = 2;
inline constexpr std::uint8_t kFragmentTraits = kTraitFirstFragment | kTraitLaterFragment;
inline constexpr std::uint8_t kTraitIcmpError = 4;  // client, vip, ports and protocol are those of the quoted flow
inline constexpr std::uint8_t kTraitEchoRequest = 8;
inline constexpr std::uint8_t kTraitNoPorts = 16;    // neither TCP nor UDP, or the quoted packet does not show its ports
inline constexpr std::uint8_t kTraitArp = 32;        // l3_offset is the ARP body
inline constexpr std::uint8_t kTraitNeighbour = 64;  // a neighbour solicitation or advertisement; l4_offset is its ICMPv6 header
inline constexpr std::uint8_t kTraitSession = 128;   // of an IPsec or GRE session, or an ICMP error about one (core/sessions.hpp)

// PacketInfo::rule before classification, and of packets that need none.
inline constexpr RuleId kNoRule = 0xff;

struct Burst {
    std::uint32_t count = 0;
    std::uint8_t traits = 0;  // of all its packets together: a stage for a rare trait asks here first
    std::array<Frame, kBurstMax> frames;
    std::array<PacketInfo, kBurstMax> info;
    std::array<Reason, kBurstMax> reasons;  // Reason::live until a stage settles the packet
};

}  // namespace nlb
