// What main reads is one flow, never a mixture of two.
#include "dataplane/worker/latest_flow.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace nlb::dataplane {
namespace {

// Every word of it tells `number`.
FlowKey flow_of(std::uint16_t number) {
    FlowKey key{};
    for (std::size_t i = 0; i < key.client.bytes.size(); ++i)
        key.client.bytes[i] = key.vip.bytes[i] = static_cast<Byte>(number >> 8 * (i % 2));
    key.client_port = key.vip_port = number;
    return key;
}

TEST(LatestFlow, ThereIsNoneBeforeTheFirst) {
    LatestFlow latest;
    EXPECT_FALSE(latest.load());
    latest.store(flow_of(7));
    latest.store(flow_of(8));
    EXPECT_EQ(latest.load(), flow_of(8));
}

TEST(LatestFlow, WhatIsReadWhileItIsWrittenIsWholeOrNothing) {
    LatestFlow latest;
    std::atomic<bool> stop{false};  // publishes nothing but itself
    std::thread writer([&] {
        for (std::uint16_t number = 0; !stop.load(std::memory_order_relaxed); ++number)
            latest.store(flow_of(number));
    });
    int whole = 0;
    while (whole < 20'000) {
        const auto key = latest.load();
        if (!key) continue;
        ++whole;
        ASSERT_EQ(*key, flow_of(key->vip_port));
    }
    stop.store(true, std::memory_order_relaxed);
    writer.join();
}

}  // namespace
}  // namespace nlb::dataplane
