// The key of the adapters against DPDK's own Toeplitz, and what a port does when an adapter spreads
// flows, does not, or keeps a key of its own.
#define ALLOW_EXPERIMENTAL_API  // rte_eth_dev_conf_get(): what a driver reads when it starts
#include "dataplane/ports/rss.hpp"

#include <array>
#include <bit>
#include <gtest/gtest.h>
#include <random>
#include <rte_ethdev.h>
#include <rte_thash.h>
#include <set>

#include "dataplane/ports/ports.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::size_t kFlows = 1000;

// What an adapter hashes of a flow, as words of the processor: addresses, then ports.
template <std::size_t kAddressWords>
struct Flow {
    std::array<std::uint32_t, kAddressWords> source;
    std::array<std::uint32_t, kAddressWords> destination;
    std::uint16_t source_port;
    std::uint16_t destination_port;

    static Flow random(std::mt19937& random) {
        Flow flow{};
        for (auto& word : flow.source) word = static_cast<std::uint32_t>(random());
        for (auto& word : flow.destination) word = static_cast<std::uint32_t>(random());
        flow.source_port = static_cast<std::uint16_t>(random());
        flow.destination_port = static_cast<std::uint16_t>(random());
        return flow;
    }
    [[nodiscard]] Flow reversed() const {
        return {destination, source, destination_port, source_port};
    }
    [[nodiscard]] std::uint32_t hash(const std::vector<std::uint8_t>& key, bool with_ports) const {
        std::array<std::uint32_t, 2 * kAddressWords + 1> words{};
        std::copy(source.begin(), source.end(), words.begin());
        std::copy(destination.begin(), destination.end(), words.begin() + kAddressWords);
        words.back() = std::uint32_t{source_port} << 16 | destination_port;
        return rte_softrss(words.data(),
                           static_cast<std::uint32_t>(words.size() - (with_ports ? 0 : 1)),
                           key.data());
    }
};

template <std::size_t kAddressWords>
void expect_symmetry(const std::vector<std::uint8_t>& key, bool with_ports) {
    std::mt19937 random(11);
    std::set<std::uint32_t> hashes;
    for (std::size_t i = 0; i < kFlows; ++i) {
        const auto flow = Flow<kAddressWords>::random(random);
        EXPECT_EQ(flow.hash(key, with_ports), flow.reversed().hash(key, with_ports));
        hashes.insert(flow.hash(key, with_ports));
    }
    EXPECT_GT(hashes.size(), kFlows * 9 / 10) << "different flows have different hashes";
}

TEST(Rss, BothDirectionsOfAFlowHaveOneHash) {
    const auto key = rss_key(draw_rss_word(), 52);
    for (const bool with_ports : {true, false}) {
        expect_symmetry<1>(key, with_ports);  // IPv4
        expect_symmetry<4>(key, with_ports);  // IPv6
    }
}

TEST(Rss, AKeyThatRepeatsNoWordIsNotSymmetric) {
    auto key = rss_key(0x1235, 52);
    key[7] ^= 1;
    std::mt19937 random(11);
    std::size_t alike = 0;
    for (std::size_t i = 0; i < kFlows; ++i) {
        const auto flow = Flow<1>::random(random);
        alike += flow.hash(key, true) == flow.reversed().hash(key, true) ? 1 : 0;
    }
    EXPECT_LT(alike, kFlows);
}

TEST(Rss, WordsAreRandomAndTellEveryBitApart) {
    std::set<std::uint16_t> words;
    for (int i = 0; i < 64; ++i) words.insert(draw_rss_word());
    EXPECT_GT(words.size(), 32U);
    for (const std::uint16_t word : words) {
        EXPECT_EQ(std::popcount(word) % 2, 1) << word;
        // One address of 16 bits: each value has a hash of its own.
        const auto key = rss_key(word, 52);
        std::set<std::uint32_t> hashes;
        for (std::uint32_t value = 0; value < 0x10000; value += 257)
            hashes.insert(rte_softrss(&value, 1, key.data()));
        EXPECT_EQ(hashes.size(), 256U) << word;
    }
}

TEST(Rss, AnAdapterWithoutRssSpreadsOverOneQueue) {
    rte_eth_dev_info info{};
    EXPECT_EQ(spread_of(info, 1).limit, "");
    EXPECT_EQ(spread_of(info, 4).queues, 1);
    EXPECT_EQ(spread_of(info, 4).limit, "the adapter has no RSS for IP flows");
    info.flow_type_rss_offloads = RTE_ETH_RSS_L2_PAYLOAD;
    EXPECT_EQ(spread_of(info, 4).queues, 1);
    info.flow_type_rss_offloads = RTE_ETH_RSS_IPV4;
    EXPECT_EQ(spread_of(info, 4).queues, 4);
}

TEST(Rss, NoMoreQueuesThanTheRedirectionTableReaches) {
    rte_eth_dev_info info{};
    info.flow_type_rss_offloads = RTE_ETH_RSS_NONFRAG_IPV4_TCP;
    info.reta_size = 4;
    EXPECT_EQ(spread_of(info, 4).limit, "");
    EXPECT_EQ(spread_of(info, 6).queues, 4);
    EXPECT_EQ(spread_of(info, 6).limit, "the adapter's redirection table has 4 entries");
}

TEST(Rss, WhatTheAdapterReadsBackDecides) {
    const auto key = rss_key(0x1235, 40);
    const std::vector<std::uint8_t> unread(40, 0);
    EXPECT_EQ(rss_refusal(RTE_ETH_RSS_IPV4, key, key), "");
    EXPECT_EQ(rss_refusal(RTE_ETH_RSS_IPV4, unread, key), "");
    EXPECT_EQ(rss_refusal(0, key, key), "the adapter did not take RSS for IP flows");
    EXPECT_EQ(rss_refusal(RTE_ETH_RSS_IPV4, rss_key(0x1237, 40), key),
              "the adapter keeps an RSS key of its own");
}

class RssPort : public ::testing::Test {
protected:
    static Result<Port> attach(const char* device, std::uint16_t word) {
        return Port::attach(parse_device(device, "test").value(), "test", word, EalLog::capture());
    }
    static rte_mempool* pool() {
        static rte_mempool* const pool =
            rte_pktmbuf_pool_create("rss frames", 4095, 0, 64, 2176, 0);
        return pool;
    }
    // What drivers read in dev_start, and later.
    static std::vector<std::uint8_t> key_of(const Port& port) {
        rte_eth_conf settings{};
        EXPECT_EQ(rte_eth_dev_conf_get(port.id(), &settings), 0);
        const rte_eth_rss_conf& rss = settings.rx_adv_conf.rss_conf;
        return {rss.rss_key, rss.rss_key + rss.rss_key_len};
    }
};

TEST_F(RssPort, TheKeyIsThereWhenTheDriverStartsAndAfterEachRestart) {
    auto port = attach("net_null70", 0x1235);
    ASSERT_TRUE(port) << port.error().message;
    for (int turn = 0; turn < 2; ++turn) {
        ASSERT_TRUE(port.value().configure(2, pool(), EalLog::capture()));
        // Whoever allocates next gets the memory of what was freed.
        std::vector<std::vector<std::uint8_t>> others(64, std::vector<std::uint8_t>(40, 0xee));
        EXPECT_EQ(key_of(port.value()), rss_key(0x1235, 40)) << others.size();
        ASSERT_TRUE(port.value().start(EalLog::capture()));
        EXPECT_EQ(key_of(port.value()), rss_key(0x1235, 40));
        port.value().stop();
    }
}

// net_null does not look at the key that it is configured with, but takes one when it is told.
TEST_F(RssPort, AnAdapterThatKeepsAnotherKeyIsToldOnceMore) {
    auto port = attach("net_null71", 0x1235);
    ASSERT_TRUE(port) << port.error().message;
    ASSERT_TRUE(port.value().configure(2, pool(), EalLog::capture()));
    ASSERT_TRUE(port.value().start(EalLog::capture()));
    std::vector<std::uint8_t> held(40);
    rte_eth_rss_conf settings{held.data(), 40, 0};
    ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(port.value().id(), &settings), 0);
    EXPECT_NE(held, rss_key(0x1235, 40));
    EXPECT_EQ(port.value().confirm_spread(), "");
    ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(port.value().id(), &settings), 0);
    EXPECT_EQ(held, rss_key(0x1235, 40));
    port.value().stop();
}

TEST_F(RssPort, SoftwareSpreadsOnItsOwnTermsAndAnAdapterSaysHow) {
    auto null = attach("net_null72", 0x1235);
    ASSERT_TRUE(null) << null.error().message;
    EXPECT_EQ(null.value().spread_over(4).queues, 4);
    EXPECT_TRUE(spreads_without_rss("net_tap"));
    EXPECT_TRUE(spreads_without_rss("net_af_packet"));
    EXPECT_FALSE(spreads_without_rss(""));  // on the PCI bus
}

}  // namespace
}  // namespace nlb::dataplane
