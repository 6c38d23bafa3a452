// The first look at a burst: which frames are usual, and the few words of them that decide. Usual
// is an unfragmented TCP or UDP packet right behind a plain IPv4 or IPv6 header (no options, no
// extension headers; untagged or, where the cluster is in a VLAN, with its tag alone), sent to the
// cluster's MAC and to a virtual address or one that is nobody's here, with nothing wrong in it
// that the parser or classification would see. All else is left to the stages that look at one
// packet after the other: a frame that is not found usual costs time, never correctness.
//
// Each IP version has a look of its own, and two versions of each do the same: *_portable() one
// frame at a time, *_avx2() eight at once. tests/unit/core/fastpath compares them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "core/fastpath/tables_index.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/packet/headers.hpp"
#include "core/tables/affinity_hash.hpp"

namespace nlb {

// What frames of a burst are compared with: words as they lie in a frame.
struct MatchKeys {
    // Requires: context.index.
    explicit MatchKeys(const BurstContext& context);

    const TablesIndex& index;
    // the last four bytes of what this host's own frames come from
    std::uint32_t station_tail;
    // the cluster's MAC: its first four bytes, and the two behind them
    std::uint32_t cluster_head;
    std::uint32_t cluster_tail;
    // the cluster's tag, without its priority; 0: untagged
    std::uint32_t tag = 0;
    std::uint16_t l3 = sizeof(EthernetHeader);  // where IP begins
};
inline constexpr std::size_t kTagOffset = 12;

// A client's address as two numbers; IPv4's is mapped.
struct ClientNumbers {
    std::uint64_t high;
    std::uint64_t low;
};

// The fields that decide, column by column: entry i is of frame i, and is set when frame i is
// usual. Numbers are in host order.
struct FastParse {
    // of an IPv6 address: its lowest 32 bits
    alignas(64) std::array<std::uint32_t, kBurstMax> client;
    alignas(32) std::array<std::uint32_t, kBurstMax> client_port;
    alignas(32) std::array<std::uint32_t, kBurstMax> tcp_flags;  // 0 of UDP
    alignas(32) std::array<RuleKey, kBurstMax> key;
    std::uint64_t begins_or_ends;  // bit i: TCP with one of kTcpBeginsOrEnds
    // Bit i: frame i is IPv4 and as usual but for being a fragment. What follows its header was not
    // looked at; of its key the address is set.
    std::uint64_t fragments;
    bool over_v6;  // all of them, or none
    // The rest of IPv6 addresses, the highest 32 bits first; nothing of IPv4.
    alignas(32) std::array<std::array<std::uint32_t, kBurstMax>, 3> client_upper;

    [[nodiscard]] ClientNumbers client_at(std::uint32_t slot) const {
        if (!over_v6) return {0, kMappedPrefix | client[slot]};
        return {std::uint64_t{client_upper[0][slot]} << 32 | client_upper[1][slot],
                std::uint64_t{client_upper[2][slot]} << 32 | client[slot]};
    }
};

// Bit i: frame i is usual. The columns are undefined for the other frames, and those that the fast
// path has settled already need not be looked at.
using FastParser = std::uint64_t(const Burst& burst, const MatchKeys& match_keys,
                                 FastParse& parsed);
[[nodiscard]] FastParser fast_parse_portable;
[[nodiscard]] FastParser fast_parse_v6_portable;
// Require: has_avx2().
[[nodiscard]] FastParser fast_parse_avx2;
[[nodiscard]] FastParser fast_parse_v6_avx2;
[[nodiscard]] bool has_avx2();

// One frame, for both versions.
[[nodiscard]] bool fast_parse_frame(const Burst& burst, std::uint32_t slot,
                                    const MatchKeys& match_keys, FastParse& parsed);
[[nodiscard]] bool fast_parse_frame_v6(const Burst& burst, std::uint32_t slot,
                                       const MatchKeys& match_keys, FastParse& parsed);

// Words as they lie in a frame.
[[nodiscard]] inline std::uint32_t raw_word(const Byte* at) {
    return load_header<std::uint32_t>(at);
}
[[nodiscard]] inline std::uint16_t raw_half(const Byte* at) {
    return load_header<std::uint16_t>(at);
}
// A tag without its priority (IEEE 802.1Q).
[[nodiscard]] inline std::uint32_t raw_tag(const Byte* at) {
    std::array<Byte, kVlanTagBytes> bytes;
    std::memcpy(bytes.data(), at, bytes.size());
    bytes[2] &= kVlanIdMask >> 8;
    return raw_word(bytes.data());
}
// The link layer is as usual: to the cluster, not from this host itself, and in its VLAN. Requires:
// an IP header behind it.
[[nodiscard]] inline bool has_usual_link(const Byte* frame, const MatchKeys& match_keys) {
    if (match_keys.tag != 0 && raw_tag(frame + kTagOffset) != match_keys.tag) return false;
    return raw_word(frame) == match_keys.cluster_head &&
           raw_half(frame + 4) == match_keys.cluster_tail &&
           raw_word(frame + kSourceMacOffset + 2) != match_keys.station_tail;
}

}  // namespace nlb
