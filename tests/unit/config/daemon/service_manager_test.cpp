// What a service manager hears: a socket of this test stands for it.
#include "config/daemon/service_manager.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace nlb::daemon {
namespace {

class ServiceManagerTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/nlb-notify.XXXXXX"};
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name.data();
        fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, path().size());
        ASSERT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    void TearDown() override {
        close(fd_);
        std::filesystem::remove_all(root_);
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
    }
    [[nodiscard]] std::string path() const { return root_ + "/notify"; }
    // Empty when nothing was said.
    [[nodiscard]] std::string heard() const {
        std::array<char, 512> text{};
        const ssize_t bytes = recv(fd_, text.data(), text.size(), 0);
        return {text.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
    }
    [[nodiscard]] ServiceManager manager(const char* watchdog = nullptr) const {
        setenv("NOTIFY_SOCKET", path().c_str(), 1);
        if (watchdog != nullptr) setenv("WATCHDOG_USEC", watchdog, 1);
        return ServiceManager::from_environment();
    }
    std::string root_;
    int fd_ = -1;
};

TEST_F(ServiceManagerTest, ReadinessAndAChangedStatusAreTold) {
    ServiceManager told = manager();
    ASSERT_TRUE(told.listens());
    told.ready();
    EXPECT_EQ(heard(), "READY=1");
    told.status("converged, 2 hosts");
    EXPECT_EQ(heard(), "STATUS=converged, 2 hosts");
    told.status("converged, 2 hosts");
    EXPECT_EQ(heard(), "") << "nothing changed";
    told.status("a\nREADY=1");
    EXPECT_EQ(heard(), "STATUS=a READY=1") << "one assignment only";
    told.stopping();
    EXPECT_EQ(heard(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, TheWatchdogIsFedFourTimesInItsTimeAtMost) {
    ServiceManager told = manager("4000000");
    EXPECT_EQ(told.watchdog(), std::chrono::seconds{4});
    const Instant begin{};
    told.alive(begin);
    EXPECT_EQ(heard(), "WATCHDOG=1");
    told.alive(begin + std::chrono::milliseconds{999});
    EXPECT_EQ(heard(), "");
    told.alive(begin + std::chrono::seconds{1});
    EXPECT_EQ(heard(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, AWatchdogOfAnotherProcessIsNotFed) {
    setenv("WATCHDOG_PID", "1", 1);
    ServiceManager told = manager("4000000");
    EXPECT_EQ(told.watchdog(), Duration{});
    told.alive(Instant{});
    EXPECT_EQ(heard(), "");
}

TEST_F(ServiceManagerTest, ChildrenInheritNoneOfIt) {
    setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
    const ServiceManager told = manager("4000000");
    EXPECT_EQ(told.watchdog(), std::chrono::seconds{4});
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
        EXPECT_EQ(std::getenv(name), nullptr) << name;
}

TEST_F(ServiceManagerTest, WhatCouldNotBeToldIsToldLater) {
    ServiceManager told = manager("4000000");
    const std::string away = path() + ".away";
    std::filesystem::rename(path(), away);
    told.ready();
    told.status("serves");
    std::filesystem::rename(away, path());
    EXPECT_EQ(heard(), "");
    told.status("serves");
    EXPECT_EQ(heard(), "STATUS=serves");
    told.alive(Instant{});
    EXPECT_EQ(heard(), "READY=1");
}

TEST_F(ServiceManagerTest, WithoutAManagerNothingIsToldAndNothingFails) {
    for (const char* address : {"", "relative", "/"}) {
        setenv("NOTIFY_SOCKET", address, 1);
        ServiceManager told = ServiceManager::from_environment();
        EXPECT_FALSE(told.listens()) << address;
        told.ready();
        told.status("serves");
        told.alive(Instant{});
    }
    setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
    EXPECT_FALSE(ServiceManager::from_environment().listens());
}

}  // namespace
}  // namespace nlb::daemon
