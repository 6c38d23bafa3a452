// IPv4, eight frames at once: of each frame sixteen bytes are loaded at four offsets, and the words
// of one offset are brought into one register. Compiled for AVX2 function by function, so that the
// rest of the program runs on any x86-64; groups with a short frame, and the frames left over, go
// to the portable version.
#include "core/fastpath/fast_parse_lanes.hpp"

namespace nlb {
namespace {

using namespace lanes;

NLB_AVX2_INLINE inline Eight is_any_of(Eight words, const std::uint32_t* list,
                                       std::uint32_t count) {
    Eight found = _mm256_setzero_si256();
    for (std::uint32_t i = 0; i < count; ++i)
        found = _mm256_or_si256(found, _mm256_cmpeq_epi32(words, all(list[i])));
    return found;
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
    Eight wrong = is_zero(network);
    wrong = either(wrong, _mm256_cmpeq_epi32(network, all(c.loopback)));
    wrong = either(
        wrong, _mm256_cmpeq_epi32(_mm256_and_si256(source, all(c.class_bits)), all(c.multicast)));
    wrong = either(wrong, _mm256_cmpeq_epi32(source, all(c.ones)));
    return either(wrong, _mm256_cmpeq_epi32(source, destination));
}

NLB_AVX2_INLINE inline Eight is_impossible_destination(Eight destination, const Constants& c) {
    Eight wrong =
        _mm256_cmpeq_epi32(_mm256_and_si256(destination, all(c.network)), all(c.loopback));
    wrong = either(wrong, _mm256_cmpeq_epi32(_mm256_and_si256(destination, all(c.class_bits)),
                                             all(c.multicast)));
    return either(wrong, _mm256_cmpeq_epi32(destination, all(c.ones)));
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
        const Eight ends = either(_mm256_cmpeq_epi32(there, destination), is_zero(there));
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

// Bit i: frame `slot` + i is usual. `length` is what a frame has behind its link layer. Requires:
// bytes up to the end of a TCP header in each of the eight frames.
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
    wrong = either(wrong, is_impossible_client(source, destination, c));
    wrong = either(wrong, is_any_of(source, index.broadcasts.data(), index.broadcast_count));

    const Eight protocol = _mm256_srli_epi32(link.w3, 24);
    const Eight is_tcp = _mm256_cmpeq_epi32(protocol, all(c.tcp));
    const Eight is_udp = _mm256_cmpeq_epi32(protocol, all(c.udp));
    const Eight keys = find_addresses(destination, index, wrong, c);
    Eight right =
        _mm256_cmpeq_epi32(_mm256_and_si256(link.w1, all(c.link_mask)), all(c.plain_ipv4));
    if constexpr (kTagged)
        right = _mm256_and_si256(right,
                                 _mm256_cmpeq_epi32(_mm256_and_si256(ethernet.w3, all(c.tag_mask)),
                                                    all(match_keys.tag)));
    right = _mm256_and_si256(
        right, checksum_holds(link.w1, link.w2, link.w3, addresses.w0, source, destination, c));
    right = _mm256_and_si256(right, is_sent_to_cluster(ethernet.w0, ethernet.w1, match_keys, c));

    store(&parsed.client[slot], numbers(source, c.number_32));
    store_ports(parsed, slot, addresses.w3, is_tcp, transport.w2, keys, c);
    const Eight fragmented =
        _mm256_cmpgt_epi32(both(link.w3, all(c.fragmented)), _mm256_setzero_si256());
    if (_mm256_testz_si256(fragmented, fragmented) == 0)
        parsed.fragments |=
            std::uint64_t{bits_of(_mm256_andnot_si256(wrong, both(right, fragmented)))} << slot;
    wrong = either(wrong, fragmented);
    wrong = either(wrong, lacks_header(is_tcp, _mm256_sub_epi32(total, all(c.ipv4)), transport.w2,
                                       transport.w0, c));
    return bits_of(_mm256_andnot_si256(wrong, both(right, either(is_tcp, is_udp))));
}

template <bool kTagged>
struct LookAtV4 {
    static constexpr bool kOverV6 = false;
    static constexpr std::uint32_t kLeastBytes = sizeof(Ipv4Header) + sizeof(TcpHeader);
    NLB_AVX2_INLINE static std::uint64_t group(const Frame* frames, Eight length,
                                               const MatchKeys& match_keys, FastParse& parsed,
                                               std::size_t slot, const Constants& c) {
        return parse_group<kTagged>(frames, length, match_keys, parsed, slot, c);
    }
    static bool frame(const Burst& burst, std::uint32_t slot, const MatchKeys& match_keys,
                      FastParse& parsed) {
        return fast_parse_frame(burst, slot, match_keys, parsed);
    }
};

}  // namespace

NLB_AVX2 std::uint64_t fast_parse_avx2(const Burst& burst, const MatchKeys& match_keys,
                                       FastParse& parsed) {
    return match_keys.tag == 0 ? parse_groups<LookAtV4<false>>(burst, match_keys, parsed)
                               : parse_groups<LookAtV4<true>>(burst, match_keys, parsed);
}

bool has_avx2() {
    return __builtin_cpu_supports("avx2") != 0;
}

}  // namespace nlb
