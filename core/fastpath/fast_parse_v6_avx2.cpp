// IPv6, eight frames at once, as fast_parse_avx2.cpp does it with IPv4. A group without any IPv6 is
// passed over at its ethertypes.
#include "core/fastpath/fast_parse_lanes.hpp"

namespace nlb {
namespace {

using namespace lanes;

// Eight bytes of zero lead unspecified, loopback and mapped addresses; 0xff leads groups.
NLB_AVX2_INLINE inline Eight is_special(const Words& address, const Constants& c) {
    return either(is_zero(either(address.w0, address.w1)),
                  _mm256_cmpeq_epi32(both(address.w0, all(c.network)), all(c.network)));
}

NLB_AVX2_INLINE inline Eight are_same(const Words& a, const Words& b) {
    return both(both(_mm256_cmpeq_epi32(a.w0, b.w0), _mm256_cmpeq_epi32(a.w1, b.w1)),
                both(_mm256_cmpeq_epi32(a.w2, b.w2), _mm256_cmpeq_epi32(a.w3, b.w3)));
}

// A foreign one may be the inside stack's.
NLB_AVX2_INLINE inline Eight is_foreign_link_local(const Words& address, Eight keys,
                                                   const Constants& c) {
    return both(_mm256_cmpeq_epi32(both(address.w0, all(c.link_local_mask)), all(c.link_local)),
                _mm256_cmpeq_epi32(keys, all(c.foreign)));
}

// What the address that each lane is sent to adds to its key: by its slot (TablesIndex), for lanes
// that are not `found` yet. Ends because most slots are empty.
NLB_AVX2_INLINE inline Eight find_slots(const Words& to, const TablesIndex& index, Eight found,
                                        const Constants& c) {
    const Eight mixed = _mm256_xor_si256(
        _mm256_xor_si256(product(to.w0, c.word_factors[0]), product(to.w1, c.word_factors[1])),
        _mm256_xor_si256(product(to.w2, c.word_factors[2]), to.w3));
    Eight slot = _mm256_srli_epi32(product(mixed, c.slot_factor), 22);
    Eight pending = _mm256_andnot_si256(found, all(c.ones));
    Eight keys = _mm256_setzero_si256();
    const std::uint32_t* const slots = index.slots_v6[0].address.data();
    do {
        const Eight at = add(_mm256_slli_epi32(slot, 2), slot);  // five words each
        const Eight there = gather(slots + 4, at);
        const Words address{gather(slots, at), gather(slots + 1, at), gather(slots + 2, at),
                            gather(slots + 3, at)};
        const Eight ends = either(are_same(address, to), _mm256_cmpeq_epi32(there, all(c.foreign)));
        keys = either(keys, both(both(ends, pending), there));
        pending = _mm256_andnot_si256(ends, pending);
        slot = both(add(slot, all(c.one)), all(c.slot_mask));
    } while (_mm256_movemask_epi8(pending) != 0);
    return keys;
}

// The same, first by a few VIPs, one after the other until every lane has its own.
NLB_AVX2_INLINE inline Eight find_addresses(const Words& to, const TablesIndex& index, Eight& wrong,
                                            const Constants& c) {
    Eight keys = _mm256_setzero_si256();
    Eight found = _mm256_setzero_si256();
    for (std::uint32_t i = 0; i < index.few_count_v6; ++i) {
        const AddressSlotV6& few = index.few_v6[i];
        const Eight same = are_same(to, {all(few.address[0]), all(few.address[1]),
                                         all(few.address[2]), all(few.address[3])});
        keys = either(keys, both(same, all(few.key)));
        found = either(found, same);
        if (_mm256_movemask_epi8(found) == -1) return keys;
    }
    keys = either(keys, find_slots(to, index, found, c));
    wrong = either(wrong, either(is_special(to, c), is_foreign_link_local(to, keys, c)));
    return keys;
}

// Bit i: frame `slot` + i is usual. `length` is what a frame has behind its link layer. Requires:
// bytes up to the end of a TCP header in each of the eight frames.
template <bool kTagged>
NLB_AVX2_INLINE inline std::uint64_t parse_group(const Frame* frames, Eight length,
                                                 const MatchKeys& match_keys, FastParse& parsed,
                                                 std::size_t slot, const Constants& c) {
    constexpr std::size_t kTag = kTagged ? kVlanTagBytes : 0;
    // | ethertype, version | flow label, payload length | next header, hop limit, source's begin
    const Words link = words_at(frames, 8 + kTag);
    Eight right = _mm256_cmpeq_epi32(both(link.w1, all(c.link_mask_v6)), all(c.plain_ipv6));
    if (_mm256_movemask_epi8(right) == 0) return 0;
    // destination | its end, begin of the source | end of the source | the tag, if there is one
    const Words ethernet = words_at(frames, 0);
    const Words source = words_at(frames, 22 + kTag);
    const Words destination = words_at(frames, 38 + kTag);
    // ports | UDP length | | TCP's data offset and flags
    const Words transport = words_at(frames, 54 + kTag);
    Eight wrong = _mm256_cmpeq_epi32(kTagged ? ethernet.w2 : link.w0, all(match_keys.station_tail));
    const Eight bytes = numbers(link.w2, c.second_16);
    wrong = either(wrong, _mm256_cmpgt_epi32(add(bytes, all(c.ipv6)), length));
    wrong = either(wrong, either(is_special(source, c), are_same(source, destination)));

    const Eight protocol = both(link.w3, all(c.network));
    const Eight is_tcp = _mm256_cmpeq_epi32(protocol, all(c.tcp));
    wrong = either(wrong, lacks_header(is_tcp, bytes, transport.w3, transport.w1, c));
    const Eight keys = find_addresses(destination, match_keys.index, wrong, c);
    if constexpr (kTagged)
        right = both(right,
                     _mm256_cmpeq_epi32(both(ethernet.w3, all(c.tag_mask)), all(match_keys.tag)));
    right = both(right, either(is_tcp, _mm256_cmpeq_epi32(protocol, all(c.udp))));
    right = both(right, is_sent_to_cluster(ethernet.w0, ethernet.w1, match_keys, c));

    store(&parsed.client_upper[0][slot], numbers(source.w0, c.number_32));
    store(&parsed.client_upper[1][slot], numbers(source.w1, c.number_32));
    store(&parsed.client_upper[2][slot], numbers(source.w2, c.number_32));
    store(&parsed.client[slot], numbers(source.w3, c.number_32));
    store_ports(parsed, slot, transport.w0, is_tcp, transport.w3, keys, c);
    return bits_of(_mm256_andnot_si256(wrong, right));
}

template <bool kTagged>
struct LookAtV6 {
    static constexpr bool kOverV6 = true;
    static constexpr std::uint32_t kLeastBytes = sizeof(Ipv6Header) + sizeof(TcpHeader);
    NLB_AVX2_INLINE static std::uint64_t group(const Frame* frames, Eight length,
                                               const MatchKeys& match_keys, FastParse& parsed,
                                               std::size_t slot, const Constants& c) {
        return parse_group<kTagged>(frames, length, match_keys, parsed, slot, c);
    }
    static bool frame(const Burst& burst, std::uint32_t slot, const MatchKeys& match_keys,
                      FastParse& parsed) {
        return fast_parse_frame_v6(burst, slot, match_keys, parsed);
    }
};

}  // namespace

NLB_AVX2 std::uint64_t fast_parse_v6_avx2(const Burst& burst, const MatchKeys& match_keys,
                                          FastParse& parsed) {
    return match_keys.tag == 0 ? parse_groups<LookAtV6<false>>(burst, match_keys, parsed)
                               : parse_groups<LookAtV6<true>>(burst, match_keys, parsed);
}

}  // namespace nlb
