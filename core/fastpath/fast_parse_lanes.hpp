// What the AVX2 versions of both fast parses share: eight frames at once, a word of each in a lane.
// Private to core/fastpath, and to files that are compiled function by function for AVX2.
#pragma once

#include "core/fastpath/fast_parse.hpp"
#include "core/fastpath/lanes.hpp"
#include "core/packet/headers.hpp"

namespace nlb::lanes {

using Order = std::array<std::int8_t, 16>;
inline constexpr std::int8_t kNone = -128;  // a byte of zeros
constexpr Order bytes_of_words(int b0, int b1, int b2, int b3) {
    Order order{};
    for (int word = 0; word < 4; ++word)
        for (int byte = 0; byte < 4; ++byte) {
            const int from = std::array{b0, b1, b2, b3}[static_cast<std::size_t>(byte)];
            order[static_cast<std::size_t>(4 * word + byte)] =
                static_cast<std::int8_t>(from == kNone ? kNone : from + 4 * word);
        }
    return order;
}

// Numbers that every lane is compared with. They are read from memory: a compiler that makes them
// of immediates needs, for each, the execution port that the shuffles wait for.
struct Constants {
    std::uint32_t low_half = 0xffff;
    std::uint32_t network = 0xff;
    std::uint32_t loopback = 127;
    std::uint32_t class_bits = 0xf0;
    std::uint32_t multicast = 0xe0;
    std::uint32_t ones = 0xffff'ffff;
    std::uint32_t fragmented = 0xff3f;
    std::uint32_t link_mask = 0x00ff'ffff;
    std::uint32_t plain_ipv4 = 0x0045'0008;  // ethertype, then version 4 with five words of header
    std::uint32_t link_mask_v6 = 0x00f0'ffff;
    std::uint32_t plain_ipv6 = 0x0060'dd86;  // ethertype, then version 6 beside half of the class
    std::uint32_t link_local_mask = 0xc0ff;
    std::uint32_t link_local = 0x80fe;
    std::uint32_t tcp = kProtocolTcp;
    std::uint32_t udp = kProtocolUdp;
    std::uint32_t tcp_length = 0x3c;
    std::uint32_t tcp_least = sizeof(TcpHeader);
    std::uint32_t udp_least = sizeof(UdpHeader);
    std::uint32_t ipv4 = sizeof(Ipv4Header);
    std::uint32_t ipv6 = sizeof(Ipv6Header);
    std::uint32_t tag_mask = 0xff0f'ffff;  // a tag but its priority
    std::uint32_t slot_factor = TablesIndex::kSlotFactor;
    std::array<std::uint32_t, 3> word_factors = TablesIndex::kWordFactors;
    std::uint32_t slot_mask = kAddressSlots - 1;
    std::uint32_t one = 1;
    std::uint32_t begins_or_ends = kTcpBeginsOrEnds;
    std::uint32_t foreign = rule_key(kForeignAddress, 0, 0);
    std::uint32_t key_tcp = rule_key(0, kProtocolTcpBit, 0);
    std::uint32_t key_udp = rule_key(0, kProtocolUdpBit, 0);
    // Which bytes make a number of 32 bits, lowest first, in each word of a frame.
    Order number_32 = bytes_of_words(3, 2, 1, 0);
    Order first_16 = bytes_of_words(1, 0, kNone, kNone);
    Order second_16 = bytes_of_words(3, 2, kNone, kNone);
    Order second_8 = bytes_of_words(1, kNone, kNone, kNone);
};

[[gnu::always_inline]] inline const Constants& opaque(const Constants& constants) {
    const Constants* hidden = &constants;
    asm("" : "+r"(hidden));
    return *hidden;
}

// Words 0 to 3 behind some offset, each of eight frames. Frame i's word lies in lane order 0 1 2 3
// | 4 5 6 7.
struct Words {
    Eight w0, w1, w2, w3;
};

NLB_AVX2_INLINE inline Eight pair_at(const Frame* frames, std::size_t i, std::size_t offset) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(frames[i].data + offset));
    const __m128i high =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(frames[i + 4].data + offset));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

NLB_AVX2_INLINE inline Words words_at(const Frame* frames, std::size_t offset) {
    const Eight a = pair_at(frames, 0, offset);
    const Eight b = pair_at(frames, 1, offset);
    const Eight c = pair_at(frames, 2, offset);
    const Eight d = pair_at(frames, 3, offset);
    const Eight ab_low = _mm256_unpacklo_epi32(a, b);
    const Eight cd_low = _mm256_unpacklo_epi32(c, d);
    const Eight ab_high = _mm256_unpackhi_epi32(a, b);
    const Eight cd_high = _mm256_unpackhi_epi32(c, d);
    return {_mm256_unpacklo_epi64(ab_low, cd_low), _mm256_unpackhi_epi64(ab_low, cd_low),
            _mm256_unpacklo_epi64(ab_high, cd_high), _mm256_unpackhi_epi64(ab_high, cd_high)};
}

// Numbers of words as they lie in a frame.
NLB_AVX2_INLINE inline Eight numbers(Eight words, const Order& order) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(order.data()));
    return _mm256_shuffle_epi8(words, _mm256_broadcastsi128_si256(bytes));
}
NLB_AVX2_INLINE inline Eight upper(Eight words) {
    return _mm256_srli_epi32(words, 16);
}

// Lanes in which the transport header is not whole; `bytes` is what the IP header leaves for it.
NLB_AVX2_INLINE inline Eight lacks_header(Eight is_tcp, Eight bytes, Eight tcp_word, Eight udp_word,
                                          const Constants& c) {
    const Eight tcp_bytes = _mm256_and_si256(_mm256_srli_epi32(tcp_word, 2), all(c.tcp_length));
    Eight tcp = _mm256_cmpgt_epi32(all(c.tcp_least), tcp_bytes);
    tcp = either(tcp, _mm256_cmpgt_epi32(tcp_bytes, bytes));
    const Eight udp_bytes = numbers(udp_word, c.first_16);
    Eight udp = _mm256_cmpgt_epi32(all(c.udp_least), udp_bytes);
    udp = either(udp, _mm256_cmpgt_epi32(udp_bytes, bytes));
    return _mm256_blendv_epi8(udp, tcp, is_tcp);
}

NLB_AVX2_INLINE inline Eight is_sent_to_cluster(Eight head, Eight tail, const MatchKeys& match_keys,
                                                const Constants& c) {
    return _mm256_and_si256(
        _mm256_cmpeq_epi32(head, all(match_keys.cluster_head)),
        _mm256_cmpeq_epi32(_mm256_and_si256(tail, all(c.low_half)), all(match_keys.cluster_tail)));
}

// Frame::length of eight frames.
NLB_AVX2_INLINE inline Eight lengths_of(const Frame* frames, const Constants& c) {
    static_assert(sizeof(Frame) == 16 && offsetof(Frame, length) == 8);
    const auto two = [&](std::size_t i) { return reinterpret_cast<const Eight*>(frames + i); };
    const Eight even =
        _mm256_unpackhi_epi64(_mm256_loadu_si256(two(0)), _mm256_loadu_si256(two(2)));
    const Eight odd = _mm256_unpackhi_epi64(_mm256_loadu_si256(two(4)), _mm256_loadu_si256(two(6)));
    const Eight mixed = _mm256_castps_si256(
        _mm256_shuffle_ps(_mm256_castsi256_ps(even), _mm256_castsi256_ps(odd), 0x88));
    const Eight in_order =
        _mm256_permutevar8x32_epi32(mixed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    return _mm256_and_si256(in_order, all(c.low_half));
}

// What both IP versions say alike: ports, protocol and TCP's flags, `address` as
// TablesIndex::address_key_v4() gives it. `flags_word` holds the flags in its second byte.
NLB_AVX2_INLINE inline void store_ports(FastParse& parsed, std::size_t slot, Eight ports,
                                        Eight is_tcp, Eight flags_word, Eight address,
                                        const Constants& c) {
    store(&parsed.client_port[slot], numbers(ports, c.first_16));
    const Eight bits = _mm256_blendv_epi8(all(c.key_udp), all(c.key_tcp), is_tcp);
    store(&parsed.key[slot], either(either(numbers(ports, c.second_16), bits), address));
    const Eight flags = _mm256_and_si256(numbers(flags_word, c.second_8), is_tcp);
    store(&parsed.tcp_flags[slot], flags);
    const Eight begins_or_ends =
        _mm256_cmpgt_epi32(_mm256_and_si256(flags, all(c.begins_or_ends)), _mm256_setzero_si256());
    parsed.begins_or_ends |= std::uint64_t{bits_of(begins_or_ends)} << slot;
}

// All groups of a burst that are not settled yet. `Look` is what one of the files makes of a group
// or of a frame, and says how many bytes of IP a frame must have for a place in a group.
template <class Look>
NLB_AVX2_INLINE inline std::uint64_t parse_groups(const Burst& burst, const MatchKeys& match_keys,
                                                  FastParse& parsed) {
    static constexpr Constants kConstants;
    const Constants& c = opaque(kConstants);
    std::uint64_t usual = 0;
    parsed.begins_or_ends = parsed.fragments = 0;
    parsed.over_v6 = Look::kOverV6;
    std::uint32_t i = 0;
    for (; i + kGroup <= burst.count; i += kGroup) {
        if ((~burst.on_fast_path >> i & 0xff) == 0) continue;
        const Frame* const frames = &burst.frames[i];
        const Eight length = _mm256_sub_epi32(lengths_of(frames, c), all(match_keys.l3));
        if (_mm256_movemask_epi8(_mm256_cmpgt_epi32(all(Look::kLeastBytes), length)) == 0) {
            usual |= Look::group(frames, length, match_keys, parsed, i, c) << i;
            continue;
        }
        for (std::uint32_t k = i; k < i + kGroup; ++k)
            usual |= std::uint64_t{Look::frame(burst, k, match_keys, parsed)} << k;
    }
    for (; i < burst.count; ++i)
        usual |= std::uint64_t{Look::frame(burst, i, match_keys, parsed)} << i;
    return usual;
}

}  // namespace nlb::lanes
