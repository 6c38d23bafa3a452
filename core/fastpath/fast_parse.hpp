// The first look at a burst: which frames are usual, and the few words of them that decide. Usual
// is an unfragmented TCP or UDP packet over plain IPv4 (no IP options; untagged or, where the
// cluster is in a VLAN, with its tag alone), sent to the cluster's MAC and to a virtual address or
// one that is nobody's here, with nothing wrong in it that the parser or classification would see.
// All else is left to the stages that look at one packet after the other: a frame that is not found
// usual costs time, never correctness.
//
// Two versions do the same: fast_parse_portable() one frame at a time, fast_parse_avx2() eight at
// once. tests/unit/core/fastpath compares them.
#pragma once

#include <array>
#include <cstdint>

#include "core/fastpath/tables_index.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/burst_context.hpp"
#include "core/packet/headers.hpp"

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

// The fields that decide, column by column: entry i is of frame i, and is set when frame i is
// usual. Numbers are in host order.
struct FastParse {
    alignas(64) std::array<std::uint32_t, kBurstMax> client;
    alignas(32) std::array<std::uint32_t, kBurstMax> client_port;
    alignas(32) std::array<std::uint32_t, kBurstMax> tcp_flags;  // 0 of UDP
    alignas(32) std::array<RuleKey, kBurstMax> key;
    std::uint64_t begins_or_ends;  // bit i: TCP with one of kTcpBeginsOrEnds
};

// Bit i: frame i is usual. The columns are undefined for the other frames.
[[nodiscard]] std::uint64_t fast_parse_portable(const Burst& burst, const MatchKeys& match_keys,
                                                FastParse& parsed);
// Requires: has_avx2().
[[nodiscard]] std::uint64_t fast_parse_avx2(const Burst& burst, const MatchKeys& match_keys,
                                            FastParse& parsed);
[[nodiscard]] bool has_avx2();

// One frame, for both versions.
[[nodiscard]] bool fast_parse_frame(const Burst& burst, std::uint32_t slot,
                                    const MatchKeys& match_keys, FastParse& parsed);

}  // namespace nlb
