// Eight packets at once: a word of each in a lane of an AVX2 register. For files that are compiled
// function by function for AVX2, so that the rest of the program runs on any x86-64. Private to
// core/fastpath.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

#include "core/base/types.hpp"

#define NLB_AVX2 __attribute__((target("avx2")))
#define NLB_AVX2_INLINE __attribute__((target("avx2"), always_inline))

namespace nlb::lanes {

inline constexpr std::uint32_t kGroup = 8;
using Eight = __m256i;

NLB_AVX2_INLINE inline Eight all(std::uint32_t value) {
    return _mm256_set1_epi32(static_cast<int>(value));
}
NLB_AVX2_INLINE inline Eight add(Eight a, Eight b) {
    return _mm256_add_epi32(a, b);
}
NLB_AVX2_INLINE inline Eight both(Eight a, Eight b) {
    return _mm256_and_si256(a, b);
}
NLB_AVX2_INLINE inline Eight either(Eight a, Eight b) {
    return _mm256_or_si256(a, b);
}
NLB_AVX2_INLINE inline Eight product(Eight a, std::uint32_t b) {
    return _mm256_mullo_epi32(a, all(b));
}
NLB_AVX2_INLINE inline Eight is_zero(Eight words) {
    return _mm256_cmpeq_epi32(words, _mm256_setzero_si256());
}
// A bit per lane, the highest of its word.
NLB_AVX2_INLINE inline std::uint32_t bits_of(Eight words) {
    return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(words)));
}

NLB_AVX2_INLINE inline Eight gather(const std::uint32_t* from, Eight index) {
    return _mm256_i32gather_epi32(reinterpret_cast<const int*>(from), index, sizeof *from);
}
// Bytes. Requires: three readable bytes behind the last one.
NLB_AVX2_INLINE inline Eight gather_bytes(const void* from, Eight index) {
    return both(_mm256_i32gather_epi32(static_cast<const int*>(from), index, 1), all(0xff));
}

// Require: an address that is a multiple of 32.
NLB_AVX2_INLINE inline Eight load(const std::uint32_t* from) {
    return _mm256_load_si256(reinterpret_cast<const Eight*>(from));
}
NLB_AVX2_INLINE inline void store(std::uint32_t* to, Eight words) {
    _mm256_store_si256(reinterpret_cast<Eight*>(to), words);
}

// A byte per lane.
NLB_AVX2_INLINE inline Eight load_bytes(const Byte* from) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}
// Requires: no lane is above 255.
NLB_AVX2_INLINE inline void store_bytes(Byte* to, Eight words) {
    const Eight halves = _mm256_packus_epi32(words, words);
    const Eight bytes = _mm256_packus_epi16(halves, halves);
    const std::uint64_t low = static_cast<std::uint32_t>(_mm256_cvtsi256_si32(bytes));
    const std::uint64_t high =
        static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1)));
    const std::uint64_t both_halves = low | high << 32;
    std::memcpy(to, &both_halves, sizeof both_halves);
}

}  // namespace nlb::lanes
