// Checks against real servers on the loopback address, and real programs.
#include "controlplane/health/check_runner.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/daemon/log.hpp"
#include "controlplane/health/programs.hpp"

namespace nlb::controlplane {
namespace {

using config::CheckKind;
using Outcome = CheckResult::Outcome;
using std::chrono::milliseconds;

// Accepts one connection after the other, reads a request and says the same to all; with an empty
// answer it never says anything.
class Server {
public:
    explicit Server(std::string answer) : answer_(std::move(answer)) {
        listener_ = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(listener_, 8), 0);
        socklen_t size = sizeof address;
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() {
        shutdown(listener_, SHUT_RDWR);
        thread_.join();
        close(listener_);
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    // The last request. Requires: it has been answered.
    [[nodiscard]] const std::string& request() const { return request_; }

private:
    void serve() {
        for (;;) {
            const int client = accept(listener_, nullptr, nullptr);
            if (client < 0) return;
            char buffer[4096];
            const ssize_t count = read(client, buffer, sizeof buffer);
            if (count > 0 && !answer_.empty()) {
                request_.assign(buffer, static_cast<std::size_t>(count));
                static_cast<void>(send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL));
            } else if (count > 0) {
                while (read(client, buffer, sizeof buffer) > 0) {  // until it gives up
                }
            }
            close(client);
        }
    }
    std::string answer_;
    std::string request_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

std::string http(int status, const std::string& body = "") {
    return "HTTP/1.1 " + std::to_string(status) +
           " Said\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

CheckOrder order_of(CheckKind kind, std::uint16_t port = 0) {
    CheckOrder order;
    order.health.check = kind;
    order.health.timeout = milliseconds{2000};
    order.address = IpAddress::v4(0x7f000001);
    order.port = port;
    return order;
}

CheckResult run(const CheckOrder& order) {
    CheckRunner runner;
    std::promise<CheckResult> promise;
    runner.run(order, [&promise](CheckResult result) { promise.set_value(std::move(result)); });
    auto answer = promise.get_future();
    EXPECT_EQ(answer.wait_for(std::chrono::seconds{20}), std::future_status::ready);
    return answer.get();
}

void expect(const CheckResult& result, Outcome outcome, const std::string& because) {
    EXPECT_EQ(result.outcome, outcome);
    EXPECT_EQ(result.because, because);
}

TEST(CheckRunner, AnHttpStatusWithinTheRangePassesAndAnotherIsTheReason) {
    const Server well(http(204));
    CheckOrder order = order_of(CheckKind::http, well.port());
    expect(run(order), Outcome::passed, "");
    order.health.status = {200, 200};
    expect(run(order), Outcome::failed, "http 204");
    const Server ill(http(503));
    expect(run(order_of(CheckKind::http, ill.port())), Outcome::failed, "http 503");
}

TEST(CheckRunner, ARequestNamesPathAndHostAndRedirectsAreNotFollowed) {
    const Server server(http(302));
    CheckOrder order = order_of(CheckKind::http, server.port());
    order.health.path = "/health?deep=1";
    order.health.host = "www.example.com";
    expect(run(order), Outcome::passed, "");
    EXPECT_EQ(server.request().substr(0, server.request().find('\r')),
              "GET /health?deep=1 HTTP/1.1");
    EXPECT_NE(server.request().find("Host: www.example.com\r\n"), std::string::npos);
}

TEST(CheckRunner, ABodyMustHoldTheText) {
    const Server server(http(200, std::string(5000, 'x') + "all is well"));
    CheckOrder order = order_of(CheckKind::http, server.port());
    order.health.body = "is well";
    expect(run(order), Outcome::passed, "");
    order.health.body = "is ill";
    expect(run(order), Outcome::failed, "http 200 without the text in its body");
}

TEST(CheckRunner, AHungServerTimesOutAndAnAbsentOneRefuses) {
    const Server hung("");
    CheckOrder order = order_of(CheckKind::http, hung.port());
    order.health.timeout = milliseconds{150};
    const CheckResult late = run(order);
    expect(late, Outcome::failed, "timed out after 150ms");
    EXPECT_GE(late.took, milliseconds{140});
    order.health.check = CheckKind::tcp;
    expect(run(order), Outcome::passed, "");
    std::uint16_t nobody = 0;
    {
        const Server gone(http(200));
        nobody = gone.port();
    }
    expect(run(order_of(CheckKind::tcp, nobody)), Outcome::failed, "connect refused");
}

TEST(CheckRunner, HttpsToAPlainServerFailsWithAReason) {
    const Server plain(http(200));
    const CheckResult result = run(order_of(CheckKind::https, plain.port()));
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_NE(result.because, "");
}

TEST(CheckRunner, ManyChecksRunSideBySide) {
    const Server hung("");
    CheckRunner runner;
    std::atomic<int> ended{0};
    CheckOrder order = order_of(CheckKind::http, hung.port());
    order.health.timeout = milliseconds{300};
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 512; ++i) runner.run(order, [&ended](const CheckResult&) { ++ended; });
    while (ended < 512 && std::chrono::steady_clock::now() - began < std::chrono::seconds{20})
        usleep(10000);
    EXPECT_EQ(ended, 512);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{10})
        << "one after the other would take 150 s";
}

TEST(CheckRunner, AUnitWithoutSystemdIsNobodysFault) {
    if (access("/run/systemd/system", F_OK) == 0) GTEST_SKIP() << "systemd runs here";
    CheckOrder order = order_of(CheckKind::unit);
    order.health.unit = "nginx.service";
    expect(run(order), Outcome::impossible, "systemd does not run here: use check exec or tcp");
}

TEST(CheckRunner, AUnitThatIsActiveOrReloadsPasses) {
    ProgramEnd end;
    end.output = "active\n";
    expect(result_of_unit("a.service", end), Outcome::passed, "");
    end.output = "reloading\n";
    expect(result_of_unit("a.service", end), Outcome::passed, "");
    end.output = "failed\n";
    expect(result_of_unit("a.service", end), Outcome::failed, "a.service is failed");
}

// Programs are run as root's own only.
class CheckRunnerPrograms : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "only root owns programs of root";
        place_ = "/root/nlb-check-runner-test-" + std::to_string(getpid());
        std::filesystem::create_directories(place_);
        chmod(place_.c_str(), 0755);
    }
    void TearDown() override {
        if (!place_.empty()) std::filesystem::remove_all(place_);
    }
    std::string script(const std::string& name, const std::string& text) {
        const std::string path = place_ + "/" + name;
        std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
        chmod(path.c_str(), 0755);
        return path;
    }
    static std::string content(const std::string& path) {
        std::ifstream in(path);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string place_;
};

CheckOrder exec_of(std::vector<std::string> program) {
    CheckOrder order = order_of(CheckKind::exec);
    order.health.program = std::move(program);
    return order;
}

TEST_F(CheckRunnerPrograms, ExitStatusZeroPassesAndAnotherBringsTheFirstLine) {
    const std::string path = script("check", "echo \"$1 is not well\"; echo more; exit $2");
    expect(run(exec_of({path, "pool", "0"})), Outcome::passed, "");
    expect(run(exec_of({path, "a pool; echo", "3"})), Outcome::failed,
           "exit status 3: a pool; echo is not well");
}

TEST_F(CheckRunnerPrograms, AProgramThatTakesTooLongIsKilledWithAllItStarted) {
    const std::string sign = place_ + "/sign";
    CheckOrder order = exec_of({script("slow", "(sleep 1; echo late > " + sign + ") & sleep 30")});
    order.health.timeout = milliseconds{200};
    const CheckResult result = run(order);
    expect(result, Outcome::failed, "timed out after 200ms");
    EXPECT_LT(result.took, std::chrono::seconds{5});
    sleep(2);
    EXPECT_FALSE(std::filesystem::exists(sign)) << "its child outlived it";
}

TEST_F(CheckRunnerPrograms, AProgramThatOthersMayWriteIsRefusedByName) {
    const std::string path = script("open", "exit 0");
    chmod(path.c_str(), 0777);
    const CheckResult result = run(exec_of({path}));
    EXPECT_EQ(result.outcome, Outcome::failed);
    EXPECT_NE(result.because.find("refused: others than root may write " + path),
              std::string::npos);
}

TEST_F(CheckRunnerPrograms, AProgramInheritsNoDescriptorAndNoEnvironment) {
    setenv("NLB_SECRET", "1", 1);
    const std::string seen = place_ + "/seen";
    const std::string path =
        script("look", "(env; ls /proc/self/fd | wc -l) > " + seen + "; test -z \"$NLB_SECRET\"");
    expect(run(exec_of({path})), Outcome::passed, "");
    EXPECT_EQ(content(seen).find("NLB_SECRET"), std::string::npos);
    const std::string text = content(seen);
    const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
    EXPECT_LE(std::stoi(last), 5) << "standard ones and what ls itself opens";
}

TEST_F(CheckRunnerPrograms, EventsReachTheProgramInTheirOrder) {
    const std::string heard = place_ + "/heard";
    const std::string path = script("hear", "cat >> " + heard);
    std::string wanted;
    CheckRunner runner;
    for (int i = 0; i < 20; ++i) {
        wanted += std::to_string(i) + "\n";
        runner.notify("web", {path}, std::to_string(i) + "\n");
    }
    for (int tries = 0; tries < 1000 && content(heard) != wanted; ++tries) usleep(10000);
    EXPECT_EQ(content(heard), wanted);
}

TEST_F(CheckRunnerPrograms, EventsThatCameTooFastForTheProgramAreLostAndNamed) {
    const std::string path = script("linger", "sleep 5");
    ::testing::internal::CaptureStderr();
    daemon::start_log(daemon::LogWriter::caller);
    {
        CheckRunner runner;
        for (std::size_t i = 0; i < CheckRunner::kNotesPending + 4; ++i)
            runner.notify("web", {path}, "{}\n");
        usleep(300000);
    }
    daemon::stop_log();
    const std::string said = ::testing::internal::GetCapturedStderr();
    std::size_t lost = 0;
    for (std::size_t at = 0; (at = said.find("name=notify_lost cluster=web", at)) != said.npos;
         ++at)
        ++lost;
    EXPECT_EQ(lost, 3U) << "one runs, 64 wait: " << said;
}

}  // namespace
}  // namespace nlb::controlplane
