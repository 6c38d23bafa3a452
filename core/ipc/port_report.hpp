// What one port of a cluster is, how its driver took its settings, and what it has counted. Plain
// numbers of the driver's own: whether they are good or bad is not judged here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nlb::ipc {

inline constexpr std::size_t kPortsOfCluster = 2;  // outside, then inside
inline constexpr std::size_t kPortQueuesShown = 16;
inline constexpr std::size_t kPortNameBytes = 64;
inline constexpr std::size_t kDriverNameBytes = 32;

enum class PortState : std::uint32_t { up, down, failed, lost };
inline constexpr std::array<std::string_view, 4> kPortStateNames{"up", "down", "failed", "lost"};
enum class FlowControl : std::uint32_t { unknown, off, rx_only, tx_only, both };
inline constexpr std::array<std::string_view, 5> kFlowControlNames{"unknown", "off", "rx only",
                                                                   "tx only", "both"};
// Which frames the device takes: those of its filters, or all on the wire.
enum class Reception : std::uint32_t { filters, promiscuous };
inline constexpr std::array<std::string_view, 2> kReceptionNames{"filters", "promiscuous"};
// How the dataplane learns that the link has changed.
enum class LinkWatch : std::uint32_t { polled, interrupt };
inline constexpr std::array<std::string_view, 2> kLinkWatchNames{"polled", "interrupt"};
// How a frame reaches a worker that has nothing to do.
enum class Waking : std::uint32_t { never_sleeps, polled, interrupt };
inline constexpr std::array<std::string_view, 3> kWakingNames{"never sleeps", "polled",
                                                              "interrupt"};

// Since the dataplane began, over all resets of the device.
struct PortCounters {
    std::uint64_t rx_packets = 0;
    std::uint64_t rx_bytes = 0;
    std::uint64_t tx_packets = 0;
    std::uint64_t tx_bytes = 0;
    std::uint64_t missed = 0;     // no descriptor was free: nlb was too slow
    std::uint64_t no_buffer = 0;  // the pool was empty
    std::uint64_t rx_errors = 0;  // checksum of the frame, length, symbols
    std::uint64_t tx_errors = 0;
    std::uint64_t oversize = 0;  // longer than the MTU lets through
    std::uint64_t pause_rx = 0;  // pause frames
    std::uint64_t pause_tx = 0;
    std::array<std::uint64_t, kPortQueuesShown> queue_rx_packets{};
    std::array<std::uint64_t, kPortQueuesShown> queue_missed{};
};

struct PortReport {
    std::array<char, kPortNameBytes> name{};      // as DPDK calls it; ends with a zero
    std::array<char, kDriverNameBytes> driver{};  // the same
    PortState state = PortState::down;
    std::uint32_t speed_mbps = 0;  // 0: unknown
    std::uint32_t mtu = 0;
    std::int32_t numa_node = -1;
    std::uint32_t rx_queues = 0;
    std::uint32_t tx_queues = 0;
    std::uint32_t rx_ring = 0;
    std::uint32_t tx_ring = 0;
    FlowControl flow_control = FlowControl::unknown;
    Reception reception = Reception::promiscuous;
    LinkWatch link_watch = LinkWatch::polled;
    Waking waking = Waking::polled;
    std::uint64_t reopened = 0;  // times that it was opened again after a reset or a loss
    PortCounters counters;
};

// Up to the first zero, or all of it.
template <std::size_t kBytes>
[[nodiscard]] constexpr std::string_view text_in(const std::array<char, kBytes>& text) {
    const std::string_view whole{text.data(), kBytes};
    return whole.substr(0, whole.find('\0'));
}
// Cut to the room that there is.
template <std::size_t kBytes>
constexpr void set_text(std::array<char, kBytes>& into, std::string_view text) {
    into = {};
    text.substr(0, kBytes - 1).copy(into.data(), kBytes - 1);
}
template <class Word, std::size_t kWords>
[[nodiscard]] constexpr std::string_view word_of(
    Word word, const std::array<std::string_view, kWords>& words) {
    const auto place = static_cast<std::size_t>(word);
    return place < kWords ? words[place] : std::string_view{"unknown"};
}

}  // namespace nlb::ipc
