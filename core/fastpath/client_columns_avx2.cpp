// What columns say of clients: hash, bucket, and whether somebody watches for their flow. The hash
// is two 64 x 64 bit products (core/tables/affinity_hash.hpp), made of 32 x 32 bit ones, four at
// once: those of the even lanes and those of the odd ones.
#include "core/fastpath/bucket_columns.hpp"
#include "core/fastpath/lanes.hpp"

namespace nlb {
namespace {

using namespace lanes;
using Four = __m256i;  // lanes of 64 bits

NLB_AVX2_INLINE inline Four all_64(std::uint64_t value) {
    return _mm256_set1_epi64x(static_cast<long long>(value));
}
NLB_AVX2_INLINE inline Four upper(Four lanes) {
    return _mm256_srli_epi64(lanes, 32);
}
NLB_AVX2_INLINE inline Four lower(Four lanes) {
    return _mm256_blend_epi32(lanes, _mm256_setzero_si256(), 0xaa);
}
// Numbers whose upper halves are the lower ones of `high`.
NLB_AVX2_INLINE inline Four join(Four high, Four low) {
    return _mm256_blend_epi32(low, _mm256_slli_epi64(high, 32), 0xaa);
}

// Four products of 64 x 64 bits. The upper factors come by themselves because callers have them.
struct Product {
    Four low;     // its lower half is that of the product
    Four second;  // its lower half are the product's bits 32 to 63
    Four high;    // the product's upper 64 bits
};
NLB_AVX2_INLINE inline Product multiply(Four x, Four x_upper, Four y, Four y_upper) {
    const Four low = _mm256_mul_epu32(x, y);
    const Four middle = _mm256_add_epi64(_mm256_mul_epu32(x_upper, y), upper(low));
    const Four other = _mm256_add_epi64(_mm256_mul_epu32(x, y_upper), lower(middle));
    const Four high = _mm256_add_epi64(_mm256_mul_epu32(x_upper, y_upper),
                                       _mm256_add_epi64(upper(middle), upper(other)));
    return {low, other, high};
}
NLB_AVX2_INLINE inline Four lower_64(const Product& product) {
    return join(product.second, product.low);
}

// What is the same for all packets of a call. Of an IPv4 client the upper 64 bits are 0, and of the
// lower ones one half does not differ between packets.
struct Factors {
    Four port_spread, port_spread_upper;
    Four first, first_upper;
    Four second;
    Four second_upper;  // of IPv4: with the prefix of mapped addresses
    Four third, fourth;
    Four buckets;
};
NLB_AVX2_INLINE inline Factors factors_of(const SaltedKey& key) {
    return {all_64(kPortSpread),  all_64(kPortSpread >> 32),
            all_64(key.words[0]), all_64(key.words[0] >> 32),
            all_64(key.words[1]), all_64((key.words[1] ^ kMappedPrefix) >> 32),
            all_64(key.words[2]), all_64(key.words[3]),
            all_64(kBuckets)};
}

NLB_AVX2_INLINE inline Product first_of_v4(Four client, const Factors& f) {
    return multiply(f.first, f.first_upper, _mm256_xor_si256(client, f.second), f.second_upper);
}
NLB_AVX2_INLINE inline Product first_of_v6(Four high, Four low, const Factors& f) {
    const Four x = _mm256_xor_si256(high, f.first);
    const Four y = _mm256_xor_si256(low, f.second);
    return multiply(x, upper(x), y, upper(y));
}

// The rest of mix_client(). `port` is the lower half of its lane, what the upper one holds does not
// count. The hash is the lower half of each lane.
template <bool kPortCounts>
NLB_AVX2_INLINE inline Four mix_four(const Product& first, Four port, const Factors& f) {
    const Four a = _mm256_xor_si256(lower_64(first), f.third);
    Four b = _mm256_xor_si256(first.high, f.fourth);
    if constexpr (kPortCounts) {
        const Four spread =
            _mm256_add_epi64(_mm256_mul_epu32(port, f.port_spread),
                             _mm256_slli_epi64(_mm256_mul_epu32(port, f.port_spread_upper), 32));
        b = _mm256_xor_si256(b, spread);
    }
    const Product second = multiply(a, upper(a), b, upper(b));
    return _mm256_xor_si256(second.low, second.high);
}

// What counts of a client and of its port: masks of the lowest word of an IPv4 address, or of both
// lower words of an IPv6 one.
struct Counted {
    Eight client;
    Eight port;
};
// By one affinity for all.
struct CountedAlike {
    NLB_AVX2_INLINE Counted at(std::size_t) const { return {all(client), all(~0U)}; }
    std::uint32_t client;
};
// By each packet's own rule.
template <bool kOverV6>
struct CountedByRule {
    NLB_AVX2_INLINE Counted at(std::size_t i) const {
        static_assert(static_cast<int>(Affinity::none) == 0);
        const Eight rule = both(load_bytes(&outcomes.id[i]), all(kOutcomeRule));
        const Eight affinity = gather_bytes(index.affinity.data(), rule);
        const Eight network =
            _mm256_cmpeq_epi32(affinity, all(static_cast<std::uint32_t>(Affinity::network)));
        const Eight left_out = kOverV6 ? network : both(network, all(0xff));
        return {_mm256_andnot_si256(left_out, all(~0U)), is_zero(affinity)};
    }
    const TablesIndex& index;
    const OutcomeColumn& outcomes;
};

template <bool kOverV6, bool kPortCounts, class Counts>
NLB_AVX2_INLINE inline void place_groups(const FastParse& parsed, std::uint64_t wanted,
                                         const SaltedKey& key, const Counts& counts,
                                         BucketColumns& columns) {
    const Factors f = factors_of(key);
    for (std::size_t i = 0; i < kBurstMax && wanted >> i != 0; i += kGroup) {
        const Counted counted = counts.at(i);
        const Eight client = both(load(&parsed.client[i]), counted.client);
        const Eight port = both(load(&parsed.client_port[i]), counted.port);
        Four even;
        Four odd;
        if constexpr (kOverV6) {
            const Eight first = load(&parsed.client_upper[0][i]);
            const Eight second = load(&parsed.client_upper[1][i]);
            const Eight third = both(load(&parsed.client_upper[2][i]), counted.client);
            even = mix_four<kPortCounts>(first_of_v6(join(first, second), join(third, client), f),
                                         port, f);
            const Four high = _mm256_blend_epi32(upper(second), first, 0xaa);
            const Four low = _mm256_blend_epi32(upper(client), third, 0xaa);
            odd = mix_four<kPortCounts>(first_of_v6(high, low, f), upper(port), f);
        } else {
            even = mix_four<kPortCounts>(first_of_v4(client, f), port, f);
            odd = mix_four<kPortCounts>(first_of_v4(upper(client), f), upper(port), f);
        }
        store(&columns.hash[i], join(odd, even));
        // (hash * buckets) >> 32
        store_bytes(&columns.bucket[i], _mm256_blend_epi32(upper(_mm256_mul_epu32(even, f.buckets)),
                                                           _mm256_mul_epu32(odd, f.buckets), 0xaa));
    }
}

// The client's address as WatchFilter has it.
NLB_AVX2_INLINE inline Eight word_of_client(const FastParse& parsed, std::size_t i) {
    constexpr auto kMapped = static_cast<std::uint32_t>(kMappedPrefix >> 32);
    const Eight client = load(&parsed.client[i]);
    if (!parsed.over_v6) return add(client, all(kMapped * WatchFilter::kUpperFactor));
    const Eight upper = _mm256_xor_si256(
        _mm256_xor_si256(load(&parsed.client_upper[0][i]), load(&parsed.client_upper[1][i])),
        load(&parsed.client_upper[2][i]));
    return add(client, product(upper, WatchFilter::kUpperFactor));
}

}  // namespace

NLB_AVX2 void fill_columns_avx2(const FastParse& parsed, std::uint64_t wanted, const SaltedKey& key,
                                const ClientShare& share, BucketColumns& columns) {
    const CountedAlike v4{share.client_mask};
    const CountedAlike v6{static_cast<std::uint32_t>(share.interface_mask)};
    const bool port_counts = share.port_spread != 0;
    if (parsed.over_v6 && port_counts)
        place_groups<true, true>(parsed, wanted, key, v6, columns);
    else if (parsed.over_v6)
        place_groups<true, false>(parsed, wanted, key, v6, columns);
    else if (port_counts)
        place_groups<false, true>(parsed, wanted, key, v4, columns);
    else
        place_groups<false, false>(parsed, wanted, key, v4, columns);
}

NLB_AVX2 void fill_mixed_columns_avx2(const FastParse& parsed, std::uint64_t wanted,
                                      const SaltedKey& key, const TablesIndex& index,
                                      const OutcomeColumn& outcomes, BucketColumns& columns) {
    if (parsed.over_v6)
        place_groups<true, true>(parsed, wanted, key, CountedByRule<true>{index, outcomes},
                                 columns);
    else
        place_groups<false, true>(parsed, wanted, key, CountedByRule<false>{index, outcomes},
                                  columns);
}

NLB_AVX2 std::uint64_t find_watched_avx2(const FastParse& parsed, std::uint64_t slots,
                                         const WatchFilter& filter) {
    std::uint64_t watched = 0;
    for (std::size_t i = 0; i < kBurstMax && slots >> i != 0; i += kGroup) {
        const Eight ports = either(_mm256_slli_epi32(load(&parsed.client_port[i]), 16),
                                   both(load(&parsed.key[i]), all(0xffff)));
        Eight mixed =
            _mm256_xor_si256(word_of_client(parsed, i), product(ports, WatchFilter::kPortsFactor));
        mixed = _mm256_xor_si256(mixed, _mm256_srli_epi32(mixed, 15));
        const Eight slot = _mm256_srli_epi32(product(mixed, WatchFilter::kLastFactor), 16);
        const Eight none = is_zero(gather_bytes(filter.counts(), slot));
        watched |= std::uint64_t{~bits_of(none) & 0xff} << i;
    }
    return watched & slots;
}

}  // namespace nlb
