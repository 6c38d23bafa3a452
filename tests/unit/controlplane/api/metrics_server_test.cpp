// /metrics over HTTP: both families, and clients that are silent, slow, many or wrong cost the
// others nothing.
#include "controlplane/api/metrics_server.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace nlb::controlplane {
namespace {

class MetricsServerTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto started = MetricsServer::start("127.0.0.1:0", board_);
        ASSERT_TRUE(started) << started.error().message;
        server_ = std::move(started.value());
    }
    [[nodiscard]] int connect_to(int family = AF_INET) const {
        return connect_to(family, server_->port());
    }
    static int connect_to(int family, int port) {
        const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(static_cast<std::uint16_t>(port));
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = v4.sin_port;
        v6.sin6_addr = in6addr_loopback;
        const bool is_v4 = family == AF_INET;
        const int done = connect(
            fd,
            is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6),
            is_v4 ? sizeof v4 : sizeof v6);
        EXPECT_EQ(done, 0);
        const timeval patience{8, 0};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return fd;
    }
    static void say(int fd, const std::string& text) {
        static_cast<void>(send(fd, text.data(), text.size(), MSG_NOSIGNAL));
    }
    static std::string heard(int fd) {
        std::string text;
        std::array<char, 4096> part;
        for (ssize_t bytes; (bytes = recv(fd, part.data(), part.size(), 0)) > 0;)
            text.append(part.data(), static_cast<std::size_t>(bytes));
        return text;
    }
    static std::string ask(int fd, const std::string& request) {
        say(fd, request);
        std::string answer = heard(fd);
        close(fd);
        return answer;
    }
    static std::string get(const std::string& path) {
        return "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    }
    static std::chrono::milliseconds since(std::chrono::steady_clock::time_point start) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - start);
    }
    std::shared_ptr<MetricsBoard> board_ = std::make_shared<MetricsBoard>();
    std::unique_ptr<MetricsServer> server_;
};

TEST_F(MetricsServerTest, AScrapeIsAnsweredInPrometheusText) {
    const std::string answer = ask(connect_to(), get("/metrics"));
    EXPECT_EQ(answer.rfind("HTTP/1.1 200", 0), 0U) << answer;
    EXPECT_NE(answer.find("text/plain; version=0.0.4"), std::string::npos);
    EXPECT_NE(answer.find("# TYPE nlb_build_info gauge"), std::string::npos);
}

TEST_F(MetricsServerTest, HealthzSaysWhetherThisHostServesAndWhyNot) {
    const std::string begun = ask(connect_to(), get("/healthz"));
    EXPECT_EQ(begun.rfind("HTTP/1.1 503", 0), 0U) << begun;
    MetricsSnapshot snapshot;
    snapshot.serving = {true, "converged as default host, 2 hosts"};
    board_->publish(snapshot);
    const std::string good = ask(connect_to(), get("/healthz"));
    EXPECT_EQ(good.rfind("HTTP/1.1 200", 0), 0U) << good;
    EXPECT_NE(good.find("\r\n\r\nconverged as default host, 2 hosts\n"), std::string::npos);
    snapshot.serving = {false, "SERVES NOBODY: the link is down"};
    board_->publish(snapshot);
    const std::string bad = ask(connect_to(), get("/healthz"));
    EXPECT_EQ(bad.rfind("HTTP/1.1 503", 0), 0U) << bad;
    EXPECT_NE(bad.find("SERVES NOBODY: the link is down\n"), std::string::npos);
}

TEST_F(MetricsServerTest, AGoodWordGetsOldWhenTheLoopStandsStill) {
    MetricsSnapshot snapshot;
    snapshot.serving = {true, "converged, 2 hosts"};
    board_->publish(snapshot);
    EXPECT_TRUE(board_->serving().as_it_should);
    const auto later = MetricsBoard::Clock::now() + MetricsBoard::kStale + std::chrono::seconds{1};
    EXPECT_FALSE(board_->serving(later).as_it_should);
    EXPECT_EQ(board_->serving(later).sentence, "the control plane's loop has stood still for 4 s");
}

TEST_F(MetricsServerTest, NothingElseIsThere) {
    EXPECT_EQ(ask(connect_to(), get("/")).rfind("HTTP/1.1 404", 0), 0U);
    EXPECT_EQ(ask(connect_to(),
                  "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                  "Connection: close\r\n\r\n")
                  .rfind("HTTP/1.1 405", 0),
              0U);
    EXPECT_EQ(ask(connect_to(), "what\r\n\r\n").find("200"), std::string::npos);
}

TEST_F(MetricsServerTest, IPv6IsListenedOnWithBrackets) {
    auto started = MetricsServer::start("[::1]:0", board_);
    if (!started) GTEST_SKIP() << "this machine has no IPv6: " << started.error().message;
    const std::string answer = ask(connect_to(AF_INET6, started.value()->port()), get("/metrics"));
    EXPECT_EQ(answer.rfind("HTTP/1.1 200", 0), 0U) << answer;
}

TEST_F(MetricsServerTest, ASilentClientAndHalfARequestHoldNobodyUpAndAreCutOff) {
    const auto start = std::chrono::steady_clock::now();
    const int silent = connect_to();
    const int half = connect_to();
    say(half, "GET /metrics HTTP/1.1\r\nHos");
    EXPECT_EQ(ask(connect_to(), get("/metrics")).rfind("HTTP/1.1 200", 0), 0U);
    EXPECT_LT(since(start), std::chrono::seconds{2});
    EXPECT_EQ(heard(silent), "");
    heard(half);
    EXPECT_LT(since(start), std::chrono::seconds{MetricsServer::kSilence_s + 3});
    close(silent);
    close(half);
}

TEST_F(MetricsServerTest, AThousandConnectionsLeaveDescriptorsForTheRest) {
    std::vector<int> clients;
    for (int i = 0; i < 300; ++i) clients.push_back(connect_to());
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    int open = 0;
    for (const int fd : clients) {
        char byte;
        const ssize_t bytes = recv(fd, &byte, 1, MSG_DONTWAIT);
        open += bytes < 0 && errno == EAGAIN;
        close(fd);
    }
    EXPECT_LE(open, static_cast<int>(MetricsServer::kClientsOfAddressMax));
    std::this_thread::sleep_for(std::chrono::milliseconds{300});
    EXPECT_EQ(ask(connect_to(), get("/metrics")).rfind("HTTP/1.1 200", 0), 0U);
}

TEST_F(MetricsServerTest, AnAddressThatCannotBeListenedOnIsASentence) {
    const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
    const auto second = MetricsServer::start(taken, board_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message, "metrics.listen: cannot listen on " + taken +
                                          ": is another program there? metrics are not served");
    for (const char* none : {"256.0.0.1:1", "localhost:1", "::1:9780", "127.0.0.1", "[::1]", ""}) {
        const auto refused = MetricsServer::start(none, board_);
        ASSERT_FALSE(refused) << none;
        EXPECT_NE(refused.error().message.find("expected ADDRESS:PORT or [IPV6]:PORT"),
                  std::string::npos);
    }
}

}  // namespace
}  // namespace nlb::controlplane
