// The table of commands and the table of steps of controlplane/agent/host_state.
#include "controlplane/agent/host_state.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

using C = HostCommand;
using W = Wanted;
using R = ReturnValue;

struct Row {
    W from;
    C command;
    W to;
    R value;
};

class HostStateTable : public ::testing::TestWithParam<Row> {};

TEST_P(HostStateTable, LeadsWhereItSays) {
    const Row& row = GetParam();
    const Transition transition = apply(row.from, row.command);
    EXPECT_EQ(transition.next, row.to);
    EXPECT_EQ(transition.result.value, row.value);
    EXPECT_FALSE(transition.result.message.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, HostStateTable,
    ::testing::Values(Row{W::running, C::start, W::running, R::already},
                      Row{W::running, C::stop, W::stopped, R::ok},
                      Row{W::running, C::drainstop, W::draining, R::ok},
                      Row{W::running, C::suspend, W::suspended, R::ok},
                      Row{W::running, C::resume, W::running, R::already},
                      Row{W::draining, C::start, W::running, R::drain_stopped},
                      Row{W::draining, C::stop, W::stopped, R::drain_stopped},
                      Row{W::draining, C::drainstop, W::draining, R::already},
                      Row{W::draining, C::suspend, W::suspended, R::drain_stopped},
                      Row{W::draining, C::resume, W::draining, R::already},
                      Row{W::stopped, C::start, W::running, R::ok},
                      Row{W::stopped, C::stop, W::stopped, R::already},
                      Row{W::stopped, C::drainstop, W::stopped, R::already},
                      Row{W::stopped, C::suspend, W::suspended, R::ok},
                      Row{W::stopped, C::resume, W::stopped, R::already},
                      Row{W::suspended, C::start, W::suspended, R::refused},
                      Row{W::suspended, C::stop, W::suspended, R::refused},
                      Row{W::suspended, C::drainstop, W::suspended, R::refused},
                      Row{W::suspended, C::suspend, W::suspended, R::already},
                      Row{W::suspended, C::resume, W::stopped, R::ok}));

TEST(HostState, AStateBeginsAsTheConfigurationSaysAndAsItWasOnlyWhenAsked) {
    using I = config::InitialState;
    EXPECT_EQ(initial_wanted(I::started, W::stopped), W::running);
    EXPECT_EQ(initial_wanted(I::stopped, W::running), W::stopped);
    EXPECT_EQ(initial_wanted(I::suspended, W::running), W::suspended);
    EXPECT_EQ(initial_wanted(I::last, W::suspended), W::suspended);
    EXPECT_EQ(initial_wanted(I::last, std::nullopt), W::running);
}

Facts facts_with(bool active, bool leaving = false, bool has_left = false) {
    Facts facts;
    facts.dataplane = true;
    facts.active = active;
    facts.leaving = leaving;
    facts.has_left = has_left;
    return facts;
}

TEST(HostState, ARunningHostBeginsWhenItsDataplaneIsThere) {
    Facts facts;
    EXPECT_EQ(next_step(W::running, facts), Step::none);
    facts.dataplane = true;
    EXPECT_EQ(next_step(W::running, facts), Step::begin);
    facts.active = true;
    EXPECT_EQ(next_step(W::running, facts), Step::none);
}

TEST(HostState, AStoppedHostLeavesOnceAndRetires) {
    EXPECT_EQ(next_step(W::stopped, facts_with(true)), Step::leave);
    EXPECT_EQ(next_step(W::stopped, facts_with(true, true)), Step::none);
    EXPECT_EQ(next_step(W::stopped, facts_with(true, true, true)), Step::retire);
    EXPECT_EQ(next_step(W::stopped, facts_with(false)), Step::none);
    EXPECT_EQ(next_step(W::suspended, facts_with(true)), Step::leave);
}

TEST(HostState, AStartWhileLeavingWaitsUntilItHasLeft) {
    EXPECT_EQ(next_step(W::running, facts_with(true, true)), Step::none);
    EXPECT_EQ(next_step(W::running, facts_with(true, true, true)), Step::retire);
    EXPECT_EQ(next_step(W::running, facts_with(false)), Step::begin);
}

TEST(HostState, ADrainIsToldThenEndsWithTheLastDescriptor) {
    Facts facts = facts_with(true);
    EXPECT_EQ(next_step(W::draining, facts), Step::tell_desired);
    facts.told_draining = true;
    EXPECT_EQ(next_step(W::draining, facts), Step::none);
    facts.drained = true;
    EXPECT_EQ(next_step(W::draining, facts), Step::finish_drain);
    EXPECT_EQ(next_step(W::running, facts), Step::tell_desired);
}

TEST(HostState, AStoppedHostTakesALivingMapOverOnlyToGiveItBack) {
    Facts facts = facts_with(false);
    facts.memory_alive = true;
    EXPECT_EQ(next_step(W::stopped, facts), Step::begin);
    EXPECT_EQ(next_step(W::stopped, facts_with(true)), Step::leave);
}

TEST(HostState, WhoDepartsLeavesAndNeverBegins) {
    Facts facts = facts_with(true);
    facts.departing = true;
    EXPECT_EQ(next_step(W::running, facts), Step::leave);
    facts.active = false;
    EXPECT_EQ(next_step(W::running, facts), Step::none);
}

TEST(HostState, WhoseServersCannotBeReachedLeavesAndDoesNotBegin) {
    Facts facts = facts_with(true);
    facts.inside_ready = false;
    EXPECT_EQ(next_step(W::running, facts), Step::leave);
    facts.leaving = true;
    EXPECT_EQ(next_step(W::running, facts), Step::none);
    facts = facts_with(false);
    facts.inside_ready = false;
    EXPECT_EQ(next_step(W::running, facts), Step::none);
    facts.memory_alive = true;
    EXPECT_EQ(next_step(W::running, facts), Step::begin) << "only to give it back";
    EXPECT_EQ(shown_state(W::running, facts, false), ShownState::converging);
}

TEST(HostState, TheReturnValuesAreThoseOfNlb) {
    EXPECT_EQ(static_cast<int>(return_value_of(ShownState::stopped, false)), 1005);
    EXPECT_EQ(static_cast<int>(return_value_of(ShownState::converging, true)), 1006);
    EXPECT_EQ(static_cast<int>(return_value_of(ShownState::converged, false)), 1007);
    EXPECT_EQ(static_cast<int>(return_value_of(ShownState::converged, true)), 1008);
    EXPECT_EQ(static_cast<int>(return_value_of(ShownState::draining, false)), 1009);
    EXPECT_EQ(static_cast<int>(return_value_of(ShownState::suspended, false)), 1013);
}

TEST(HostState, NamesReadBack) {
    for (const W wanted : {W::running, W::draining, W::stopped, W::suspended})
        EXPECT_EQ(wanted_from(name_of(wanted)), wanted);
    EXPECT_FALSE(wanted_from("gone").has_value());
}

}  // namespace
}  // namespace nlb::controlplane
