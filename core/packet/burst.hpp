// A burst of frames on its way through the stages: what each frame is, and how it was settled.
// Stages see the whole burst, settle what they can decide and leave the rest live for the next one.
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

// What a fragment says of itself. Of no meaning without a kTrait*Fragment.
struct FragmentInfo {
    std::uint32_t identification;
    std::uint16_t offset;  // of its data in the datagram
    std::uint16_t bytes;   // of its data
    // where the caller keeps it while it waits (core/flow/fragments.hpp); the lane of a steered
    // packet
    std::uint16_t slot;
    std::uint8_t last;  // no more fragments follow
    std::uint8_t zero;
};

// core/flow/sessions.hpp: TCP of a PPTP connection is `control`; its SYN and an IKE initiation are
// `begins`.
enum class SessionRole : std::uint8_t { none, control, begins };

// What the parser learnt. `client` and `vip` are named for the flow: for an ICMP error they are
// those of the quoted flow, for a frame from inside the source is the VIP.
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
// of an IPsec or GRE session, or an ICMP error about one (core/flow/sessions.hpp)
inline constexpr std::uint8_t kTraitSession = 128;

// PacketInfo::rule before classification, and of packets that need none.
inline constexpr RuleId kNoRule = 0xff;

struct Burst {
    std::uint32_t count = 0;
    // of all its packets together: a stage for a rare trait asks here first
    std::uint8_t traits = 0;
    bool handed_over = false;  // another lane of this host gave these frames to this one
    // for whoever asks: fast_path() fills PacketInfo of what it settles, too
    bool describe_all = false;
    bool one_rule = false;  // fast_path() found that every packet has the rule of the first
    // bit i: the fast_path stage has said of packet i what parse to locate would say
    std::uint64_t on_fast_path = 0;
    // bit i: packet i is of a rule with a time-out; classify says so, and the stick stage settles
    // it
    std::uint64_t sticky = 0;
    std::array<Frame, kBurstMax> frames;
    std::array<PacketInfo, kBurstMax> info;
    std::array<Reason, kBurstMax> reasons;  // Reason::live until a stage settles the packet
    // of on_fast_path packets, whose PacketInfo is there only when track needed it, or describe_all
    std::array<RuleId, kBurstMax> rules;

    [[nodiscard]] RuleId rule_at(std::uint32_t slot) const {
        return (on_fast_path >> slot & 1U) != 0 ? rules[slot] : info[slot].rule;
    }
};

// The slots of a burst that the fast_path stage has left to the stages behind it: `for (const
// std::uint32_t i : off_fast_path(burst))`.
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
[[nodiscard]] inline Slots off_fast_path(const Burst& burst) {
    return Slots(all_slots(burst) & ~burst.on_fast_path);
}

// Bit i: packet i has this reason. Every x86-64 has SSE2.
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

// Calls `use` with each reason that occurs and its slots: most bursts know two or three.
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
