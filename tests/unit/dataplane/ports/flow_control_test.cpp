// Pause frames are switched off, or at least not sent; what the device says afterwards is told.
#include "dataplane/ports/flow_control.hpp"

#include <cerrno>
#include <gtest/gtest.h>

namespace nlb::dataplane {
namespace {

struct FakeAdapter {
    rte_eth_fc_mode mode = RTE_ETH_FC_FULL;
    std::vector<rte_eth_fc_mode> takes;
    bool knows = true;
    bool keeps_its_own = false;
    unsigned sets = 0;

    ipc::FlowControl end() { return end_flow_control(calls()); }
    FlowControlCalls calls() {
        return {[this](rte_eth_fc_conf& settings) {
                    settings.mode = mode;
                    return knows ? 0 : -ENOTSUP;
                },
                [this](rte_eth_fc_conf& settings) {
                    ++sets;
                    const bool taken =
                        std::find(takes.begin(), takes.end(), settings.mode) != takes.end();
                    if (taken && !keeps_its_own) mode = settings.mode;
                    return taken ? 0 : -EINVAL;
                }};
    }
};

TEST(FlowControl, IsSwitchedOff) {
    FakeAdapter adapter;
    adapter.takes = {RTE_ETH_FC_NONE};
    EXPECT_EQ(adapter.end(), ipc::FlowControl::off);
}

TEST(FlowControl, WhereItCannotBeOffNoPauseIsSent) {
    FakeAdapter adapter;
    adapter.takes = {RTE_ETH_FC_RX_PAUSE};
    EXPECT_EQ(adapter.end(), ipc::FlowControl::rx_only);
}

TEST(FlowControl, WhatTheAdapterKeepsIsTold) {
    FakeAdapter stubborn;
    EXPECT_EQ(stubborn.end(), ipc::FlowControl::both);
    FakeAdapter liar;
    liar.mode = RTE_ETH_FC_TX_PAUSE;
    liar.takes = {RTE_ETH_FC_NONE};
    liar.keeps_its_own = true;
    EXPECT_EQ(liar.end(), ipc::FlowControl::off) << "it took it";
    EXPECT_EQ(read_flow_control(liar.calls()), ipc::FlowControl::tx_only) << "once the link is up";
}

TEST(FlowControl, AnAdapterWithoutALinkIsToldAlthoughItSaysOff) {
    FakeAdapter adapter{RTE_ETH_FC_NONE};
    adapter.takes = {RTE_ETH_FC_NONE};
    EXPECT_EQ(adapter.end(), ipc::FlowControl::off);
    EXPECT_EQ(adapter.sets, 1U);
}

TEST(FlowControl, WhoHasNoneIsUnknown) {
    FakeAdapter adapter;
    adapter.knows = false;
    EXPECT_EQ(adapter.end(), ipc::FlowControl::unknown);
    EXPECT_EQ(adapter.sets, 0U);
}

}  // namespace
}  // namespace nlb::dataplane
