// Eight packets at once, and bytes 32 at once: a reason is found among the 64 of a rule by four
// shuffles of sixteen. Where each packet has a rule of its own, its bucket's owner is gathered.
#include "core/fastpath/bucket_columns.hpp"
#include "core/fastpath/lanes.hpp"

namespace nlb {
namespace {

using namespace lanes;

// Of each byte the entry of a table of 64; a byte beyond it gives 0.
NLB_AVX2_INLINE inline Eight look_up(const Byte* table, Eight index) {
    const Eight beyond = _mm256_set1_epi8(0x70);
    Eight found = _mm256_setzero_si256();
    for (int part = 0; part < 4; ++part) {
        const Eight some = _mm256_broadcastsi128_si256(
            _mm_load_si128(reinterpret_cast<const __m128i*>(table + 16 * part)));
        const Eight here = _mm256_adds_epu8(
            _mm256_xor_si256(index, _mm256_set1_epi8(static_cast<char>(part << 4))), beyond);
        found = _mm256_or_si256(found, _mm256_shuffle_epi8(some, here));
    }
    return found;
}

// A byte of ones for each bit.
NLB_AVX2_INLINE inline Eight spread_bits(std::uint32_t bits) {
    const Eight replicate =
        _mm256_setr_epi64x(0, 0x0101'0101'0101'0101, 0x0202'0202'0202'0202, 0x0303'0303'0303'0303);
    const Eight select = _mm256_set1_epi64x(static_cast<long long>(0x8040'2010'0804'0201ULL));
    const Eight bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), replicate);
    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, select), select);
}

NLB_AVX2_INLINE inline Eight all_of(Reason reason) {
    return _mm256_set1_epi8(static_cast<char>(reason));
}

// Of 32 buckets, from who owns them.
NLB_AVX2_INLINE inline void store_reasons(Reason* to, Eight owners, std::uint32_t accepted,
                                          std::uint32_t live) {
    const Eight nobodys = _mm256_cmpeq_epi8(owners, _mm256_setzero_si256());
    const Eight rejected =
        _mm256_blendv_epi8(all_of(Reason::not_owner), all_of(Reason::no_owner), nobodys);
    const Eight settled =
        _mm256_blendv_epi8(rejected, all_of(Reason::owner), spread_bits(accepted));
    _mm256_store_si256(reinterpret_cast<Eight*>(to),
                       _mm256_andnot_si256(spread_bits(live), settled));
}

NLB_AVX2_INLINE inline void replace(Byte* at, Eight with, Eight chosen) {
    Eight* const to = reinterpret_cast<Eight*>(at);
    _mm256_storeu_si256(to, _mm256_blendv_epi8(_mm256_loadu_si256(to), with, chosen));
}

// Ones in each lane whose rule has the bit of its bucket. `word`: where the bit lies among the
// words of the masks.
NLB_AVX2_INLINE inline Eight have_bit(const RuleMasks& masks, Eight word, Eight bucket) {
    const Eight words = gather(reinterpret_cast<const std::uint32_t*>(masks.data()), word);
    const Eight highest = _mm256_sllv_epi32(words, _mm256_andnot_si256(bucket, all(31)));
    return _mm256_srai_epi32(highest, 31);
}

// Of eight packets, as far as their rule leaves it to the bucket.
NLB_AVX2_INLINE inline Eight reasons_by_bucket(const MixedReasons& mixed, Eight outcome,
                                               Eight bucket) {
    static_assert(kOutcomeUdp == 0x40 && kBuckets == 64 - 4 && sizeof(BucketMask) == 8);
    static_assert(offsetof(Tables, owner) + sizeof(OwnerMap) + kOverread <= sizeof(Tables));
    // an address of nobody's has a number beyond the rules'
    const Eight rule = _mm256_min_epu32(both(outcome, all(kOutcomeRule)), all(kDefaultRule));
    const Eight at =
        add(_mm256_sub_epi32(_mm256_slli_epi32(rule, 6), _mm256_slli_epi32(rule, 2)), bucket);
    const Eight word = add(add(rule, rule), _mm256_srli_epi32(bucket, 5));
    const Eight nobodys = is_zero(gather_bytes(mixed.tables.owner.data(), at));
    const auto all_reasons = [](Reason reason) { return static_cast<std::uint32_t>(reason); };
    Eight reason = _mm256_blendv_epi8(all(all_reasons(mixed.others)),
                                      all(all_reasons(mixed.nobodys)), nobodys);
    reason = _mm256_blendv_epi8(reason, all(all_reasons(Reason::owner)),
                                have_bit(mixed.accepted, word, bucket));
    const Eight is_udp = _mm256_srai_epi32(_mm256_slli_epi32(outcome, 25), 31);
    return _mm256_andnot_si256(_mm256_andnot_si256(is_udp, have_bit(mixed.live, word, bucket)),
                               reason);
}

}  // namespace

// A frame that is not usual may have any key: its index is made one that exists.
NLB_AVX2 void fill_outcomes_avx2(const FastParse& parsed, std::uint64_t wanted,
                                 const TablesIndex& index, OutcomeColumn& outcomes) {
    static_assert(kOverread == sizeof(int) - 1 && kProtocolUdpBit == 2);
    const Eight half = _mm256_set1_epi32(0xffff);
    const Eight last = _mm256_set1_epi32(kOtherAddress);
    const Eight udp = _mm256_set1_epi32(kStretchesMax);
    for (std::size_t i = 0; wanted >> i != 0; i += 8) {
        const Eight key = load(&parsed.key[i]);
        const Eight address = _mm256_min_epu32(_mm256_srli_epi32(key, kKeyAddressShift), last);
        const Eight is_udp = _mm256_srai_epi32(_mm256_slli_epi32(key, 14), 31);
        const Eight stretch = gather_bytes(index.stretch_of.data(), both(key, half));
        const Eight row = _mm256_i32gather_epi32(reinterpret_cast<const int*>(index.row_of.data()),
                                                 address, sizeof index.row_of[0]);
        const Eight at = add(add(both(row, half), stretch), both(is_udp, udp));
        store_bytes(&outcomes.id[i], gather_bytes(index.outcomes.data(), at));
        if (i == kBurstMax - 8) break;
    }
}

// Written at once: look_up() reads it again right away, which a store in smaller pieces would
// delay.
NLB_AVX2 void fill_reasons_avx2(ReasonByBucket& reasons, const BucketOwners& owners,
                                BucketMask accepted, BucketMask live) {
    static_assert(kBuckets == 60 && static_cast<int>(Reason::live) == 0 && kNoHost == 0);
    const auto sixteen = [&owners](std::size_t at) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(&owners[at]));
    };
    const Eight low = _mm256_set_m128i(sixteen(16), sixteen(0));
    const Eight high = _mm256_set_m128i(_mm_srli_si128(sixteen(44), 4), sixteen(32));
    store_reasons(&reasons[0], low, static_cast<std::uint32_t>(accepted),
                  static_cast<std::uint32_t>(live));
    store_reasons(&reasons[32], high, static_cast<std::uint32_t>(accepted >> 32),
                  static_cast<std::uint32_t>(live >> 32));
}

NLB_AVX2 std::uint64_t settle_avx2(const ReasonByBucket& reasons, RuleId rule, std::uint64_t slots,
                                   const BucketColumns& columns, Burst& burst) {
    static_assert(kBurstMax == 64 && static_cast<int>(Reason::live) == 0);
    std::uint64_t live = 0;
    for (std::size_t i = 0; i < kBurstMax; i += 32) {
        const auto bits = static_cast<std::uint32_t>(slots >> i);
        if (bits == 0) continue;
        const Eight bucket = _mm256_load_si256(reinterpret_cast<const Eight*>(&columns.bucket[i]));
        const Eight found = look_up(reinterpret_cast<const Byte*>(reasons.data()), bucket);
        const Eight chosen = spread_bits(bits);
        replace(reinterpret_cast<Byte*>(&burst.reasons[i]), found, chosen);
        replace(reinterpret_cast<Byte*>(&burst.rules[i]), _mm256_set1_epi8(static_cast<char>(rule)),
                chosen);
        const auto zeros = static_cast<std::uint32_t>(
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(found, _mm256_setzero_si256())));
        live |= std::uint64_t{zeros & bits} << i;
    }
    return live;
}

NLB_AVX2 std::uint64_t settle_mixed_avx2(const MixedReasons& mixed, const OutcomeColumn& outcomes,
                                         std::uint64_t slots, const BucketColumns& columns,
                                         Burst& burst) {
    alignas(32) std::array<Byte, kBurstMax> by_bucket;
    for (std::size_t i = 0; i < kBurstMax && slots >> i != 0; i += kGroup)
        store_bytes(&by_bucket[i], reasons_by_bucket(mixed, load_bytes(&outcomes.id[i]),
                                                     load_bytes(&columns.bucket[i])));
    const Eight foreign = _mm256_set1_epi8(static_cast<char>(kOutcomeForeign));
    const Eight zeros = _mm256_setzero_si256();
    std::uint64_t live = 0;
    for (std::size_t i = 0; i < kBurstMax; i += 32) {
        const auto bits = static_cast<std::uint32_t>(slots >> i);
        if (bits == 0) continue;
        const auto column = [i](const auto& from) {
            return reinterpret_cast<const Eight*>(&from[i]);
        };
        const Eight rule = both(_mm256_load_si256(column(outcomes.id)), foreign);
        const Eight fixed =
            look_up(reinterpret_cast<const Byte*>(mixed.index.fixed_reason.data()), rule);
        const Eight depends = _mm256_cmpeq_epi8(fixed, zeros);
        const Eight reason =
            _mm256_blendv_epi8(fixed, _mm256_load_si256(column(by_bucket)), depends);
        const Eight chosen = spread_bits(bits);
        replace(bytes_of(burst.reasons) + i, reason, chosen);
        const Eight no_rule = _mm256_cmpeq_epi8(rule, foreign);  // ones, as kNoRule
        replace(burst.rules.data() + i, either(rule, no_rule), chosen);
        const auto live_here =
            static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(reason, zeros)));
        live |= std::uint64_t{live_here & bits} << i;
    }
    return live;
}

NLB_AVX2 void paint_avx2(Byte* column, Byte value, std::uint64_t slots) {
    const Eight values = _mm256_set1_epi8(static_cast<char>(value));
    for (std::size_t i = 0; i < kBurstMax; i += 32)
        replace(column + i, values, spread_bits(static_cast<std::uint32_t>(slots >> i)));
}

}  // namespace nlb
