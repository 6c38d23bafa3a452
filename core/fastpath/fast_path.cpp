// From what the fast parse finds (core/fastpath/fast_parse.hpp) to rule, bucket
// (core/fastpath/bucket_columns.hpp) and owner. Of a packet that is settled here nobody needs more
// than reason and rule, which are columns of the burst; of those that go on to track PacketInfo is
// what the stages behind would make of it, bit by bit. The work is laid out by rule, because most
// packets of a burst have the same one.
#include "core/fastpath/fast_path.hpp"

#include "core/fastpath/bucket_columns.hpp"
#include "core/fastpath/fast_fragments.hpp"
#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/look_ups_by_rule.hpp"
#include "core/fastpath/rule_outcome.hpp"

namespace nlb {
namespace {

// Chosen at start-up, by what the processor has.
const auto kFastParse = has_avx2() ? fast_parse_avx2 : fast_parse_portable;
const auto kFastParseV6 = has_avx2() ? fast_parse_v6_avx2 : fast_parse_v6_portable;
const auto kFillOutcomes = has_avx2() ? fill_outcomes_avx2 : fill_outcomes_portable;
const auto kFillColumns = has_avx2() ? fill_columns_avx2 : fill_columns_portable;
const auto kFillMixedColumns = has_avx2() ? fill_mixed_columns_avx2 : fill_mixed_columns_portable;
const auto kSettle = has_avx2() ? settle_avx2 : settle_portable;
const auto kSettleMixed = has_avx2() ? settle_mixed_avx2 : settle_mixed_portable;
const auto kFindWatched = has_avx2() ? find_watched_avx2 : find_watched_portable;
const auto kPaint = has_avx2() ? paint_avx2 : paint_portable;

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

// Bit i: the stages alone know what becomes of frame i. Undefined where the column is.
std::uint64_t slots_of_stages(const OutcomeColumn& outcomes) {
    std::uint64_t slots = 0;
#ifdef __SSE2__
    static_assert(kOutcomeStages == 0x80);
    for (std::size_t i = 0; i < kBurstMax; i += sizeof(__m128i)) {
        const __m128i some = _mm_load_si128(reinterpret_cast<const __m128i*>(&outcomes.id[i]));
        slots |= std::uint64_t{static_cast<std::uint16_t>(_mm_movemask_epi8(some))} << i;
    }
#else
    for (std::size_t i = 0; i < kBurstMax; ++i)
        slots |= std::uint64_t{(outcomes.id[i] & kOutcomeStages) != 0} << i;
#endif
    return slots;
}

// The packets of one burst and IP version. Most bursts ask for one rule, whose packets are settled
// by a row of reasons; of bursts that ask for several each packet finds its own rule's.
class Settlement {
public:
    Settlement(Burst& burst, const BurstContext& context, const FlowIndex& flow_index,
               const FastParse& parsed, std::uint64_t usual, std::uint16_t l3)
        : burst_(burst),
          context_(context),
          index_(*context.index),
          flow_index_(flow_index),
          parsed_(parsed),
          key_(context.tables.hash_key),
          l3_(l3),
          usual_(usual) {}

    void settle_all() {
        if (usual_ == 0) return;
        const std::uint32_t first = *Slots(usual_).begin();
        const RuleKey key = parsed_.key[first];
        if ((usual_ & slots_of(parsed_, key)) == usual_) {
            settle_alike(index_.outcome_of(key));
            return;
        }
        OutcomeColumn outcomes;
        kFillOutcomes(parsed_, usual_, index_, outcomes);
        const OutcomeId id = outcomes.id[first];
        if ((usual_ & slots_of(outcomes, id)) == usual_)
            settle_alike(id);
        else
            settle_mixed(outcomes, usual_ & ~slots_of_stages(outcomes));
    }

private:
    void settle_alike(OutcomeId id) {
        if ((id & kOutcomeStages) != 0) return;
        set_rule_outcome(outcome_, id, context_, flow_index_);
        burst_.on_fast_path |= usual_;
        burst_.one_rule = usual_ == all_slots(burst_);
        if (outcome_.fixed != Reason::live) {
            kPaint(bytes_of(burst_.reasons), static_cast<Byte>(outcome_.fixed), usual_);
            kPaint(burst_.rules.data(), outcome_.rule, usual_);
            if (burst_.describe_all) describe_all(usual_);
            return;
        }
        kFillColumns(parsed_, usual_, key_, ClientShare(outcome_.affinity), columns_);
        const std::uint64_t begin_or_end = find_begins_and_ends();
        std::uint64_t live =
            kSettle(outcome_.by_bucket, outcome_.rule, usual_, columns_, burst_) & ~begin_or_end;
        if (outcome_.look_up.watched != 0)
            live = without_unwatched(live, outcome_.look_up.to_track,
                                     [this](std::uint32_t) { return outcome_.look_up.to_track; });
        go_on(live | begin_or_end, begin_or_end, usual_);
        if (outcome_.sticky) burst_.sticky |= live | begin_or_end;
    }

    // Of TCP packets that begin or end a flow, those in clean buckets: they go on to track. A
    // bucket in which a flow may begin in this very burst is clean no more, because the flow index
    // does not know that flow yet.
    std::uint64_t find_begins_and_ends() {
        LookUpMasks& look_up = outcome_.look_up;
        if (look_up.clean == 0 && !outcome_.sticky) return 0;
        std::uint64_t found = 0;
        BucketMask opening = 0;
        for (const std::uint32_t i : Slots(usual_ & parsed_.begins_or_ends)) {
            const BucketMask bit = BucketMask{1} << columns_.bucket[i];
            if ((look_up.clean & bit) == 0 && !outcome_.sticky) continue;
            found |= std::uint64_t{1} << i;
            if ((parsed_.tcp_flags[i] & kTcpSyn) != 0) opening |= bit;
        }
        if ((opening & ~look_up.to_track) != 0) {
            look_up.to_track |= opening;
            kFillReasons(outcome_.by_bucket, context_.tables.owner[outcome_.rule],
                         context_.tables.own[outcome_.rule], look_up.to_track | look_up.watched);
        }
        return found;
    }

    void settle_mixed(const OutcomeColumn& outcomes, std::uint64_t slots) {
        static constexpr RuleMasks kNone{};
        const bool fenced = !context_.fence_holds;
        LookUpsByRule look_ups(context_, flow_index_);
        kFillMixedColumns(parsed_, slots, key_, index_, outcomes, columns_);
        const std::uint64_t begin_or_end =
            fenced ? 0 : find_begins_and_ends(outcomes, slots, look_ups);
        const MixedReasons reasons{context_.tables,
                                   index_,
                                   fenced ? kNone : context_.tables.own,
                                   look_ups.live,
                                   fenced ? Reason::fenced : Reason::not_owner,
                                   fenced ? Reason::fenced : Reason::no_owner};
        burst_.on_fast_path |= slots;
        std::uint64_t live =
            kSettleMixed(reasons, outcomes, slots, columns_, burst_) & ~begin_or_end;
        if (look_ups.any_watched != 0)
            live = without_unwatched(live, look_ups.any_to_track, [&](std::uint32_t i) {
                return look_ups.to_track[burst_.rules[i]];
            });
        live |= begin_or_end;
        go_on(live, begin_or_end, slots);
        if (index_.sticky_rules == 0 || fenced) return;
        for (const std::uint32_t i : Slots(live))
            burst_.sticky |= std::uint64_t{is_sticky_rule(burst_.rules[i])} << i;
    }

    // The same of several rules; and what a datagram of a rule with a time-out tells of its client
    // counts for the client's TCP packets in this burst, too.
    std::uint64_t find_begins_and_ends(const OutcomeColumn& outcomes, std::uint64_t slots,
                                       LookUpsByRule& look_ups) const {
        std::uint64_t found = 0;
        const std::uint64_t asked =
            index_.sticky_rules == 0 ? slots & parsed_.begins_or_ends : slots;
        for (const std::uint32_t i : Slots(asked)) {
            const auto rule = static_cast<RuleId>(outcomes.id[i] & kOutcomeRule);
            if (index_.fixed_reason[rule] != Reason::live) continue;
            const BucketMask bit = BucketMask{1} << columns_.bucket[i];
            const bool sticky = is_sticky_rule(rule);
            const bool datagram = sticky && (outcomes.id[i] & kOutcomeUdp) != 0;
            const bool begins_or_ends = (parsed_.begins_or_ends >> i & 1U) != 0;
            if (!datagram && !(begins_or_ends && (sticky || (look_ups.clean[rule] & bit) != 0)))
                continue;
            found |= std::uint64_t{1} << i;
            if (datagram || (parsed_.tcp_flags[i] & kTcpSyn) != 0) look_ups.add_to_track(rule, bit);
        }
        return found;
    }
    [[nodiscard]] bool is_sticky_rule(RuleId rule) const {
        return (index_.sticky_rules >> rule & 1U) != 0;
    }

    // In a bucket with watched flows only theirs go on to track, unless the bucket is one of those
    // to track anyway: `to_track` of a slot, `some` of any.
    template <class ToTrack>
    std::uint64_t without_unwatched(std::uint64_t live, BucketMask some, const ToTrack& to_track) {
        std::uint64_t unwatched = live & ~kFindWatched(parsed_, live, flow_index_.watch_filter());
        if (some != 0)
            for (const std::uint32_t i : Slots(unwatched))
                unwatched &= ~((to_track(i) >> columns_.bucket[i] & 1U) << i);
        kPaint(bytes_of(burst_.reasons), static_cast<Byte>(Reason::owner), unwatched);
        return live & ~unwatched;
    }

    // To track, and there PacketInfo is needed.
    void go_on(std::uint64_t live, std::uint64_t begin_or_end, std::uint64_t slots) {
        burst_.waiting |= live;
        if (begin_or_end != 0)
            kPaint(bytes_of(burst_.reasons), static_cast<Byte>(Reason::live), begin_or_end);
        if (burst_.describe_all)
            describe_all(slots);
        else
            for (const std::uint32_t i : Slots(live))
                describe(i, columns_.hash[i], columns_.bucket[i]);
    }
    // Of what was settled by its rule alone nobody knows a bucket.
    void describe_all(std::uint64_t slots) {
        for (const std::uint32_t i : Slots(slots)) {
            const RuleId rule = burst_.rules[i];
            if (rule == kNoRule || index_.fixed_reason[rule] != Reason::live)
                describe(i, 0, 0);
            else
                describe(i, columns_.hash[i], columns_.bucket[i]);
        }
    }
    void describe(std::uint32_t i, std::uint32_t hash, BucketId bucket) {
        if (parsed_.over_v6)
            describe_as<6>(i, hash, bucket);
        else
            describe_as<4>(i, hash, bucket);
    }
    template <std::uint8_t kVersion>
    void describe_as(std::uint32_t i, std::uint32_t hash, BucketId bucket) {
        PacketInfo& info = burst_.info[i];
        const RuleKey key = parsed_.key[i];
        const std::uint16_t index = address_index_of(key);
        const Byte* const ip = burst_.frames[i].data + l3_;
        if constexpr (kVersion == 6) {
            info.client = load_header<IpAddress>(ip + offsetof(Ipv6Header, source));
            info.vip = load_header<IpAddress>(ip + offsetof(Ipv6Header, destination));
        } else {
            info.client = mapped_from(ip + offsetof(Ipv4Header, source));
            info.vip = mapped_from(ip + offsetof(Ipv4Header, destination));
        }
        info.client_port = static_cast<std::uint16_t>(parsed_.client_port[i]);
        info.vip_port = port_of(key);
        info.l3_offset = l3_;
        info.l4_offset = static_cast<std::uint16_t>(
            l3_ + (kVersion == 6 ? sizeof(Ipv6Header) : sizeof(Ipv4Header)));
        info.hash = hash;
        info.ip_version = kVersion;
        info.protocol = protocol_bit_of(key) == kProtocolTcpBit ? kProtocolTcp : kProtocolUdp;
        info.tcp_flags = static_cast<std::uint8_t>(parsed_.tcp_flags[i]);
        info.traits = 0;
        info.rule = burst_.rules[i];
        info.bucket = bucket;
        info.vip_index =
            index == kForeignAddress ? std::uint8_t{0} : static_cast<std::uint8_t>(index);
        info.session_role = SessionRole::none;
        info.fragment = {};
    }

    Burst& burst_;
    const BurstContext& context_;
    const TablesIndex& index_;
    const FlowIndex& flow_index_;
    const FastParse& parsed_;
    const SaltedKey key_;
    const std::uint16_t l3_;
    const std::uint64_t usual_;
    BucketColumns columns_;
    RuleOutcome outcome_;
};

bool has_ethertype(const Frame& frame, std::size_t l3, std::uint16_t ethertype) {
    return frame.length >= l3 &&
           load_big_endian<std::uint16_t>(frame.data + l3 - sizeof(be16)) == ethertype;
}

// Whether some frame is left that may be usual over this version.
bool has_left(const Burst& burst, std::size_t l3, std::uint16_t ethertype) {
    for (const std::uint32_t i : off_fast_path(burst))
        if (has_ethertype(burst.frames[i], l3, ethertype)) return true;
    return false;
}

void settle_usual(Burst& burst, const BurstContext& context, const FlowIndex& flow_index,
                  const MatchKeys& match_keys) {
    // Bursts are mostly of one IP version; which one is looked for first decides nothing.
    bool over_v6 =
        burst.count != 0 && has_ethertype(burst.frames[0], match_keys.l3, kEthertypeIpv6);
    for (int version = 0; version < 2; ++version, over_v6 = !over_v6) {
        FastParse parsed;
        const std::uint64_t usual =
            (over_v6 ? kFastParseV6 : kFastParse)(burst, match_keys, parsed);
        Settlement(burst, context, flow_index, parsed, usual, match_keys.l3).settle_all();
        if (burst.on_fast_path != all_slots(burst) && (parsed.fragments != 0 || over_v6))
            settle_fragments(burst, context, match_keys, parsed);
        if (burst.on_fast_path == all_slots(burst) ||
            !has_left(burst, match_keys.l3, over_v6 ? kEthertypeIpv4 : kEthertypeIpv6))
            return;
    }
}

}  // namespace

void fast_path(Burst& burst, const BurstContext& context, const FlowIndex& flow_index) {
    burst.on_fast_path = 0;
    burst.one_rule = false;
    burst.sticky = 0;
    burst.waiting = 0;
    burst.fragments = 0;
    if (context.tables.self == kNoHost || context.index == nullptr) return;
    settle_usual(burst, context, flow_index, MatchKeys(context));
}

}  // namespace nlb
