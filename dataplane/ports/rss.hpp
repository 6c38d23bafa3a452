// Receive-side scaling (RSS) by the adapter: the key that gives both directions of a flow one
// queue, and over how many queues a port really spreads. It configures nothing: Port does. What no
// adapter spreads, workers spread among themselves (dataplane/worker/software_rss.hpp). Thread:
// main, before workers start.
#pragma once

#include <cstdint>
#include <rte_ethdev.h>
#include <span>
#include <string>
#include <vector>

namespace nlb::dataplane {

// A 16-bit word that rss_key() repeats. Random, so that nobody outside knows which flows meet; both
// ports of a pair take the same. The number of its bits that are set is odd: the hash then tells
// apart whatever differs in the exclusive or of the 16-bit words of addresses and ports.
[[nodiscard]] std::uint16_t draw_rss_word();

// The Toeplitz key of that many bytes. Source and destination lie 16, 32 or 128 bits apart in what
// is hashed, and a key of period 16 is the same there: exchanging them does not change the hash.
[[nodiscard]] std::vector<std::uint8_t> rss_key(std::uint16_t word, std::size_t bytes);

// The flow types of which at least one is needed: addresses, and ports where the adapter can.
inline constexpr std::uint64_t kRssFlowTypes = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;

// Drivers that are no adapter spread frames over queues without RSS: the kernel does (net_tap,
// nlb_tap, net_af_packet, net_af_xdp), or whoever holds the other end.
[[nodiscard]] bool spreads_without_rss(const std::string& driver);

// Over how many queues flows can be spread, and why not over more.
struct Spread {
    std::uint16_t queues = 1;
    std::string limit;  // empty: over all that were wanted
};

// By what the adapter says before it is configured. Requires: wanted >= 1.
[[nodiscard]] Spread spread_of(const rte_eth_dev_info& info, std::uint16_t wanted);

// By what it reads back: empty when it hashes some of kRssFlowTypes with `key`. A key of zeros is
// one that the driver cannot read.
[[nodiscard]] std::string rss_refusal(std::uint64_t flow_types, std::span<const std::uint8_t> held,
                                      std::span<const std::uint8_t> key);

}  // namespace nlb::dataplane
