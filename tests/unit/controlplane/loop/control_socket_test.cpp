// The control socket against clients that write too much, too little, nothing, or leave.
#include "controlplane/loop/control_socket.hpp"

#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "config/daemon/unix_socket.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;

class ControlSocketTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(mkdtemp(directory_), nullptr);
        path_ = std::string{directory_} + "/control.sock";
        socket_.emplace(loop_, [this](std::string_view line, ControlSocket::Answer answer) {
            lines_.emplace_back(line.substr(0, 100));
            sizes_.push_back(line.size());
            if (!answers_) return owed_.push_back(std::move(answer));
            answer("answer\n");
        });
        ASSERT_TRUE(socket_->listen(path_));
    }
    void TearDown() override {
        socket_.reset();
        rmdir(directory_);
    }
    int client() const {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const auto address = daemon::unix_address(path_);
        EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
        return fd;
    }
    // Writes it all, however often the socket is full, and gives what came back.
    std::string talk(int fd, const std::string& text) {
        std::string answer;
        std::size_t written = 0;
        for (int round = 0; round < 400; ++round) {
            if (written < text.size()) {
                const ssize_t bytes =
                    send(fd, text.data() + written, text.size() - written, MSG_NOSIGNAL);
                if (bytes > 0) written += static_cast<std::size_t>(bytes);
            }
            loop_.restart();
            loop_.run_for(milliseconds{1});
            char buffer[64];
            const ssize_t bytes = recv(fd, buffer, sizeof buffer, 0);
            if (bytes == 0) break;
            if (bytes > 0) answer.append(buffer, static_cast<std::size_t>(bytes));
        }
        close(fd);
        return answer;
    }

    char directory_[32] = "/tmp/nlb-control-XXXXXX";
    std::string path_;
    asio::io_context loop_{1};
    std::optional<ControlSocket> socket_;
    std::vector<std::string> lines_;
    std::vector<std::size_t> sizes_;
    bool answers_ = true;
    std::vector<ControlSocket::Answer> owed_;
};

TEST_F(ControlSocketTest, OneLineGetsOneAnswerThenTheEnd) {
    EXPECT_EQ(talk(client(), "{\"command\":\"query\"}\nmore\n"), "answer\n");
    EXPECT_EQ(lines_, std::vector<std::string>{"{\"command\":\"query\"}"});
}

TEST_F(ControlSocketTest, IsOnlyItsOwners) {
    struct stat status {};
    ASSERT_EQ(stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(ControlSocketTest, ALineWithoutEndIsCutAtTheLimit) {
    EXPECT_EQ(talk(client(), std::string(ControlSocket::kLineBytesMax + 5000, 'x')), "answer\n");
    ASSERT_EQ(sizes_.size(), 1U);
    EXPECT_LE(sizes_[0], ControlSocket::kLineBytesMax);
}

TEST_F(ControlSocketTest, AClientThatLeavesHarmsNobody) {
    close(client());
    const int second = client();
    (void)send(second, "{\"comm", 7, MSG_NOSIGNAL);
    close(second);
    EXPECT_EQ(talk(client(), "next\n"), "answer\n");
}

TEST_F(ControlSocketTest, WhoSaysNothingLosesItsPlaceToANewcomer) {
    std::vector<int> idle;
    for (std::size_t i = 0; i < 20 * ControlSocket::kClientsMax; ++i) {
        idle.push_back(client());
        loop_.restart();
        loop_.run_for(milliseconds{1});
    }
    EXPECT_EQ(talk(client(), "hello\n"), "answer\n");
    std::size_t open = 0;
    for (const int fd : idle) {
        char byte;
        open += recv(fd, &byte, 1, 0) < 0 ? 1U : 0U;
        close(fd);
    }
    EXPECT_LE(open, ControlSocket::kClientsMax);
    EXPECT_GE(open, ControlSocket::kClientsMax - 1);
}

TEST_F(ControlSocketTest, MoreClientsThanAreBeingAnsweredAreSentAway) {
    answers_ = false;
    std::vector<int> asking;
    for (std::size_t i = 0; i < ControlSocket::kClientsMax; ++i) {
        asking.push_back(client());
        ASSERT_EQ(send(asking.back(), "wait\n", 5, MSG_NOSIGNAL), 5);
        loop_.restart();
        loop_.run_for(milliseconds{1});
    }
    answers_ = true;
    EXPECT_EQ(talk(client(), "hello\n"), "");
    for (const ControlSocket::Answer& answer : owed_) answer("late\n");
    owed_.clear();
    for (const int fd : asking) close(fd);
    loop_.restart();
    loop_.run_for(milliseconds{10});
    EXPECT_EQ(talk(client(), "hello\n"), "answer\n");
}

TEST_F(ControlSocketTest, APathThatCannotBeBoundIsOneSentence) {
    ControlSocket other(loop_, [](std::string_view, ControlSocket::Answer) {});
    EXPECT_FALSE(other.listen("/missing/directory/control.sock"));
    EXPECT_FALSE(other.listen(std::string(200, 'x')));
}

}  // namespace
}  // namespace nlb::controlplane
