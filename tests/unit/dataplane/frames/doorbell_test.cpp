// A doorbell wakes its sleeper once, however often it is rung.
#include "dataplane/frames/doorbell.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace nlb::dataplane {
namespace {

bool is_readable(const Doorbell& bell) {
    pollfd fd{bell.fd(), POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
}

TEST(Doorbell, IsReadableFromTheFirstRingUntilTheAnswer) {
    Doorbell bell;
    EXPECT_FALSE(is_readable(bell));
    bell.ring();
    bell.ring();
    EXPECT_TRUE(is_readable(bell));
    bell.answer();
    EXPECT_FALSE(is_readable(bell));
    bell.ring();
    EXPECT_TRUE(is_readable(bell)) << "what comes after the answer rings again";
}

TEST(Doorbell, WhatCanWaitRingsOnlyASleeperThatLooksTooLate) {
    Doorbell bell;
    bell.ring_unless_looked_at_by(500);
    EXPECT_TRUE(is_readable(bell)) << "nobody said for when it sleeps";
    bell.answer();
    bell.look_by(500);
    bell.ring_unless_looked_at_by(500);
    EXPECT_FALSE(is_readable(bell));
    bell.ring_unless_looked_at_by(499);
    EXPECT_TRUE(is_readable(bell));
}

}  // namespace
}  // namespace nlb::dataplane
