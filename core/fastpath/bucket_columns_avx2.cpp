// Eight packets at once. The hash is two 64 x 64 bit products (core/tables/affinity_hash.hpp), made
// of 32 x 32 bit ones, four at once: those of the even lanes and those of the odd ones. A reason is
// found among 64 by four shuffles of sixteen, 32 packets at once.
#include <immintrin.h>

#include "core/fastpath/bucket_columns.hpp"

#define NLB_AVX2 __attribute__((target("avx2")))
#define NLB_AVX2_INLINE __attribute__((target("avx2"), always_inline))

namespace nlb {
namespace {

using Lanes = __m256i;  // four of 64 bits, or eight of 32

NLB_AVX2_INLINE inline Lanes all_64(std::uint64_t value) {
    return _mm256_set1_epi64x(static_cast<long long>(value));
}
NLB_AVX2_INLINE inline Lanes upper(Lanes lanes) {
    return _mm256_srli_epi64(lanes, 32);
}
NLB_AVX2_INLINE inline Lanes lower(Lanes lanes) {
    return _mm256_blend_epi32(lanes, _mm256_setzero_si256(), 0xaa);
}

// Four products of 64 x 64 bits. The upper factors come by themselves because callers have them.
struct Product {
    Lanes low;     // its lower half is that of the product
    Lanes second;  // its lower half are the product's bits 32 to 63
    Lanes high;    // the product's upper 64 bits
};
NLB_AVX2_INLINE inline Product multiply(Lanes x, Lanes x_upper, Lanes y, Lanes y_upper) {
    const Lanes low = _mm256_mul_epu32(x, y);
    const Lanes middle = _mm256_add_epi64(_mm256_mul_epu32(x_upper, y), upper(low));
    const Lanes other = _mm256_add_epi64(_mm256_mul_epu32(x, y_upper), lower(middle));
    const Lanes high = _mm256_add_epi64(_mm256_mul_epu32(x_upper, y_upper),
                                        _mm256_add_epi64(upper(middle), upper(other)));
    return {low, other, high};
}
NLB_AVX2_INLINE inline Lanes lower_64(const Product& product) {
    return _mm256_blend_epi32(product.low, _mm256_slli_epi64(product.second, 32), 0xaa);
}

// What is the same for all packets of a call. Of 64-bit factors that differ between packets, one
// half does not.
struct Factors {
    Lanes port_spread, port_spread_upper;
    Lanes first, first_upper;  // key.words[0]: the client's upper half is 0
    Lanes second;              // the lower half of key.words[1]
    Lanes second_upper;
    Lanes third, fourth;
    Lanes buckets;
};
NLB_AVX2_INLINE inline Factors factors_of(const SaltedKey& key, const ClientShare& share) {
    return {all_64(share.port_spread),
            all_64(share.port_spread >> 32),
            all_64(key.words[0]),
            all_64(key.words[0] >> 32),
            all_64(key.words[1] & 0xffff'ffff),
            all_64((key.words[1] ^ kMappedPrefix) >> 32),
            all_64(key.words[2]),
            all_64(key.words[3]),
            all_64(kBuckets)};
}

// mix_client() of four: `client` and `port` are the lower halves of their lanes, what the upper
// ones hold does not count. The hash is the lower half of each lane.
template <bool kPortCounts>
NLB_AVX2_INLINE inline Lanes mix_four(Lanes client, Lanes port, const Factors& f) {
    const Product first =
        multiply(f.first, f.first_upper, _mm256_xor_si256(client, f.second), f.second_upper);
    const Lanes a = _mm256_xor_si256(lower_64(first), f.third);
    Lanes b = _mm256_xor_si256(first.high, f.fourth);
    if constexpr (kPortCounts) {
        const Lanes spread =
            _mm256_add_epi64(_mm256_mul_epu32(port, f.port_spread),
                             _mm256_slli_epi64(_mm256_mul_epu32(port, f.port_spread_upper), 32));
        b = _mm256_xor_si256(b, spread);
    }
    const Product second = multiply(a, upper(a), b, upper(b));
    return _mm256_xor_si256(second.low, second.high);
}

NLB_AVX2_INLINE inline void store_bytes(BucketId* to, Lanes words) {
    const Lanes halves = _mm256_packus_epi32(words, words);
    const Lanes bytes = _mm256_packus_epi16(halves, halves);
    const std::uint64_t low = static_cast<std::uint32_t>(_mm256_cvtsi256_si32(bytes));
    const std::uint64_t high =
        static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1)));
    const std::uint64_t both = low | high << 32;
    std::memcpy(to, &both, sizeof both);
}

template <bool kPortCounts>
NLB_AVX2_INLINE inline void place_groups(const FastParse& parsed, std::uint64_t wanted,
                                         const SaltedKey& key, const ClientShare& share,
                                         BucketColumns& columns) {
    const Factors f = factors_of(key, share);
    const Lanes mask = _mm256_set1_epi32(static_cast<int>(share.client_mask));
    for (std::size_t i = 0; wanted >> i != 0; i += 8) {
        const Lanes client = _mm256_and_si256(
            _mm256_load_si256(reinterpret_cast<const Lanes*>(&parsed.client[i])), mask);
        const Lanes port =
            _mm256_load_si256(reinterpret_cast<const Lanes*>(&parsed.client_port[i]));
        const Lanes even = mix_four<kPortCounts>(client, port, f);
        const Lanes odd = mix_four<kPortCounts>(upper(client), upper(port), f);
        _mm256_store_si256(reinterpret_cast<Lanes*>(&columns.hash[i]),
                           _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa));
        // (hash * buckets) >> 32
        store_bytes(&columns.bucket[i], _mm256_blend_epi32(upper(_mm256_mul_epu32(even, f.buckets)),
                                                           _mm256_mul_epu32(odd, f.buckets), 0xaa));
        if (i == kBurstMax - 8) break;
    }
}

// Of each byte the entry of a table of 64; a byte beyond it gives 0.
NLB_AVX2_INLINE inline Lanes look_up(const Byte* table, Lanes index) {
    const Lanes beyond = _mm256_set1_epi8(0x70);
    Lanes found = _mm256_setzero_si256();
    for (int part = 0; part < 4; ++part) {
        const Lanes some = _mm256_broadcastsi128_si256(
            _mm_load_si128(reinterpret_cast<const __m128i*>(table + 16 * part)));
        const Lanes here = _mm256_adds_epu8(
            _mm256_xor_si256(index, _mm256_set1_epi8(static_cast<char>(part << 4))), beyond);
        found = _mm256_or_si256(found, _mm256_shuffle_epi8(some, here));
    }
    return found;
}

// A byte of ones for each bit.
NLB_AVX2_INLINE inline Lanes spread_bits(std::uint32_t bits) {
    const Lanes replicate =
        _mm256_setr_epi64x(0, 0x0101'0101'0101'0101, 0x0202'0202'0202'0202, 0x0303'0303'0303'0303);
    const Lanes select = _mm256_set1_epi64x(static_cast<long long>(0x8040'2010'0804'0201ULL));
    const Lanes bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), replicate);
    return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, select), select);
}

NLB_AVX2_INLINE inline Lanes all_of(Reason reason) {
    return _mm256_set1_epi8(static_cast<char>(reason));
}

// Of 32 buckets, from who owns them.
NLB_AVX2_INLINE inline void store_reasons(Reason* to, Lanes owners, std::uint32_t accepted,
                                          std::uint32_t live) {
    const Lanes nobodys = _mm256_cmpeq_epi8(owners, _mm256_setzero_si256());
    const Lanes rejected =
        _mm256_blendv_epi8(all_of(Reason::not_owner), all_of(Reason::no_owner), nobodys);
    const Lanes settled =
        _mm256_blendv_epi8(rejected, all_of(Reason::owner), spread_bits(accepted));
    _mm256_store_si256(reinterpret_cast<Lanes*>(to),
                       _mm256_andnot_si256(spread_bits(live), settled));
}

NLB_AVX2_INLINE inline void replace(Byte* at, Lanes with, Lanes chosen) {
    Lanes* const to = reinterpret_cast<Lanes*>(at);
    _mm256_storeu_si256(to, _mm256_blendv_epi8(_mm256_loadu_si256(to), with, chosen));
}

}  // namespace

// A frame that is not usual may have any key: its index is made one that exists.
NLB_AVX2 void fill_outcomes_avx2(const FastParse& parsed, std::uint64_t wanted,
                                 const TablesIndex& index, OutcomeColumn& outcomes) {
    static_assert(kOverread == sizeof(int) - 1 && kProtocolUdpBit == 2);
    const auto base = [](const auto& table) { return reinterpret_cast<const int*>(table.data()); };
    const Lanes byte = _mm256_set1_epi32(0xff);
    const Lanes half = _mm256_set1_epi32(0xffff);
    const Lanes last = _mm256_set1_epi32(kOtherAddress);
    const Lanes udp = _mm256_set1_epi32(kStretchesMax);
    for (std::size_t i = 0; wanted >> i != 0; i += 8) {
        const Lanes key = _mm256_load_si256(reinterpret_cast<const Lanes*>(&parsed.key[i]));
        const Lanes address = _mm256_min_epu32(_mm256_srli_epi32(key, kKeyAddressShift), last);
        const Lanes is_udp = _mm256_srai_epi32(_mm256_slli_epi32(key, 14), 31);
        const Lanes stretch =
            _mm256_i32gather_epi32(base(index.stretch_of), _mm256_and_si256(key, half), 1);
        const Lanes row = _mm256_i32gather_epi32(base(index.row_of), address, 2);
        const Lanes at = _mm256_add_epi32(
            _mm256_add_epi32(_mm256_and_si256(row, half), _mm256_and_si256(stretch, byte)),
            _mm256_and_si256(is_udp, udp));
        const Lanes found = _mm256_i32gather_epi32(base(index.outcomes), at, 1);
        store_bytes(&outcomes.id[i], _mm256_and_si256(found, byte));
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
    const Lanes low = _mm256_set_m128i(sixteen(16), sixteen(0));
    const Lanes high = _mm256_set_m128i(_mm_srli_si128(sixteen(44), 4), sixteen(32));
    store_reasons(&reasons[0], low, static_cast<std::uint32_t>(accepted),
                  static_cast<std::uint32_t>(live));
    store_reasons(&reasons[32], high, static_cast<std::uint32_t>(accepted >> 32),
                  static_cast<std::uint32_t>(live >> 32));
}

NLB_AVX2 void fill_columns_avx2(const FastParse& parsed, std::uint64_t wanted, const SaltedKey& key,
                                const ClientShare& share, BucketColumns& columns) {
    if (share.port_spread != 0)
        place_groups<true>(parsed, wanted, key, share, columns);
    else
        place_groups<false>(parsed, wanted, key, share, columns);
}

NLB_AVX2 std::uint64_t settle_avx2(const ReasonByBucket& reasons, RuleId rule, std::uint64_t slots,
                                   const BucketColumns& columns, Burst& burst) {
    static_assert(kBurstMax == 64 && static_cast<int>(Reason::live) == 0);
    std::uint64_t live = 0;
    for (std::size_t i = 0; i < kBurstMax; i += 32) {
        const auto bits = static_cast<std::uint32_t>(slots >> i);
        if (bits == 0) continue;
        const Lanes bucket = _mm256_load_si256(reinterpret_cast<const Lanes*>(&columns.bucket[i]));
        const Lanes found = look_up(reinterpret_cast<const Byte*>(reasons.data()), bucket);
        const Lanes chosen = spread_bits(bits);
        replace(reinterpret_cast<Byte*>(&burst.reasons[i]), found, chosen);
        replace(reinterpret_cast<Byte*>(&burst.rules[i]), _mm256_set1_epi8(static_cast<char>(rule)),
                chosen);
        const auto zeros = static_cast<std::uint32_t>(
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(found, _mm256_setzero_si256())));
        live |= std::uint64_t{zeros & bits} << i;
    }
    return live;
}

}  // namespace nlb
