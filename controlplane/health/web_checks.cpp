// curl_multi_socket_action between libcurl and asio; see WebChecks. This file alone knows libcurl.
#include "controlplane/health/web_checks.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <curl/curl.h>
#include <utility>

#include "config/format.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

using config::CheckKind;
using Outcome = CheckResult::Outcome;

std::string authority(const IpAddress& address, std::uint16_t port) {
    const std::string text = config::to_string(address);
    return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

// One check that is under way.
struct Check {
    CheckOrder order;
    WebChecks::Done done;
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    curl_slist* connect_to = nullptr;
    std::string answer;  // as much of the body as is needed to find a text in it
    std::size_t bytes = 0;
    bool found = false;

    Check() = default;
    Check(const Check&) = delete;
    Check& operator=(const Check&) = delete;
    ~Check() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
        curl_slist_free_all(connect_to);
    }
    [[nodiscard]] bool wants_body() const { return !order.health.body.empty(); }
};

// Another count than was given ends the transfer: nothing more needs to be known, or it is too
// much.
std::size_t on_body(char* data, std::size_t, std::size_t count, void* user) {
    Check& check = *static_cast<Check*>(user);
    check.bytes += count;
    if (check.wants_body()) {
        check.answer.append(data, count);
        check.found = check.answer.find(check.order.health.body) != std::string::npos;
        const std::size_t kept = std::min(check.answer.size(), check.order.health.body.size());
        check.answer.erase(0, check.answer.size() - kept);
        if (check.found) return 0;
    }
    return check.bytes > WebChecks::kAnswerBytesMax ? 0 : count;
}

template <class Value>
void set(const Check& check, CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(check.easy, option, value);
    NLB_ASSERT(code == CURLE_OK);
}

// The name in the URL is what TLS asks for and verifies; where it connects to is CONNECT_TO's.
std::string name_of(const CheckOrder& order) {
    const config::Health& health = order.health;
    if (health.check == CheckKind::https && !health.sni.empty()) return health.sni;
    if (!health.host.empty()) return health.host;
    const std::string address = config::to_string(order.address);
    return order.address.is_v4() ? address : "[" + address + "]";
}

void prepare_request(Check& check) {
    const CheckOrder& order = check.order;
    const config::Health& health = order.health;
    const std::string url = config::to_string(health.check) + "://" + name_of(order) + ":" +
                            std::to_string(order.port) + health.path;
    set(check, CURLOPT_URL, url.c_str());
    check.connect_to =
        curl_slist_append(nullptr, ("::" + authority(order.address, order.port)).c_str());
    set(check, CURLOPT_CONNECT_TO, check.connect_to);
    const std::string host =
        health.host.empty() ? authority(order.address, order.port) : health.host;
    check.headers = curl_slist_append(nullptr, ("Host: " + host).c_str());
    set(check, CURLOPT_HTTPHEADER, check.headers);
    set(check, CURLOPT_USERAGENT, "nlb-health");
    set(check, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(check, CURLOPT_FOLLOWLOCATION, 0L);
    set(check, CURLOPT_SSL_VERIFYPEER, health.verify ? 1L : 0L);
    set(check, CURLOPT_SSL_VERIFYHOST, health.verify ? 2L : 0L);
    set(check, CURLOPT_WRITEFUNCTION, &on_body);
    set(check, CURLOPT_WRITEDATA, static_cast<void*>(&check));
}

void prepare(Check& check) {
    const CheckOrder& order = check.order;
    const long timeout_ms = std::max<long>(1, order.health.timeout / std::chrono::milliseconds{1});
    set(check, CURLOPT_PRIVATE, static_cast<void*>(&check));
    set(check, CURLOPT_NOSIGNAL, 1L);
    set(check, CURLOPT_PROXY, "");
    set(check, CURLOPT_PROTOCOLS_STR, "http,https");
    set(check, CURLOPT_FRESH_CONNECT, 1L);
    set(check, CURLOPT_FORBID_REUSE, 1L);
    set(check, CURLOPT_TIMEOUT_MS, timeout_ms);
    set(check, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    if (order.health.check != CheckKind::tcp) return prepare_request(check);
    set(check, CURLOPT_URL, ("http://" + authority(order.address, order.port)).c_str());
    set(check, CURLOPT_CONNECT_ONLY, 1L);
}

std::string words_of_connect(long error) {
    if (error == ECONNREFUSED) return "connect refused";
    if (error == 0) return "connect failed";
    return std::string{"connect: "} + std::strerror(static_cast<int>(error));
}

CheckResult judge(const Check& check, CURLcode code) {
    const config::Health& health = check.order.health;
    long status = 0;
    long os_error = 0;
    curl_off_t took_us = 0;
    curl_easy_getinfo(check.easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(check.easy, CURLINFO_OS_ERRNO, &os_error);
    curl_easy_getinfo(check.easy, CURLINFO_TOTAL_TIME_T, &took_us);
    CheckResult result{Outcome::failed, {}, std::chrono::microseconds{took_us}};
    const bool cut_short = code == CURLE_WRITE_ERROR;
    if (code == CURLE_OPERATION_TIMEDOUT) {
        result.because = "timed out after " + config::to_string(health.timeout);
    } else if (code == CURLE_COULDNT_CONNECT) {
        result.because = words_of_connect(os_error);
    } else if (code != CURLE_OK && !cut_short) {
        result.because = curl_easy_strerror(code);
    } else if (health.check == CheckKind::tcp) {
        result.outcome = Outcome::passed;
    } else if (status < health.status.first || status > health.status.last) {
        result.because = "http " + std::to_string(status);
    } else if (check.wants_body() && !check.found) {
        result.because = "http " + std::to_string(status) + " without the text in its body";
    } else {
        result.outcome = Outcome::passed;
    }
    return result;
}

}  // namespace

class WebChecks::Curl {
public:
    explicit Curl(asio::io_context& loop) : loop_(loop), timer_(loop) {
        static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
        NLB_ASSERT(started == CURLE_OK);
        multi_ = curl_multi_init();
        NLB_ASSERT(multi_ != nullptr);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Curl::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Curl::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    }
    Curl(const Curl&) = delete;
    Curl& operator=(const Curl&) = delete;
    ~Curl() {
        closing_ = true;
        for (auto& [easy, check] : checks_) curl_multi_remove_handle(multi_, easy);
        checks_.clear();
        curl_multi_cleanup(multi_);
        for (auto& [socket, watch] : watches_) watch->device.release();
    }

    void run(const CheckOrder& order, Done done) {
        auto check = std::make_unique<Check>();
        check->order = order;
        check->done = std::move(done);
        check->easy = curl_easy_init();
        NLB_ASSERT(check->easy != nullptr);
        prepare(*check);
        CURL* const easy = check->easy;
        checks_.emplace(easy, std::move(check));
        curl_multi_add_handle(multi_, easy);
    }

private:
    // A socket of libcurl's, as long as libcurl wants to be told of it. It closes it itself.
    struct Watch {
        explicit Watch(asio::io_context& loop) : device(loop) {}
        asio::posix::stream_descriptor device;
        int wanted = 0;  // CURL_POLL_*
        bool reads = false;
        bool writes = false;
    };

    static int on_socket(CURL*, curl_socket_t socket, int what, void* user, void*) {
        static_cast<Curl*>(user)->watch(socket, what);
        return 0;
    }
    static int on_timer(CURLM*, long timeout_ms, void* user) {
        static_cast<Curl*>(user)->set_timer(timeout_ms);
        return 0;
    }

    void watch(curl_socket_t socket, int what) {
        const auto known = watches_.find(socket);
        if (what == CURL_POLL_REMOVE) {
            if (known == watches_.end()) return;
            known->second->wanted = 0;
            known->second->device.release();
            watches_.erase(known);
            return;
        }
        std::shared_ptr<Watch> watch;
        if (known == watches_.end()) {
            watch = std::make_shared<Watch>(loop_);
            watch->device.assign(socket);
            watches_.emplace(socket, watch);
        } else {
            watch = known->second;
        }
        watch->wanted = what;
        wait(socket, watch);
    }

    void wait(curl_socket_t socket, const std::shared_ptr<Watch>& watch) {
        using Wait = asio::posix::stream_descriptor::wait_type;
        const auto arm = [&](int poll, int event, Wait type, bool Watch::*waits) {
            if ((watch->wanted & poll) == 0 || (*watch).*waits) return;
            (*watch).*waits = true;
            watch->device.async_wait(
                type, [this, socket, watch, event, poll, waits](const asio::error_code& error) {
                    (*watch).*waits = false;
                    if (error || closing_ || (watch->wanted & poll) == 0) return;
                    act(socket, event);
                    const auto still = watches_.find(socket);
                    if (still != watches_.end() && still->second == watch) wait(socket, watch);
                });
        };
        arm(CURL_POLL_IN, CURL_CSELECT_IN, Wait::wait_read, &Watch::reads);
        arm(CURL_POLL_OUT, CURL_CSELECT_OUT, Wait::wait_write, &Watch::writes);
    }

    // Never from inside libcurl: it may not be entered twice.
    void set_timer(long timeout_ms) {
        if (closing_) return;
        timer_.cancel();
        if (timeout_ms < 0) return;
        timer_.expires_after(std::chrono::milliseconds{timeout_ms});
        timer_.async_wait([this](const asio::error_code& error) {
            if (!error && !closing_) act(CURL_SOCKET_TIMEOUT, 0);
        });
    }

    void act(curl_socket_t socket, int event) {
        int running = 0;
        curl_multi_socket_action(multi_, socket, event, &running);
        finish_ended();
    }

    void finish_ended() {
        int left = 0;
        while (CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            CURL* const easy = message->easy_handle;
            const CURLcode code = message->data.result;
            const auto found = checks_.find(easy);
            NLB_ASSERT(found != checks_.end());
            const std::unique_ptr<Check> check = std::move(found->second);
            checks_.erase(found);
            const CheckResult result = judge(*check, code);
            curl_multi_remove_handle(multi_, easy);
            check->done(result);
        }
    }

    asio::io_context& loop_;
    asio::steady_timer timer_;
    CURLM* multi_ = nullptr;
    bool closing_ = false;
    std::map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    std::map<CURL*, std::unique_ptr<Check>> checks_;
};

WebChecks::WebChecks(asio::io_context& loop) : curl_(std::make_unique<Curl>(loop)) {}
WebChecks::~WebChecks() = default;

void WebChecks::run(const CheckOrder& order, Done done) {
    curl_->run(order, std::move(done));
}

}  // namespace nlb::controlplane
