// A burst of frames on its way through the stages: what each frame is, and how it was settled.
// Stages see the whole burst, settle what they can decide and leave the rest live for the next one.
// It owns no frame and decides nothing. A slot is a packet's index in its burst, and a set of slots
// is a word with bit i for slot i. Thread: the worker whose burst it is.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/base/types.hpp"
#include "core/packet/reasons.hpp"

namespace nlb {

inline constexpr std::size_t kBurstMax = 64;

// A frame in somebody else's buffer. Requires: `length` readable and `capacity` writable bytes at
// `data`.
struct Frame {
    Byte* data;
    std::uint16_t length;    // contiguous bytes from the Ethernet header on
    std::uint16_t capacity;  // an answer may grow in place up to this
};

// What a fragment says of itself; set with a kTrait*Fragment only, but for `slot`.
struct FragmentInfo {
    std::uint32_t identification;
    std::uint16_t offset;  // of its data in the datagram, in bytes
    std::uint16_t bytes;   // of its data
    // Of fragment_held: where the caller keeps the frame (core/flow/fragments.hpp). Of steered: the
    // lane that the caller gives the packet to (core/flow/steer.hpp).
    std::uint16_t slot;
    std::uint8_t last;  // no more fragments follow
    std::uint8_t zero;
};

// TCP of a PPTP connection is `control`; its SYN, and an IKE initiation, `begins` a session
// (core/packet/session_protocols.hpp).
enum class SessionRole : std::uint8_t { none, control, begins };

// What the parser and classification learnt of a packet. `client` and `vip` are named for the flow:
// for an ICMP error they are those of the quoted flow, for a frame from inside the source is the
// VIP. Ports and hash are in host order.
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
// client, vip, ports and protocol are those of the quoted flow
inline constexpr std::uint8_t kTraitIcmpError = 4;
inline constexpr std::uint8_t kTraitEchoRequest = 8;
// neither TCP nor UDP, or the quoted packet does not show its ports
inline constexpr std::uint8_t kTraitNoPorts = 16;
inline constexpr std::uint8_t kTraitArp = 32;  // l3_offset is the ARP body
// a neighbour solicitation or advertisement; l4_offset is its ICMPv6 header
inline constexpr std::uint8_t kTraitNeighbour = 64;
// of an IPsec or GRE session, or an ICMP error about one (core/packet/session_protocols.hpp)
inline constexpr std::uint8_t kTraitSession = 128;

// PacketInfo::rule before classification, and of packets that need none.
inline constexpr RuleId kNoRule = 0xff;

struct Burst {
    std::uint32_t count = 0;
    // Of all its packets together: a stage for a rare trait asks here first.
    std::uint8_t traits = 0;
    bool handed_over = false;  // another lane of this host gave these frames to this one
    // For explain and traces: the fast path fills PacketInfo of what it settles, too.
    bool describe_all = false;
    bool one_rule = false;  // the fast path found that every packet has the rule of the first
    // Slots that the fast path took over: parse to locate pass over them. Their packets are settled
    // or wait for track.
    std::uint64_t on_fast_path = 0;
    // Of these: those that wait for track or track_sticky, and fragments, which have their
    // PacketInfo and wait for FragmentTable::follow.
    std::uint64_t waiting = 0;
    std::uint64_t fragments = 0;
    // Slots of rules with a time-out: the fast path and classify say so, and the track_sticky stage
    // settles them.
    std::uint64_t sticky = 0;
    std::array<Frame, kBurstMax> frames;
    std::array<PacketInfo, kBurstMax> info;
    std::array<Reason, kBurstMax> reasons;  // Reason::live until a stage settles the packet
    // Of the packets on the fast path. Their PacketInfo is set only when they wait for a stage, or
    // with describe_all.
    std::array<RuleId, kBurstMax> rules;

    // kNoRule: none was asked. Requires: slot < count.
    [[nodiscard]] RuleId rule_at(std::uint32_t slot) const {
        return (on_fast_path >> slot & 1U) != 0 ? rules[slot] : info[slot].rule;
    }
};

// The bits of a word, lowest first: `for (const std::uint32_t i : Slots(bits))`.
class Slots {
public:
    explicit Slots(std::uint64_t bits) : bits_(bits) {}
    class Iterator {
    public:
        explicit Iterator(std::uint64_t bits) : bits_(bits) {}
        std::uint32_t operator*() const {
            return static_cast<std::uint32_t>(std::countr_zero(bits_));
        }
        Iterator& operator++() {
            bits_ &= bits_ - 1;
            return *this;
        }
        bool operator!=(const Iterator& other) const { return bits_ != other.bits_; }

    private:
        std::uint64_t bits_;
    };
    [[nodiscard]] Iterator begin() const { return Iterator(bits_); }
    [[nodiscard]] Iterator end() const { return Iterator(0); }

private:
    std::uint64_t bits_;
};
static_assert(kBurstMax == 64);

[[nodiscard]] inline std::uint64_t all_slots(const Burst& burst) {
    return burst.count == kBurstMax ? ~std::uint64_t{0} : (std::uint64_t{1} << burst.count) - 1;
}
// The fast path has settled every packet: no stage has anything left to do.
[[nodiscard]] inline bool is_settled(const Burst& burst) {
    return ((all_slots(burst) & ~burst.on_fast_path) | burst.waiting | burst.fragments) == 0;
}
// What the fast path has left to the stages behind it.
[[nodiscard]] inline Slots off_fast_path(const Burst& burst) {
    return Slots(all_slots(burst) & ~burst.on_fast_path);
}

// The slots with this reason. Every x86-64 has SSE2.
[[nodiscard]] inline std::uint64_t slots_of(const Burst& burst, Reason reason) {
    std::uint64_t slots = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi8(static_cast<char>(reason));
    for (std::size_t i = 0; i < kBurstMax; i += sizeof(__m128i)) {
        const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&burst.reasons[i]));
        slots |= std::uint64_t{static_cast<std::uint16_t>(
                     _mm_movemask_epi8(_mm_cmpeq_epi8(some, wanted)))}
                 << i;
    }
#else
    for (std::size_t i = 0; i < kBurstMax; ++i)
        slots |= std::uint64_t{burst.reasons[i] == reason} << i;
#endif
    return slots & all_slots(burst);
}

// Calls `use` with each reason that occurs and its slots: most bursts have two or three.
template <class Use>
void for_each_reason(const Burst& burst, const Use& use) {
    for (std::uint64_t left = all_slots(burst); left != 0;) {
        const Reason reason = burst.reasons[static_cast<std::size_t>(std::countr_zero(left))];
        const std::uint64_t same = slots_of(burst, reason);
        left &= ~same;
        use(reason, same);
    }
}

}  // namespace nlb
