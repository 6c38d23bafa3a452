// Decisions about values only: what an adapter said comes in, a number and a sentence go out.
#include "dataplane/ports/rss.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>
#include <string_view>
#include <sys/random.h>

#include "core/base/assert.hpp"

namespace nlb::dataplane {

std::uint16_t draw_rss_word() {
    std::uint16_t word = 0;
    while (std::popcount(word) % 2 == 0)
        NLB_ASSERT(getrandom(&word, sizeof word, 0) == sizeof word);
    return word;
}

std::vector<std::uint8_t> rss_key(std::uint16_t word, std::size_t bytes) {
    std::vector<std::uint8_t> key(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        key[i] = static_cast<std::uint8_t>(i % 2 == 0 ? word >> 8 : word);
    return key;
}

bool spreads_without_rss(const std::string& driver) {
    static constexpr std::array<std::string_view, 8> kDrivers{
        "nlb_tap",  "net_af_packet", "net_af_xdp", "net_memif",
        "net_pcap", "net_tap",       "net_vhost",  "net_virtio_user"};
    return std::find(kDrivers.begin(), kDrivers.end(), driver) != kDrivers.end();
}

Spread spread_of(const rte_eth_dev_info& info, std::uint16_t wanted) {
    NLB_ASSERT(wanted >= 1);
    if (wanted == 1) return {1, ""};
    if ((info.flow_type_rss_offloads & kRssFlowTypes) == 0)
        return {1, "the adapter has no RSS for IP flows"};
    // 0: the adapter does not tell of a table.
    if (info.reta_size != 0 && info.reta_size < wanted)
        return {info.reta_size,
                fmt::format("the adapter's redirection table has {} entries", info.reta_size)};
    return {wanted, ""};
}

std::string rss_refusal(std::uint64_t flow_types, std::span<const std::uint8_t> held,
                        std::span<const std::uint8_t> key) {
    if ((flow_types & kRssFlowTypes) == 0) return "the adapter did not take RSS for IP flows";
    const bool readable =
        std::any_of(held.begin(), held.end(), [](auto byte) { return byte != 0; });
    if (readable && !std::equal(held.begin(), held.end(), key.begin(), key.end()))
        return "the adapter keeps an RSS key of its own";
    return "";
}

}  // namespace nlb::dataplane
