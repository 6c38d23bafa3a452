// Sockets that only their owner may use, and sentences where one cannot be made.
#include "config/daemon/unix_socket.hpp"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/daemon/clock.hpp"

namespace nlb::daemon {
namespace {

class UnixSocketTest : public ::testing::TestWithParam<int> {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/nlb-unix.XXXXXX"};
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name.data();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    [[nodiscard]] std::string path() const { return root_ + "/x.sock"; }
    std::string root_;
};

TEST_P(UnixSocketTest, OnlyTheOwnerMayConnectAndAPeerIsHeard) {
    umask(0);  // whatever the mask is
    const auto listening = listen_unix(path(), GetParam(), 4);
    umask(022);
    ASSERT_TRUE(listening.ok()) << listening.error().message;
    struct stat about {};
    ASSERT_EQ(stat(path().c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    const auto peer = connect_unix(path(), GetParam());
    ASSERT_TRUE(peer.ok()) << peer.error().message;
    const int accepted = accept(listening.value(), nullptr, nullptr);
    ASSERT_GE(accepted, 0);
    ASSERT_EQ(send(peer.value(), "abc", 3, 0), 3);
    std::array<char, 8> heard{};
    EXPECT_EQ(recv(accepted, heard.data(), heard.size(), 0), 3);
    for (const int fd : {listening.value(), peer.value()})
        EXPECT_NE(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    for (const int fd : {accepted, peer.value(), listening.value()}) close(fd);
}

TEST_P(UnixSocketTest, AGroupMayConnectWhereTheUmaskLeavesItAnything) {
    const auto mode_under = [this](mode_t mask) {
        const mode_t former = umask(mask);
        const auto listening = listen_unix(path(), GetParam(), 4, SocketAccess::group);
        umask(former);
        EXPECT_TRUE(listening.ok());
        close(listening.value());
        struct stat about {};
        EXPECT_EQ(stat(path().c_str(), &about), 0);
        return about.st_mode & 0777U;
    };
    EXPECT_EQ(mode_under(0007), 0660U);
    EXPECT_EQ(mode_under(0), 0660U) << "never others";
    EXPECT_EQ(mode_under(0022), 0600U) << "what is half open is closed";
    EXPECT_EQ(mode_under(0077), 0600U);
}

TEST_P(UnixSocketTest, WhatAFormerProcessLeftBehindIsReplaced) {
    const auto former = listen_unix(path(), GetParam(), 1);
    ASSERT_TRUE(former.ok());
    close(former.value());
    ASSERT_FALSE(connect_unix(path(), GetParam()).ok());
    const auto next = listen_unix(path(), GetParam(), 1);
    ASSERT_TRUE(next.ok());
    const auto peer = connect_unix(path(), GetParam());
    EXPECT_TRUE(peer.ok());
    if (peer) close(peer.value());
    close(next.value());
}

TEST_P(UnixSocketTest, APathThatCannotBeIsASentence) {
    const auto too_long = listen_unix("/tmp/" + std::string(200, 'x'), GetParam(), 1);
    ASSERT_FALSE(too_long.ok());
    EXPECT_NE(too_long.error().message.find("too long"), std::string::npos);
    const auto nowhere = listen_unix(root_ + "/missing/x.sock", GetParam(), 1);
    ASSERT_FALSE(nowhere.ok());
    EXPECT_NE(nowhere.error().message.find("No such file"), std::string::npos);
    const auto nobody = connect_unix(path(), GetParam());
    ASSERT_FALSE(nobody.ok());
    EXPECT_EQ(nobody.error().message, "No such file or directory");
}

INSTANTIATE_TEST_SUITE_P(Kinds, UnixSocketTest, ::testing::Values(SOCK_SEQPACKET, SOCK_STREAM));

TEST(UnixAddress, TakesAPathUpToTheKernelsLimit) {
    EXPECT_TRUE(unix_address(std::string(107, 'x')));
    EXPECT_FALSE(unix_address(std::string(108, 'x')));
}

}  // namespace
}  // namespace nlb::daemon
