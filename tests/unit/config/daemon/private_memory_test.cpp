// A process with keys leaves no core dump, however it ends and whatever its limits are.
#include "config/daemon/private_memory.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nlb::daemon {
namespace {

TEST(PrivateMemory, AProcessThatAbortsLeavesNoCore) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
        setrlimit(RLIMIT_CORE, &all);
        keep_memory_private();
        if (prctl(PR_GET_DUMPABLE) != 0) _exit(1);
        std::signal(SIGABRT, SIG_DFL);
        std::abort();
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it is dumpable";
    EXPECT_FALSE(WCOREDUMP(status));
}

}  // namespace
}  // namespace nlb::daemon
