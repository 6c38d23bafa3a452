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
const auto kFillOutcomes = has_avx2() ? fill_outcomes_avx2 : fill_outcomes_portable;
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

// Bit i: frame i has this outcome. Undefined where the column is.
std::uint64_t slots_of(const OutcomeColumn& outcomes, OutcomeId id) {
    std::uint64_t same = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi8(static_cast<char>(id));
    for (std::size_t i = 0; i < kBurstMax; i += sizeof(__m128i)) {
        const __m128i some = _mm_load_si128(reinterpret_cast<const __m128i*>(&outcomes.id[i]));
        same |= std::uint64_t{static_cast<std::uint16_t>(
                    _mm_movemask_epi8(_mm_cmpeq_epi8(some, wanted)))}
                << i;
    }
#else
    for (std::size_t i = 0; i < kBurstMax; ++i) same |= std::uint64_t{outcomes.id[i] == id} << i;
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

// The packets of one burst, outcome by outcome.
class Settlement {
public:
    Settlement(Burst& burst, const BurstContext& context, const FlowIndex& flow_index,
               const FastParse& parsed, std::uint64_t usual, std::uint16_t l3)
        : burst_(burst),
          context_(context),
          flow_index_(flow_index),
          parsed_(parsed),
          key_(context.tables.hash_key),
          l3_(l3),
          left_(usual) {}

    // Most bursts ask for one address and port; of the others each packet is asked for its outcome.
    void settle_all() {
        if (left_ == 0) return;
        const RuleKey first = parsed_.key[*Slots(left_).begin()];
        if ((left_ & slots_of(parsed_, first)) == left_) {
            settle_group(context_.index->outcome_of(first), left_);
            return;
        }
        OutcomeColumn outcomes;
        kFillOutcomes(parsed_, left_, *context_.index, outcomes);
        while (left_ != 0) {
            const OutcomeId id = outcomes.id[*Slots(left_).begin()];
            settle_group(id, left_ & slots_of(outcomes, id));
        }
    }

private:
    void settle_group(OutcomeId id, std::uint64_t same) {
        left_ &= ~same;
        if ((id & kOutcomeStages) != 0) return;
        set_rule_outcome(outcome_, id, context_, flow_index_);
        if (outcome_.fixed != Reason::live)
            settle_alike(same);
        else
            settle_by_bucket(same);
        burst_.on_fast_path |= same;
        burst_.one_rule = same == all_slots(burst_) && outcome_.rule != kNoRule;
    }
    void settle_alike(std::uint64_t same) {
        for (const std::uint32_t i : Slots(same)) {
            burst_.reasons[i] = outcome_.fixed;
            burst_.rules[i] = outcome_.rule;
        }
        if (!burst_.describe_all) return;
        for (const std::uint32_t i : Slots(same)) describe(i, 0, 0);
    }
    void settle_by_bucket(std::uint64_t same) {
        if ((same & ~placed_) != 0 || placed_by_ != outcome_.affinity) {
            placed_ = left_ | same;
            placed_by_ = outcome_.affinity;
            kFillColumns(parsed_, placed_, key_, ClientShare(placed_by_), columns_);
        }
        const std::uint64_t live =
            settle(outcome_, same, parsed_, columns_, context_.tables, flow_index_, burst_);
        if (outcome_.sticky) burst_.sticky |= same;
        for (const std::uint32_t i : Slots(burst_.describe_all ? same : live))
            describe(i, columns_.hash[i], columns_.bucket[i]);
    }
    void describe(std::uint32_t i, std::uint32_t hash, BucketId bucket) {
        PacketInfo& info = burst_.info[i];
        const RuleKey key = parsed_.key[i];
        const bool foreign = address_index_of(key) == kForeignAddress;
        const be32 client{parsed_.client[i]};
        info.hash = hash;
        info.rule = outcome_.rule;
        info.bucket = bucket;
        info.client = mapped_from(reinterpret_cast<const Byte*>(&client));
        info.vip =
            foreign ? mapped_from(burst_.frames[i].data + l3_ + offsetof(Ipv4Header, destination))
                    : context_.tables.addresses[address_index_of(key)].address;
        info.client_port = static_cast<std::uint16_t>(parsed_.client_port[i]);
        info.vip_port = port_of(key);
        info.l3_offset = l3_;
        info.l4_offset = static_cast<std::uint16_t>(l3_ + sizeof(Ipv4Header));
        info.ip_version = 4;
        info.protocol = protocol_bit_of(key) == kProtocolTcpBit ? kProtocolTcp : kProtocolUdp;
        info.tcp_flags = static_cast<std::uint8_t>(parsed_.tcp_flags[i]);
        info.traits = 0;
        info.vip_index =
            foreign ? std::uint8_t{0} : static_cast<std::uint8_t>(address_index_of(key));
        info.session_role = SessionRole::none;
        info.fragment = {};
    }

    Burst& burst_;
    const BurstContext& context_;
    const FlowIndex& flow_index_;
    const FastParse& parsed_;
    const SaltedKey key_;
    const std::uint16_t l3_;
    std::uint64_t left_;
    std::uint64_t placed_ = 0;
    Affinity placed_by_ = Affinity::single;
    BucketColumns columns_;
    RuleOutcome outcome_;
};

// Bursts are mostly of one IP version; which one is looked for first decides nothing else.
bool begins_with_v6(const Burst& burst, std::size_t l3) {
    const Frame& first = burst.frames[0];
    return burst.count != 0 && first.length >= l3 &&
           load_big_endian<std::uint16_t>(first.data + l3 - sizeof(be16)) == kEthertypeIpv6;
}

}  // namespace

void fast_path(Burst& burst, const BurstContext& context, const FlowIndex& flow_index) {
    burst.on_fast_path = 0;
    burst.one_rule = false;
    burst.sticky = 0;
    if (context.tables.self == kNoHost || context.index == nullptr) return;
    const MatchKeys match_keys(context);
    const bool v6_first = begins_with_v6(burst, match_keys.l3);
    if (v6_first &&
        (burst.on_fast_path = fast_path_v6(burst, context, flow_index)) == all_slots(burst))
        return;
    FastParse parsed;
    const std::uint64_t usual = kFastParse(burst, match_keys, parsed);
    Settlement(burst, context, flow_index, parsed, usual, match_keys.l3).settle_all();
    if (!v6_first && burst.on_fast_path != all_slots(burst))
        burst.on_fast_path |= fast_path_v6(burst, context, flow_index);
}

}  // namespace nlb
