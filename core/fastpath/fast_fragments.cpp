// One frame after the other: what parse, steer, answer_neighbours, classify and locate would say of
// a fragment behind a usual IP header. tests/unit/core/fastpath compares the two.
#include "core/fastpath/fast_fragments.hpp"

#include "core/fastpath/usual_ipv6.hpp"
#include "core/flow/steer.hpp"
#include "core/packet/headers.hpp"
#include "core/packet/ownership.hpp"
#include "core/packet/transport_headers.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {
namespace {

// A fragment, and where it is sent to.
struct Piece {
    RuleKey address;  // its key
    const Byte* data;
    FragmentInfo fragment;
    std::uint8_t protocol;
    [[nodiscard]] bool is_first() const { return fragment.offset == 0; }
};

// The fast parse has set the protocol and the port of a key, too, whatever they are worth.
RuleKey address_of(RuleKey key) {
    return key >> kKeyAddressShift << kKeyAddressShift;
}

// As judge_fragment() in core/packet/parse_network.cpp.
bool is_sound(const Piece& piece) {
    const FragmentInfo& fragment = piece.fragment;
    if (std::size_t{fragment.offset} + fragment.bytes > kDatagramBytesMax) return false;
    if (fragment.bytes == 0 || (fragment.last == 0 && fragment.bytes % 8 != 0)) return false;
    return piece.protocol != kProtocolTcp || fragment.offset != 8;
}

struct OverV4 {
    static constexpr std::uint8_t kVersion = 4;
    static constexpr std::size_t kHeaders = sizeof(Ipv4Header);
    static constexpr std::size_t kSource = offsetof(Ipv4Header, source);
    static constexpr std::size_t kDestination = offsetof(Ipv4Header, destination);
    static IpAddress address(const Byte* at) { return mapped_from(at); }

    // Requires: the fast parse found a fragment.
    static bool read(const Frame& frame, const MatchKeys& match_keys, RuleKey key, Piece& piece) {
        const auto header = load_header<Ipv4Header>(frame.data + match_keys.l3);
        const std::uint16_t total = header.total_length.host();
        if (total < sizeof header) return false;
        const std::uint16_t word = header.fragment.host();
        piece.address = address_of(key);
        piece.data = frame.data + match_keys.l3 + sizeof header;
        piece.protocol = header.protocol;
        piece.fragment = {header.identification.host(),
                          static_cast<std::uint16_t>((word & kIpv4OffsetMask) * 8),
                          static_cast<std::uint16_t>(total - sizeof header),
                          0,
                          static_cast<std::uint8_t>((word & kIpv4MoreFragments) == 0),
                          0};
        return true;
    }
};

// With the fragment header right behind IPv6's, and no other.
struct OverV6 {
    static constexpr std::uint8_t kVersion = 6;
    static constexpr std::size_t kHeaders = sizeof(Ipv6Header) + sizeof(Ipv6FragmentHeader);
    static constexpr std::size_t kSource = offsetof(Ipv6Header, source);
    static constexpr std::size_t kDestination = offsetof(Ipv6Header, destination);
    static IpAddress address(const Byte* at) { return load_header<IpAddress>(at); }

    static bool read(const Frame& frame, const MatchKeys& match_keys, RuleKey, Piece& piece) {
        const std::size_t header = match_keys.l3 + sizeof(Ipv6Header);
        if (frame.length < header ||
            frame.data[match_keys.l3 + offsetof(Ipv6Header, next_header)] != kProtocolFragment)
            return false;
        const Byte* const ip = usual_ipv6(frame, match_keys, piece.address);
        if (ip == nullptr) return false;
        const std::size_t bytes =
            load_big_endian<std::uint16_t>(ip + offsetof(Ipv6Header, payload_length));
        if (bytes < sizeof(Ipv6FragmentHeader)) return false;
        const auto fragment = load_header<Ipv6FragmentHeader>(frame.data + header);
        const std::uint16_t word = fragment.offset_more.host();
        piece.data = frame.data + header + sizeof fragment;
        piece.protocol = fragment.next_header;
        piece.fragment = {fragment.identification.host(),
                          static_cast<std::uint16_t>(word & kIpv6OffsetMask),
                          static_cast<std::uint16_t>(bytes - sizeof fragment),
                          0,
                          static_cast<std::uint8_t>((word & 1U) == 0),
                          0};
        // neither offset nor more: a whole packet (RFC 6946)
        return !piece.is_first() || piece.fragment.last == 0;
    }
};

class FragmentSettlement {
public:
    FragmentSettlement(Burst& burst, const BurstContext& context, const MatchKeys& match_keys)
        : burst_(burst), context_(context), match_keys_(match_keys), index_(match_keys.index) {}

    // False: the stages have to look at it.
    template <class Version>
    bool settle(std::uint32_t slot, RuleKey key) {
        Piece piece;
        const Frame& frame = burst_.frames[slot];
        if (!Version::read(frame, match_keys_, key, piece) || !is_sound(piece)) return false;
        OutcomeId outcome = kOutcomeForeign;
        if (!(piece.is_first() ? ask_for_first(piece, outcome) : ask_for_later(piece, outcome)))
            return false;
        const Byte* const ip = frame.data + match_keys_.l3;
        const IpAddress client = Version::address(ip + Version::kSource);
        if (context_.lanes > 1 && home_lane(client, context_) != context_.lane) return false;
        PacketInfo& info = burst_.info[slot];
        info = {};
        info.client = client;
        info.vip = Version::address(ip + Version::kDestination);
        info.l3_offset = match_keys_.l3;
        info.l4_offset = static_cast<std::uint16_t>(match_keys_.l3 + Version::kHeaders);
        info.ip_version = Version::kVersion;
        info.protocol = piece.protocol;
        info.rule = kNoRule;
        info.fragment = piece.fragment;
        if (address_index_of(piece.address) != kForeignAddress)
            info.vip_index = static_cast<std::uint8_t>(address_index_of(piece.address));
        burst_.reasons[slot] =
            piece.is_first() ? settle_first(piece, outcome, info) : settle_later(outcome, info);
        burst_.rules[slot] = info.rule;
        return true;
    }

private:
    [[nodiscard]] bool ask_for_first(const Piece& piece, OutcomeId& outcome) const {
        if (piece.protocol != kProtocolUdp || !is_udp_header(piece.data, piece.fragment.bytes))
            return false;
        const auto port =
            load_big_endian<std::uint16_t>(piece.data + offsetof(UdpHeader, destination));
        outcome = index_.outcome_of(piece.address | rule_key(0, kProtocolUdpBit, port));
        return (outcome & kOutcomeStages) == 0 &&
               (index_.sticky_rules >> (outcome & kOutcomeRule) & 1U) == 0;
    }
    // Whatever its rule is: 0 of a virtual address.
    [[nodiscard]] static bool ask_for_later(const Piece& piece, OutcomeId& outcome) {
        const std::uint16_t index = address_index_of(piece.address);
        outcome = index == kForeignAddress ? kOutcomeForeign : OutcomeId{0};
        return index != kOtherAddress;
    }
    Reason settle_first(const Piece& piece, OutcomeId outcome, PacketInfo& info) const {
        const Tables& tables = context_.tables;
        info.traits = kTraitFirstFragment;
        info.client_port = load_big_endian<std::uint16_t>(piece.data);
        info.vip_port =
            load_big_endian<std::uint16_t>(piece.data + offsetof(UdpHeader, destination));
        const auto rule = static_cast<RuleId>(outcome & kOutcomeRule);
        if (rule != kOutcomeForeign) info.rule = rule;
        if (const Reason fixed = index_.fixed_reason[rule]; fixed != Reason::live) return fixed;
        info.hash =
            client_hash(tables.hash_key, index_.affinity[rule], info.client, info.client_port);
        info.bucket = bucket_of(info.hash);
        if (!context_.fence_holds) return Reason::fenced;
        return owns(tables, rule, info.bucket) ? Reason::owner
                                               : rejection(tables, rule, info.bucket);
    }
    static Reason settle_later(OutcomeId outcome, PacketInfo& info) {
        info.traits = kTraitLaterFragment | kTraitNoPorts;
        return outcome == kOutcomeForeign ? Reason::not_our_address : Reason::fragment_unmatched;
    }

    Burst& burst_;
    const BurstContext& context_;
    const MatchKeys& match_keys_;
    const TablesIndex& index_;
};

}  // namespace

void settle_fragments(Burst& burst, const BurstContext& context, const MatchKeys& match_keys,
                      const FastParse& parsed) {
    FragmentSettlement settlement(burst, context, match_keys);
    std::uint64_t settled = 0;
    if (parsed.over_v6)
        for (const std::uint32_t i : off_fast_path(burst))
            settled |= std::uint64_t{settlement.settle<OverV6>(i, 0)} << i;
    else
        for (const std::uint32_t i : Slots(parsed.fragments))
            settled |= std::uint64_t{settlement.settle<OverV4>(i, parsed.key[i])} << i;
    burst.on_fast_path |= settled;
    burst.fragments |= settled;
}

}  // namespace nlb
