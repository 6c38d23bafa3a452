// What `nlb trace` and a dataplane say to each other over the run directory's `trace.sock` (unix,
// seqpacket), framed as in core/ipc/messages.hpp: one trace_request from the command, then
// trace_packet and trace_progress until either side closes. Nothing here decides. The filter is a
// classic BPF program (pcap-filter(7)) that the command compiled.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "core/base/fnv.hpp"
#include "core/base/types.hpp"
#include "core/ipc/messages.hpp"
#include "core/packet/burst.hpp"

namespace nlb::trace {

inline constexpr std::size_t kInstructionsMax = 1024;
inline constexpr std::size_t kSnapBytesMax = 2048;
inline constexpr std::uint32_t kRateMax = 100'000;  // packets per second

enum class Direction : std::uint32_t { ingress = 1, egress = 2, both = 3 };

// sock_filter of linux/filter.h, bpf_insn of pcap/bpf.h.
struct Instruction {
    std::uint16_t code;
    std::uint8_t jump_true;
    std::uint8_t jump_false;
    std::uint32_t operand;
};
static_assert(sizeof(Instruction) == 8 && std::has_unique_object_representations_v<Instruction>);

// Followed by its instructions.
struct Request {
    std::uint64_t build;  // build_of_this()
    // ends with a zero; empty: the first of the dataplane's
    std::array<char, kClusterNameBytes> cluster;
    Direction direction;
    std::uint32_t packets_per_second;  // of all workers together, 1..kRateMax
    std::uint32_t snap_bytes;          // 14..kSnapBytesMax
    std::uint32_t instruction_count;   // 1..kInstructionsMax
};

// Each second, and once at the beginning: the trace runs. Packets that nobody looked at were more
// than the budget, or than the reader took.
struct Progress {
    std::uint64_t looked_at;
    std::uint64_t passed_by;
};

// Followed by the first bytes of the frame, as it was when it was settled: an ARP request is its
// own answer by then.
struct Packet {
    PacketInfo info;
    std::int64_t time_ns;  // since 1970, when its burst was received
    std::uint64_t epoch;   // of the tables that decided
    Progress progress;
    Direction direction;   // ingress or egress
    std::uint32_t length;  // of the frame
    std::uint16_t lane;    // the queue it was settled on
    Reason reason;
    HostId owner;  // by the map of these tables; kNoHost without a rule
    std::array<Byte, 20> zero;
};
static_assert(std::has_unique_object_representations_v<Packet> &&
              std::has_unique_object_representations_v<Request>);

inline constexpr std::size_t kMessageBytesMax =
    sizeof(ipc::MessageHeader) + std::max(sizeof(Packet) + kSnapBytesMax,
                                          sizeof(Request) + kInstructionsMax * sizeof(Instruction));
static_assert(kMessageBytesMax <= ipc::kMessageBytesMax);

// Equal exactly when both ends lay out every message alike and mean the same reasons.
[[nodiscard]] constexpr std::uint64_t build_of_this() {
    Fnv1a digest;
    digest.add(ipc::layout_digest());
    for (const std::size_t size : {sizeof(Request), sizeof(Packet), sizeof(PacketInfo)})
        digest.add(size);
    for (const ReasonInfo& reason : kReasons)
        for (const char letter : reason.name) digest.add(static_cast<std::uint64_t>(letter));
    return digest.digest();
}

}  // namespace nlb::trace
