// Eight frames at once: of each frame sixteen bytes are loaded at four offsets, and the words of
// one offset are brought into one register. Compiled for AVX2 function by function, so that the
// rest of the program runs on any x86-64; groups with a short frame, and the frames left over, go
// to the portable version.
#include <immintrin.h>

#include "core/fastpath/fast_parse.hpp"
#include "core/packet/headers.hpp"

#define NLB_AVX2 __attribute__((target("avx2")))
#define NLB_AVX2_INLINE __attribute__((target("avx2"), always_inline))

namespace nlb {
namespace {

constexpr std::uint32_t kGroup = 8;
using Eight = __m256i;

using Order = std::array<std::int8_t, 16>;
constexpr std::int8_t kNone = -128;  // a byte of zeros
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
    std::uint32_t tcp = kProtocolTcp;
    std::uint32_t udp = kProtocolUdp;
    std::uint32_t tcp_length = 0x3c;
    std::uint32_t tcp_least = sizeof(TcpHeader);
    std::uint32_t udp_least = sizeof(UdpHeader);
    std::uint32_t ipv4 = sizeof(Ipv4Header);
    std::uint32_t ip_least = sizeof(Ipv4Header) + sizeof(TcpHeader);
    std::uint32_t tag_mask = 0xff0f'ffff;  // a tag but its priority
    std::uint32_t slot_factor = TablesIndex::kSlotFactor;
    std::uint32_t slot_mask = kAddressSlots - 1;
    std::uint32_t one = 1;
    std::uint32_t begins_or_ends = kTcpBeginsOrEnds;
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

NLB_AVX2_INLINE inline Eight all(std::uint32_t value) {
    return _mm256_set1_epi32(static_cast<int>(value));
}
// Numbers of words as they lie in a frame.
NLB_AVX2_INLINE inline Eight numbers(Eight words, const Order& order) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(order.data()));
    return _mm256_shuffle_epi8(words, _mm256_broadcastsi128_si256(bytes));
}
NLB_AVX2_INLINE inline Eight add(Eight a, Eight b) {
    return _mm256_add_epi32(a, b);
}
NLB_AVX2_INLINE inline Eight upper(Eight words) {
    return _mm256_srli_epi32(words, 16);
}
NLB_AVX2_INLINE inline Eight is_any_of(Eight words, const std::uint32_t* list,
                                       std::uint32_t count) {
    Eight found = _mm256_setzero_si256();
    for (std::uint32_t i = 0; i < count; ++i)
        found = _mm256_or_si256(found, _mm256_cmpeq_epi32(words, all(list[i])));
    return found;
}
NLB_AVX2_INLINE inline Eight either(Eight a, Eight b) {
    return _mm256_or_si256(a, b);
}

// Ten halves add up to a multiple of 0xffff: RFC 1071. They are the upper halves of `first` and
// `sum_word`, and all of the others; of those the lower halves are what is left of a sum of words
// when the upper ones are taken away.
NLB_AVX2_INLINE inline Eight checksum_holds(Eight first, Eight length_word, Eight fragment_word,
                                            Eight sum_word, Eight source, Eight destination,
                                            const Constants& c) {
    const Eight words = add(add(length_word, fragment_word), add(source, destination));
    const Eight uppers =
        add(add(upper(length_word), upper(fragment_word)), add(upper(source), upper(destination)));
    const Eight lowers = _mm256_sub_epi32(words, _mm256_slli_epi32(uppers, 16));
    const Eight sum = add(add(lowers, uppers), add(upper(first), upper(sum_word)));
    return _mm256_cmpeq_epi32(add(_mm256_and_si256(sum, all(c.low_half)), upper(sum)),
                              all(c.low_half));
}

NLB_AVX2_INLINE inline Eight is_impossible_client(Eight source, Eight destination,
                                                  const Constants& c) {
    const Eight network = _mm256_and_si256(source, all(c.network));
    Eight wrong = _mm256_cmpeq_epi32(network, _mm256_setzero_si256());
    wrong = either(wrong, _mm256_cmpeq_epi32(network, all(c.loopback)));
    wrong = either(
        wrong, _mm256_cmpeq_epi32(_mm256_and_si256(source, all(c.class_bits)), all(c.multicast)));
    wrong = either(wrong, _mm256_cmpeq_epi32(source, all(c.ones)));
    return either(wrong, _mm256_cmpeq_epi32(source, destination));
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

NLB_AVX2_INLINE inline Eight is_impossible_destination(Eight destination, const Constants& c) {
    Eight wrong =
        _mm256_cmpeq_epi32(_mm256_and_si256(destination, all(c.network)), all(c.loopback));
    wrong = either(wrong, _mm256_cmpeq_epi32(_mm256_and_si256(destination, all(c.class_bits)),
                                             all(c.multicast)));
    return either(wrong, _mm256_cmpeq_epi32(destination, all(c.ones)));
}

NLB_AVX2_INLINE inline Eight gather(const std::uint32_t* from, Eight index) {
    return _mm256_i32gather_epi32(reinterpret_cast<const int*>(from), index, sizeof *from);
}

// What the address that each lane is sent to adds to its key: by its slot (TablesIndex), for lanes
// that are not `found` yet. Ends because most slots are empty.
NLB_AVX2_INLINE inline Eight find_slots(Eight destination, const TablesIndex& index, Eight found,
                                        const Constants& c) {
    Eight slot = _mm256_srli_epi32(_mm256_mullo_epi32(destination, all(c.slot_factor)), 22);
    Eight pending = _mm256_andnot_si256(found, all(c.ones));
    Eight keys = _mm256_setzero_si256();
    do {
        const Eight there = gather(index.slot_address.data(), slot);
        const Eight ends = either(_mm256_cmpeq_epi32(there, destination),
                                  _mm256_cmpeq_epi32(there, _mm256_setzero_si256()));
        const Eight now = _mm256_and_si256(ends, pending);
        keys = either(keys, _mm256_and_si256(now, gather(index.slot_key.data(), slot)));
        pending = _mm256_andnot_si256(ends, pending);
        slot = _mm256_and_si256(add(slot, all(c.one)), all(c.slot_mask));
    } while (_mm256_movemask_epi8(pending) != 0);
    return keys;
}

// The same, first by a few VIPs, one after the other until every lane has its own.
NLB_AVX2_INLINE inline Eight find_addresses(Eight destination, const TablesIndex& index,
                                            Eight& wrong, const Constants& c) {
    Eight keys = _mm256_setzero_si256();
    Eight found = _mm256_setzero_si256();
    for (std::uint32_t i = 0; i < index.few_count; ++i) {
        const Eight same = _mm256_cmpeq_epi32(destination, all(index.few_address[i]));
        keys = either(keys, _mm256_and_si256(same, all(index.few_key[i])));
        found = either(found, same);
        if (_mm256_movemask_epi8(found) == -1) return keys;
    }
    wrong = either(wrong, is_impossible_destination(destination, c));
    return either(keys, find_slots(destination, index, found, c));
}

NLB_AVX2_INLINE inline void store(std::uint32_t* to, Eight words) {
    _mm256_store_si256(reinterpret_cast<Eight*>(to), words);
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

// Bit i: frame `slot` + i is usual. Requires: bytes up to the end of a TCP header in each of the
// eight frames.
template <bool kTagged>
NLB_AVX2_INLINE inline std::uint64_t parse_group(const Frame* frames, Eight length,
                                                 const MatchKeys& match_keys, FastParse& parsed,
                                                 std::size_t slot, const Constants& c) {
    constexpr std::size_t kTag = kTagged ? kVlanTagBytes : 0;
    // destination | its end, begin of the source | end of the source | the tag, if there is one
    const Words ethernet = words_at(frames, 0);
    // | ethertype, version | total length | fragment, protocol
    const Words link = words_at(frames, 8 + kTag);
    // checksum in the upper half | source | destination | ports
    const Words addresses = words_at(frames, 22 + kTag);
    // UDP length | | TCP's data offset and flags |
    const Words transport = words_at(frames, 38 + kTag);
    const Eight source = addresses.w1;
    const Eight destination = addresses.w2;
    const TablesIndex& index = match_keys.index;
    Eight wrong = _mm256_cmpeq_epi32(kTagged ? ethernet.w2 : link.w0, all(match_keys.station_tail));
    const Eight total = numbers(link.w2, c.first_16);
    wrong = either(wrong, _mm256_cmpgt_epi32(total, length));
    wrong = either(wrong, _mm256_cmpgt_epi32(_mm256_and_si256(link.w3, all(c.fragmented)),
                                             _mm256_setzero_si256()));
    wrong = either(wrong, is_impossible_client(source, destination, c));
    wrong = either(wrong, is_any_of(source, index.broadcasts.data(), index.broadcast_count));

    const Eight protocol = _mm256_srli_epi32(link.w3, 24);
    const Eight is_tcp = _mm256_cmpeq_epi32(protocol, all(c.tcp));
    const Eight is_udp = _mm256_cmpeq_epi32(protocol, all(c.udp));
    const Eight port = numbers(addresses.w3, c.second_16);
    wrong = either(wrong, lacks_header(is_tcp, _mm256_sub_epi32(total, all(c.ipv4)), transport.w2,
                                       transport.w0, c));
    const Eight keys = find_addresses(destination, index, wrong, c);
    Eight right =
        _mm256_cmpeq_epi32(_mm256_and_si256(link.w1, all(c.link_mask)), all(c.plain_ipv4));
    if constexpr (kTagged)
        right = _mm256_and_si256(right,
                                 _mm256_cmpeq_epi32(_mm256_and_si256(ethernet.w3, all(c.tag_mask)),
                                                    all(match_keys.tag)));
    right = _mm256_and_si256(
        right, checksum_holds(link.w1, link.w2, link.w3, addresses.w0, source, destination, c));
    right = _mm256_and_si256(right, either(is_tcp, is_udp));
    right = _mm256_and_si256(right, is_sent_to_cluster(ethernet.w0, ethernet.w1, match_keys, c));

    store(&parsed.client[slot], numbers(source, c.number_32));
    store(&parsed.client_port[slot], numbers(addresses.w3, c.first_16));
    const Eight bits = _mm256_blendv_epi8(all(c.key_udp), all(c.key_tcp), is_tcp);
    store(&parsed.key[slot], either(either(port, bits), keys));
    const Eight flags = _mm256_and_si256(numbers(transport.w2, c.second_8), is_tcp);
    store(&parsed.tcp_flags[slot], flags);
    const Eight begins_or_ends =
        _mm256_cmpgt_epi32(_mm256_and_si256(flags, all(c.begins_or_ends)), _mm256_setzero_si256());
    parsed.begins_or_ends |= std::uint64_t{static_cast<std::uint32_t>(
                                 _mm256_movemask_ps(_mm256_castsi256_ps(begins_or_ends)))}
                             << slot;
    return static_cast<std::uint32_t>(
        _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_andnot_si256(wrong, right))));
}

}  // namespace

namespace {

// `length` in parse_group() is what a frame has behind its link layer.
template <bool kTagged>
NLB_AVX2_INLINE inline std::uint64_t parse_burst(const Burst& burst, const MatchKeys& match_keys,
                                                 FastParse& parsed) {
    static constexpr Constants kConstants;
    const Constants& c = opaque(kConstants);
    std::uint64_t usual = 0;
    parsed.begins_or_ends = 0;
    std::uint32_t i = 0;
    for (; i + kGroup <= burst.count; i += kGroup) {
        const Frame* const frames = &burst.frames[i];
        const Eight length = _mm256_sub_epi32(lengths_of(frames, c), all(match_keys.l3));
        if (_mm256_movemask_epi8(_mm256_cmpgt_epi32(all(c.ip_least), length)) == 0) {
            usual |= parse_group<kTagged>(frames, length, match_keys, parsed, i, c) << i;
            continue;
        }
        for (std::uint32_t k = i; k < i + kGroup; ++k)
            usual |= std::uint64_t{fast_parse_frame(burst, k, match_keys, parsed)} << k;
    }
    for (; i < burst.count; ++i)
        usual |= std::uint64_t{fast_parse_frame(burst, i, match_keys, parsed)} << i;
    return usual;
}

}  // namespace

NLB_AVX2 std::uint64_t fast_parse_avx2(const Burst& burst, const MatchKeys& match_keys,
                                       FastParse& parsed) {
    return match_keys.tag == 0 ? parse_burst<false>(burst, match_keys, parsed)
                               : parse_burst<true>(burst, match_keys, parsed);
}

bool has_avx2() {
    return __builtin_cpu_supports("avx2") != 0;
}

}  // namespace nlb
