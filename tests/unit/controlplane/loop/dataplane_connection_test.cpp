// The connection against a server made of plain system calls, with everything that a server can do
// wrong.
#include "controlplane/loop/dataplane_connection.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/daemon/unix_socket.hpp"

namespace nlb::controlplane {
namespace {

using std::chrono::milliseconds;

class Server {
public:
    explicit Server(const std::string& path) : path_(path) {
        const auto address = daemon::unix_address(path);
        listener_ = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
        EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address),
                  0);
        EXPECT_EQ(listen(listener_, 4), 0);
    }
    ~Server() {
        hang_up();
        close(listener_);
        unlink(path_.c_str());
    }
    bool accept_one() {
        peer_ = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        return peer_ >= 0;
    }
    void hang_up() {
        if (peer_ >= 0) close(peer_);
        peer_ = -1;
    }
    void say(const std::vector<Byte>& datagram) const {
        EXPECT_EQ(send(peer_, datagram.data(), datagram.size(), 0),
                  static_cast<ssize_t>(datagram.size()));
    }
    // Empty when nothing has come.
    [[nodiscard]] std::vector<Byte> heard() const {
        std::vector<Byte> buffer(ipc::kMessageBytesMax);
        const ssize_t bytes = recv(peer_, buffer.data(), buffer.size(), 0);
        buffer.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
        return buffer;
    }

private:
    std::string path_;
    int listener_ = -1;
    int peer_ = -1;
};

class DataplaneConnectionTest : public ::testing::Test, public DataplaneConnection::Listener {
protected:
    void SetUp() override {
        ASSERT_NE(mkdtemp(directory_), nullptr);
        path_ = std::string{directory_} + "/dataplane.sock";
        connection_.emplace(loop_, path_, *this);
    }
    void TearDown() override {
        connection_.reset();
        unlink(path_.c_str());
        rmdir(directory_);
    }
    void on_readable() override { connection_->drain(); }
    void on_message(const ipc::MessageView& message) override {
        tokens_.push_back(message.body<ipc::Installed>().value_or(ipc::Installed{}).token);
        if (answer_) connection_->send(*answer_);
    }
    void on_lost(const std::string& because) override {
        EXPECT_FALSE(sending_) << "told in the middle of a list of actions";
        lost_.push_back(because);
    }
    void run(milliseconds time) { loop_.run_for(time); }
    void connect(Server& server) {
        connection_->start();
        run(milliseconds{5});
        ASSERT_TRUE(server.accept_one());
        ASSERT_TRUE(connection_->connected());
    }
    static std::vector<Byte> installed(std::uint64_t token) {
        return ipc::write_message(ipc::MessageType::installed, 0,
                                  ipc::bytes_of(ipc::Installed{token, {}}));
    }

    char directory_[32] = "/tmp/nlb-link-XXXXXX";
    std::string path_;
    asio::io_context loop_{1};
    std::optional<DataplaneConnection> connection_;
    std::vector<std::uint64_t> tokens_;
    std::vector<std::string> lost_;
    std::optional<std::vector<Byte>> answer_;
    bool sending_ = false;
};

TEST_F(DataplaneConnectionTest, WaitsForADataplaneThatComesLater) {
    connection_->start();
    run(milliseconds{150});
    EXPECT_FALSE(connection_->connected());
    EXPECT_TRUE(lost_.empty());
    Server server(path_);
    run(milliseconds{250});
    EXPECT_TRUE(connection_->connected());
    EXPECT_TRUE(server.accept_one());
}

TEST_F(DataplaneConnectionTest, ReadsEverythingThatIsPendingInOrder) {
    Server server(path_);
    connect(server);
    for (std::uint64_t token = 1; token <= 20; ++token) server.say(installed(token));
    connection_->drain();
    ASSERT_EQ(tokens_.size(), 20U);
    for (std::uint64_t token = 1; token <= 20; ++token) EXPECT_EQ(tokens_[token - 1], token);
}

TEST_F(DataplaneConnectionTest, GarbageEndsTheConnectionAndItComesBack) {
    const std::vector<std::vector<Byte>> garbage = {
        {1}, {1, 2, 3, 4, 5, 6, 7, 8}, std::vector<Byte>(70000, Byte{9}), [] {
            auto cut = installed(1);
            cut.pop_back();
            return cut;
        }()};
    Server server(path_);
    connect(server);
    for (const auto& datagram : garbage) {
        server.say(datagram);
        run(milliseconds{200});
        EXPECT_TRUE(server.heard().empty());
        server.hang_up();
        ASSERT_TRUE(server.accept_one())
            << "no new connection after " << datagram.size() << " bytes";
    }
    EXPECT_EQ(lost_.size(), garbage.size());
    EXPECT_TRUE(tokens_.empty());
    server.say(installed(5));
    run(milliseconds{5});
    EXPECT_EQ(tokens_, std::vector<std::uint64_t>{5});
}

TEST_F(DataplaneConnectionTest, TheEndOfTheOtherSideIsTold) {
    Server server(path_);
    connect(server);
    server.hang_up();
    run(milliseconds{20});
    EXPECT_FALSE(connection_->connected());
    ASSERT_EQ(lost_.size(), 1U);
    connection_->send(installed(1));  // goes nowhere and harms nobody
    run(milliseconds{150});
    EXPECT_TRUE(server.accept_one());
}

TEST_F(DataplaneConnectionTest, WhoeverIsRefusedHearsWhyAndIsTriedAgainLater) {
    Server server(path_);
    connect(server);
    connection_->send(ipc::write_refusal("it has other clusters"));
    connection_->abandon("it has other clusters");
    run(milliseconds{20});
    ASSERT_EQ(lost_, std::vector<std::string>{"it has other clusters"});
    const auto said = server.heard();
    const auto message = ipc::read_message(said);
    ASSERT_TRUE(message && message->type == ipc::MessageType::refused);
    EXPECT_EQ((std::string{message->payload.begin(), message->payload.end()}),
              "it has other clusters");
    run(milliseconds{500});
    EXPECT_FALSE(server.accept_one()) << "not at once: somebody has to mend it first";
    run(milliseconds{700});
    EXPECT_TRUE(server.accept_one());
}

TEST_F(DataplaneConnectionTest, AServerThatDoesNotReadGetsEverythingLaterInOrder) {
    Server server(path_);
    connect(server);
    std::vector<Byte> big(16000, Byte{0});
    std::uint64_t sent = 0;
    while (connection_->queued() < 10) {
        std::memcpy(big.data(), &sent, sizeof sent);
        connection_->send(ipc::write_message(ipc::MessageType::store, 0, {}, big));
        ++sent;
        ASSERT_LT(sent, 1000U);
    }
    std::uint64_t expected = 0;
    for (int round = 0; round < 50 && expected < sent; ++round) {
        for (auto datagram = server.heard(); !datagram.empty(); datagram = server.heard()) {
            std::uint64_t number = 0;
            std::memcpy(&number, ipc::read_message(datagram)->payload.data(), sizeof number);
            ASSERT_EQ(number, expected++);
        }
        run(milliseconds{2});
    }
    EXPECT_EQ(expected, sent);
    EXPECT_TRUE(lost_.empty());
}

TEST_F(DataplaneConnectionTest, AFullQueueDropsTheConnectionNotAMessage) {
    Server server(path_);
    connect(server);
    const std::vector<Byte> big(16000, Byte{0});
    sending_ = true;
    for (std::size_t i = 0; i < DataplaneConnection::kQueueMax + 400 && connection_->connected();
         ++i)
        connection_->send(ipc::write_message(ipc::MessageType::store, 0, {}, big));
    sending_ = false;
    EXPECT_FALSE(connection_->connected());
    EXPECT_TRUE(lost_.empty()) << "only told when the caller is done";
    run(milliseconds{5});
    EXPECT_EQ(lost_.size(), 1U);
}

}  // namespace
}  // namespace nlb::controlplane
