// Who comes when there is no descriptor left waits in the backlog, and the loop does not spin for
// it.
#include "dataplane/control/seqpacket_server.hpp"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "config/daemon/unix_socket.hpp"

namespace nlb::dataplane {
namespace {

// Leaves the process no descriptor for as long as it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &former_), 0);
        const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
        close(next);
        const rlimit none{static_cast<rlim_t>(next), former_.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &former_); }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;

private:
    rlimit former_{};
};

TEST(SeqpacketServer, WhoComesWithoutADescriptorLeftIsTakenLaterAndWakesNobodyUntilThen) {
    std::array<char, 32> name{"/tmp/nlb-seqpacket.XXXXXX"};
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    const std::string path = std::string{name.data()} + "/sock";
    {
        auto listening = SeqpacketServer::listen(path);
        ASSERT_TRUE(listening) << listening.error().message;
        SeqpacketServer& server = listening.value();
        const auto peer = daemon::connect_unix(path, SOCK_SEQPACKET);
        ASSERT_TRUE(peer);
        {
            const NoDescriptors here;
            EXPECT_FALSE(server.accept());
            EXPECT_EQ(server.listening_fd(), -1);
            server.try_again();
            EXPECT_GE(server.listening_fd(), 0);
            server.turn_away({});
            EXPECT_EQ(server.listening_fd(), -1);
        }
        server.try_again();
        EXPECT_TRUE(server.accept());
        EXPECT_TRUE(server.connected());
        EXPECT_GE(server.listening_fd(), 0);
        close(peer.value());
    }
    rmdir(name.data());
}

// A second of the most that the cores let in, while the control plane waits for its processor.
TEST(SeqpacketServer, AReaderThatIsAwayForASecondFindsEveryFrame) {
    constexpr int kFrames = 1200;
    if (geteuid() != 0) GTEST_SKIP() << "the kernel gives that room only to root";
    std::array<char, 32> name{"/tmp/nlb-seqpacket.XXXXXX"};
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    const std::string path = std::string{name.data()} + "/sock";
    {
        auto listening = SeqpacketServer::listen(path);
        ASSERT_TRUE(listening) << listening.error().message;
        SeqpacketServer& server = listening.value();
        const auto peer = daemon::connect_unix(path, SOCK_SEQPACKET);
        ASSERT_TRUE(peer);
        ASSERT_TRUE(server.accept());
        const std::vector<Byte> frame(1280);
        for (int i = 0; i < kFrames; ++i) ASSERT_TRUE(server.send_now(frame)) << i;
        close(peer.value());
    }
    rmdir(name.data());
}

}  // namespace
}  // namespace nlb::dataplane
