// What the kernel says of this very process, and of none.
#include "controlplane/loop/process_numbers.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <unistd.h>

namespace nlb::controlplane {
namespace {

TEST(ProcessNumbers, AreThisProcesss) {
    const ProcessNumbers numbers = process_numbers(getpid());
    const double now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_GT(numbers.start_time_s, now - 3600);
    EXPECT_LT(numbers.start_time_s, now + 2);
    EXPECT_GT(numbers.resident_bytes, 1e6);
    EXPECT_GE(numbers.open_fds, 3);
    EXPECT_GE(numbers.cpu_seconds, 0);
}

TEST(ProcessNumbers, OfNobodyAreZero) {
    for (const pid_t pid : {0, -1, 999999999}) {
        const ProcessNumbers numbers = process_numbers(pid);
        EXPECT_EQ(numbers.start_time_s, 0) << pid;
        EXPECT_EQ(numbers.open_fds, 0) << pid;
    }
}

}  // namespace
}  // namespace nlb::controlplane
