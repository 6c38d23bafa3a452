// The page over HTTP: answers that come later, streams, and what a hostile client costs the others.
#include "controlplane/manager/manager_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

class Echo : public PageBackend {
public:
    void history(Answer answer) override {
        // As the loop does: later, from another thread.
        std::thread([answer = std::move(answer)] {
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
            answer({{"ok", true}, {"entries", Json::array()}});
            answer({{"ok", false}});  // a second word is not heard
        }).detach();
    }
    void explain(Json body, Answer answer) override { answer({{"asked", std::move(body)}}); }
    void preview(Json, Answer answer) override { kept_ = std::move(answer); }
    void command(Json body, Answer answer) override { answer({{"done", std::move(body)}}); }
    Answer kept_;
};

class ManagerServerTest : public ::testing::Test {
protected:
    void SetUp() override {
        const int file = open(token_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ASSERT_EQ(write(file, "0123456789abcdef0123\n", 21), 21);
        close(file);
        start("127.0.0.1:0");
    }
    void TearDown() override { std::remove(token_.c_str()); }
    void start(const std::string& listen) {
        auto started = ManagerServer::start({listen, token_, false, {}}, backend_);
        ASSERT_TRUE(started) << started.error().message;
        server_ = std::move(started.value());
    }
    [[nodiscard]] int connect_to() const {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(server_->port()));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
        const timeval patience{8, 0};
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return fd;
    }
    static void say(int fd, const std::string& text) {
        static_cast<void>(send(fd, text.data(), text.size(), MSG_NOSIGNAL));
    }
    // Until it ends, or holds `until`.
    static std::string heard(int fd, const std::string& until = "") {
        std::string text;
        std::array<char, 4096> part;
        for (ssize_t bytes; (until.empty() || text.find(until) == std::string::npos) &&
                            (bytes = recv(fd, part.data(), part.size(), 0)) > 0;)
            text.append(part.data(), static_cast<std::size_t>(bytes));
        return text;
    }
    [[nodiscard]] std::string ask(const std::string& request) const {
        const int fd = connect_to();
        say(fd, request);
        std::string answer = heard(fd);
        close(fd);
        return answer;
    }
    static std::string head(const std::string& line, const std::string& more = "") {
        return line + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + more + "\r\n";
    }
    static std::string post(const std::string& path, const std::string& body) {
        return head("POST " + path,
                    "Authorization: Bearer 0123456789abcdef0123\r\n"
                    "Content-Type: application/json\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n") +
               body;
    }
    std::string token_ = ::testing::TempDir() + "nlb-token-" + std::to_string(getpid());
    Echo backend_;
    std::unique_ptr<ManagerServer> server_;
};

TEST_F(ManagerServerTest, ThePageAndItsAnswersAreServed) {
    EXPECT_NE(ask(head("GET /")).find("NLB Manager"), std::string::npos);
    EXPECT_EQ(ask(head("GET /../etc/passwd")).rfind("HTTP/1.1 404", 0), 0U);
    EXPECT_NE(
        ask(post("/api/command", R"({"command":"stop"})")).find(R"("done":{"command":"stop"})"),
        std::string::npos);
    EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
                  .rfind("HTTP/1.1 421", 0),
              0U);
    EXPECT_EQ(ask("GET / HTTP/1.0\r\n\r\n").find("NLB Manager"), std::string::npos)
        << "no Host header";
}

TEST_F(ManagerServerTest, AnAnswerThatComesLaterIsWaitedForAndOnlyTheFirstCounts) {
    const std::string answer = ask(head("GET /api/history"));
    EXPECT_EQ(answer.rfind("HTTP/1.1 200", 0), 0U) << answer;
    EXPECT_NE(answer.find(R"("entries":[])"), std::string::npos);
}

TEST_F(ManagerServerTest, ABodyThatIsTooLargeIsRefused) {
    const std::string answer = ask(post("/api/command", std::string(8000, ' ')));
    EXPECT_EQ(answer.rfind("HTTP/1.1 413", 0), 0U) << answer;
}

TEST_F(ManagerServerTest, AStreamGetsWhatIsPublishedAndEndsWithTheServer) {
    const int fd = connect_to();
    say(fd, head("GET /api/events"));
    EXPECT_NE(heard(fd, "\r\n\r\n").find("text/event-stream"), std::string::npos);
    for (int i = 0; i < 100 && !server_->is_watched(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    EXPECT_TRUE(server_->take_newcomers());
    EXPECT_FALSE(server_->take_newcomers());
    for (int i = 1; i <= 3; ++i) {
        server_->publish({{"n", i}});
        const std::string wanted = "event: view\ndata: {\"n\":" + std::to_string(i) + "}\n\n";
        EXPECT_NE(heard(fd, wanted).find(wanted), std::string::npos);
    }
    server_.reset();
    EXPECT_EQ(heard(fd).find("data:"), std::string::npos);
    close(fd);
}

TEST_F(ManagerServerTest, AReaderThatStandsStillHoldsNobodyUpAndIsCutOff) {
    const int slow = connect_to();
    const int size = 4096;
    setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    say(slow, head("GET /api/events"));
    for (int i = 0; i < 100 && !server_->is_watched(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    const Json big = {{"text", std::string(1 << 20, 'x')}};
    for (int i = 0; i < 40; ++i) {
        server_->publish(big);
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    EXPECT_NE(ask(head("GET /")).find("NLB Manager"), std::string::npos);
    for (int i = 0; i < 100 && server_->is_watched(); ++i) {
        server_->publish(big);
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    EXPECT_FALSE(server_->is_watched());
    close(slow);
}

TEST_F(ManagerServerTest, PagesAreBoundedAndTheNextIsTold) {
    std::vector<int> pages;
    for (std::size_t i = 0; i < ManagerServer::kPagesMax; ++i) {
        pages.push_back(connect_to());
        say(pages.back(), head("GET /api/events"));
        EXPECT_NE(heard(pages.back(), "\r\n\r\n").find("200"), std::string::npos);
    }
    EXPECT_EQ(ask(head("GET /api/events")).rfind("HTTP/1.1 503", 0), 0U);
    for (const int fd : pages) close(fd);
}

TEST_F(ManagerServerTest, TheServerEndsAlthoughAnAnswerIsOwed) {
    const int fd = connect_to();
    say(fd, post("/api/preview", R"({"command":"stop"})"));
    for (int i = 0; i < 100 && !backend_.kept_; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    ASSERT_TRUE(backend_.kept_);
    server_.reset();
    heard(fd);
    close(fd);
    backend_.kept_({{"ok", true}});  // too late, and harmless
}

TEST_F(ManagerServerTest, ABadTokenFileServesNothing) {
    chmod(token_.c_str(), 0644);
    const auto open_to_all = ManagerServer::start({"127.0.0.1:0", token_, false, {}}, backend_);
    ASSERT_FALSE(open_to_all);
    EXPECT_NE(open_to_all.error().message.find("chmod 600"), std::string::npos);
    const auto missing = ManagerServer::start({"127.0.0.1:0", "/nowhere", false, {}}, backend_);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message.rfind("manager.token_file: /nowhere: cannot open", 0), 0U);
}

}  // namespace
}  // namespace nlb::controlplane
