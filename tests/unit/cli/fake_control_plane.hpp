// A control plane that says what the test tells it to, once per connection, on
// RUN_DIR/control.sock.
#pragma once

#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "core/base/assert.hpp"

namespace nlb::cli {

class FakeControlPlane {
public:
    // What to send for a request; an empty answer leaves the client waiting until this object goes.
    using Answer = std::function<std::string(const std::string&)>;

    FakeControlPlane(const std::string& run_dir, Answer answer)
        : answer_(std::move(answer)), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = run_dir + "/control.sock";
        NLB_ASSERT(path.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, path.data(), path.size());
        NLB_ASSERT(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                   0);
        NLB_ASSERT(::listen(listener_, 8) == 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~FakeControlPlane() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        for (const int client : waiting_) ::close(client);
        ::close(listener_);
    }
    [[nodiscard]] std::vector<std::string> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    void serve() {
        for (;;) {
            const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) return;
            std::string line;
            for (char c = 0; ::read(client, &c, 1) == 1 && c != '\n';) line += c;
            {
                const std::lock_guard lock(mutex_);
                requests_.push_back(line);
            }
            const std::string reply = answer_(line);
            if (reply.empty()) {
                waiting_.push_back(client);
                continue;
            }
            for (std::size_t at = 0; at < reply.size();) {
                const ssize_t count =
                    ::send(client, reply.data() + at, reply.size() - at, MSG_NOSIGNAL);
                if (count <= 0) break;
                at += static_cast<std::size_t>(count);
            }
            ::close(client);
        }
    }

    Answer answer_;
    int listener_;
    std::mutex mutex_;
    std::vector<std::string> requests_;
    std::vector<int> waiting_;
    std::thread thread_;
};

// A cluster `web` as host edge1 of edge1..edge3 sees it, converged, in one line without its end.
[[nodiscard]] std::string converged_answer();

}  // namespace nlb::cli
