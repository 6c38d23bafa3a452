// From what the fast parse finds (core/fastpath/fast_parse.hpp) to rule, bucket
// (core/fastpath/bucket_columns.hpp) and owner. Of a packet that is settled here nobody needs more
// than reason and rule, which are columns of the burst; of those that go on to track PacketInfo is
// what the stages behind would make of it, bit by bit. The work is laid out by rule, because most
// packets of a burst have the same one.
#include "core/fastpath/fast_path.hpp"

#include "core/fastpath/bucket_columns.hpp"
#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/rule_outcome.hpp"

namespace nlb {
namespace {

// Chosen at start-up, by what the processor has.
const auto kFastParse = has_avx2() ? fast_parse_avx2 : fast_parse_portable;
const auto kFillColumns = has_avx2() ? fill_columns_avx2 : fill_columns_portable;
const auto kSettle = has_avx2() ? settle_avx2 : settle_portable;

// Bit i: frame i has this key. Undefined for frames that are not usual.
std::uint64_t slots_of(const FastParse& parsed, RuleKey key) {
    std::uint64_t same = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(key));
    for (std::size_t i = 0; i < kBurstMax; i += 4) {
        const __m128i some = _mm_load_si128(reinterpret_cast<const __m128i*>(&parsed.key[i]));
        same |= static_cast<std::uint64_t>(
                    _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(some, wanted))))
                << i;
    }
#else
    for (std::size_t i = 0; i < kBurstMax; ++i) same |= std::uint64_t{parsed.key[i] == key} << i;
#endif
    return same;
}

// Of TCP packets that begin or end a flow, those in clean buckets: they go on to track. A bucket in
// which a flow may begin in this very burst is clean no more, because the flow index does not know
// that flow yet.
std::uint64_t find_begins_and_ends(RuleOutcome& outcome, std::uint64_t slots,
                                   const FastParse& parsed, const BucketColumns& columns,
                                   const Tables& tables) {
    LookUpMasks& look_up = outcome.look_up;
    std::uint64_t found = 0;
    BucketMask opening = 0;
    for (const std::uint32_t i : Slots(slots)) {
        const BucketMask bit = BucketMask{1} << columns.bucket[i];
        if ((look_up.clean & bit) == 0) continue;
        found |= std::uint64_t{1} << i;
        if ((parsed.tcp_flags[i] & kTcpSyn) != 0) opening |= bit;
    }
    if ((opening & ~look_up.to_track) != 0) {
        look_up.to_track |= opening;
        kFillReasons(outcome.by_bucket, tables.owner[outcome.rule], look_up.clean,
                     look_up.to_track | look_up.watched);
    }
    return found;
}

// In a bucket with watched flows only theirs go on to track.
std::uint64_t without_unwatched(const RuleOutcome& outcome, std::uint64_t live,
                                const FastParse& parsed, const BucketColumns& columns,
                                const FlowIndex& flow_index, Burst& burst) {
    std::uint64_t watched = live;
    for (const std::uint32_t i : Slots(live)) {
        const auto ports = WatchFilter::ports_of(static_cast<std::uint16_t>(parsed.client_port[i]),
                                                 port_of(parsed.key[i]));
        if (!passes_unwatched(outcome.look_up, columns.bucket[i], flow_index, 0,
                              kMappedPrefix | parsed.client[i], ports))
            continue;
        burst.reasons[i] = Reason::owner;
        watched &= ~(std::uint64_t{1} << i);
    }
    return watched;
}

// The slots whose packets go on to track.
std::uint64_t settle(RuleOutcome& outcome, std::uint64_t slots, const FastParse& parsed,
                     const BucketColumns& columns, const Tables& tables,
                     const FlowIndex& flow_index, Burst& burst) {
    const std::uint64_t begins_or_ends =
        outcome.look_up.clean == 0
            ? 0
            : find_begins_and_ends(outcome, slots & parsed.begins_or_ends, parsed, columns, tables);
    const std::uint64_t live = kSettle(outcome.by_bucket, outcome.rule, slots, columns, burst);
    for (const std::uint32_t i : Slots(begins_or_ends)) burst.reasons[i] = Reason::live;
    return begins_or_ends |
           (outcome.look_up.watched == 0 ? live
                                         : without_unwatched(outcome, live & ~begins_or_ends,
                                                             parsed, columns, flow_index, burst));
}

inline void describe(PacketInfo& info, const FastParse& parsed, const BucketColumns& columns,
                     std::uint32_t i, const RuleOutcome& outcome, const Tables& tables) {
    info.hash = columns.hash[i];
    info.rule = outcome.rule;
    info.bucket = columns.bucket[i];
    const RuleKey key = parsed.key[i];
    const be32 client{parsed.client[i]};
    info.client = mapped_from(reinterpret_cast<const Byte*>(&client));
    info.vip = tables.addresses[vip_index_of(key)].address;
    info.client_port = static_cast<std::uint16_t>(parsed.client_port[i]);
    info.vip_port = port_of(key);
    info.l3_offset = sizeof(EthernetHeader);
    info.l4_offset = sizeof(EthernetHeader) + sizeof(Ipv4Header);
    info.ip_version = 4;
    info.protocol = protocol_bit_of(key) == kProtocolTcpBit ? kProtocolTcp : kProtocolUdp;
    info.tcp_flags = static_cast<std::uint8_t>(parsed.tcp_flags[i]);
    info.traits = 0;
    info.vip_index = vip_index_of(key);
    info.session_role = SessionRole::none;
    info.fragment = {};
}

// Bursts are mostly of one IP version; which one is looked for first decides nothing else.
bool begins_with_v6(const Burst& burst) {
    const Frame& first = burst.frames[0];
    return burst.count != 0 && first.length >= sizeof(EthernetHeader) &&
           load_big_endian<std::uint16_t>(first.data + sizeof(EthernetHeader) - 2) ==
               kEthertypeIpv6;
}

}  // namespace

void fast_path(Burst& burst, const BurstContext& context, const FlowIndex& flow_index) {
    burst.on_fast_path = 0;
    burst.one_rule = false;
    // Tagged frames are none of the usual ones, and a cluster in a VLAN has no others.
    if (context.tables.self == kNoHost || context.tables.vlan != 0) return;
    const bool v6_first = begins_with_v6(burst);
    if (v6_first &&
        (burst.on_fast_path = fast_path_v6(burst, context, flow_index)) == all_slots(burst))
        return;
    FastParse parsed;
    const std::uint64_t usual = kFastParse(burst, MatchKeys(context), parsed);
    const SaltedKey key(context.tables.hash_key);
    RuleMemory memory(context.tables);
    BucketColumns columns;
    std::uint64_t placed = 0;
    Affinity placed_by = Affinity::single;
    RuleOutcome outcome;
    for (std::uint64_t left = usual; left != 0;) {
        const RuleKey rule_key = parsed.key[*Slots(left).begin()];
        const std::uint64_t same = left & slots_of(parsed, rule_key);
        left &= ~same;
        set_rule_outcome(outcome, rule_key, context, flow_index, memory);
        if (outcome.left_alone) continue;
        if ((same & ~placed) != 0 || placed_by != outcome.affinity) {
            placed = left | same;
            placed_by = outcome.affinity;
            kFillColumns(parsed, placed, key, ClientShare(placed_by), columns);
        }
        const std::uint64_t live =
            settle(outcome, same, parsed, columns, context.tables, flow_index, burst);
        for (const std::uint32_t i : Slots(burst.describe_all ? same : live))
            describe(burst.info[i], parsed, columns, i, outcome, context.tables);
        burst.on_fast_path |= same;
        burst.one_rule = same == all_slots(burst);
    }
    if (!v6_first && burst.on_fast_path != all_slots(burst))
        burst.on_fast_path |= fast_path_v6(burst, context, flow_index);
}

}  // namespace nlb
