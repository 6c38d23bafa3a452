// Checks that connect: tcp, http and https, through libcurl on this loop. Addresses are numbers, so
// nothing is looked up; nothing is followed, nothing is kept open, no proxy is asked.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "controlplane/health/check.hpp"
#include "controlplane/health/with_asio.hpp"

namespace nlb::controlplane {

// Thread: the loop's.
class WebChecks {
public:
    using Done = std::function<void(CheckResult)>;
    explicit WebChecks(asio::io_context& loop);
    WebChecks(const WebChecks&) = delete;
    WebChecks& operator=(const WebChecks&) = delete;
    // What is under way is given up; nobody is called.
    ~WebChecks();

    // Calls `done` once, within health.timeout and a little. Requires: the check is tcp, http or
    // https.
    void run(const CheckOrder& order, Done done);

    // What an answer may bring before it is cut short.
    static constexpr std::size_t kAnswerBytesMax = 1 << 20;

private:
    class Curl;
    std::unique_ptr<Curl> curl_;
};

}  // namespace nlb::controlplane
