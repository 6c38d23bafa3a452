// EAL for the tests that need one: plain memory, no device, no privilege, gone with the process.
#include <array>
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <sched.h>
#include <stdlib.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "dataplane/startup/eal_log.hpp"
#include "dataplane/startup/machine.hpp"

namespace nlb::dataplane {
namespace {

class EalEnvironment : public ::testing::Environment {
public:
    void SetUp() override {
        std::array<char, 32> directory{"/tmp/nlb-dataplane-test.XXXXXX"};
        ASSERT_NE(mkdtemp(directory.data()), nullptr);
        directory_ = directory.data();
        setenv("RUNTIME_DIRECTORY", directory_.c_str(), 1);
        EalLog::capture();
        // Two lcores, one of them without work: ports of rings have as many queues.
        const std::string cpu = std::to_string(read_machine().cpus.front());
        std::vector<std::string> arguments{"dataplane-test",
                                           "--no-huge",
                                           "-m",
                                           "256",
                                           "--no-shconf",
                                           "--no-pci",
                                           "--no-telemetry",
                                           "--lcores=0@" + cpu + ",1@" + cpu,
                                           "--file-prefix=nlb-test-" + std::to_string(getpid()),
                                           "--log-level=*:error"};
        std::vector<char*> argv;
        for (std::string& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        // EAL binds this thread to one CPU, and the threads of tests would inherit that and never
        // meet.
        cpu_set_t cpus;
        ASSERT_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
        ASSERT_GE(rte_eal_init(static_cast<int>(arguments.size()), argv.data()), 0);
        ASSERT_EQ(sched_setaffinity(0, sizeof cpus, &cpus), 0);
    }
    void TearDown() override {
        rte_eal_cleanup();
        EXPECT_EQ(system(("rm -rf " + directory_).c_str()), 0);
    }

private:
    std::string directory_;
};

[[maybe_unused]] const auto* const kEnvironment =
    ::testing::AddGlobalTestEnvironment(new EalEnvironment);

}  // namespace
}  // namespace nlb::dataplane
