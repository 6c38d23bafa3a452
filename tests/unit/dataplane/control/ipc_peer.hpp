// The two ends around an IpcServer under test: operations that note what they were told, and a peer
// made of plain system calls that says whatever a test wants.
#pragma once

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include "dataplane/control/ipc_server.hpp"
#include "dataplane/control/seqpacket_server.hpp"
#include "dataplane/worker/clock.hpp"

namespace nlb::dataplane::testing {

using ipc::MessageType;

// Notes what it was told.
class FakeOperations : public Operations {
public:
    [[nodiscard]] Instant now() const override { return monotonic_now(); }
    [[nodiscard]] std::size_t cluster_count() const override { return 2; }
    [[nodiscard]] ipc::Hello hello(std::uint16_t cluster) const override {
        ipc::Hello hello{};
        hello.version = ipc::kProtocolVersion;
        hello.valid_until_ns = lease.time_since_epoch().count();
        hello.install_token = token;
        hello.block_bytes = static_cast<std::uint32_t>(block(cluster).size());
        hello.settings_bytes = static_cast<std::uint32_t>(settings(cluster).size());
        hello.cluster_count = 2;
        ipc::set_cluster_name(hello, cluster == 0 ? "web" : "mail");
        return hello;
    }
    [[nodiscard]] std::span<const Byte> block(std::uint16_t) const override { return stored; }
    [[nodiscard]] std::string_view settings(std::uint16_t cluster) const override {
        return cluster == 0 ? "outside=net_null0\n" : "outside=net_null1\n";
    }
    [[nodiscard]] ipc::Status status(std::uint16_t) const override { return {}; }
    [[nodiscard]] ipc::CountersReport counters(std::uint16_t) const override { return {}; }
    Status install(std::uint16_t, std::uint64_t with_token, const Tables&) override {
        token = with_token;
        ++installs;
        return Done{};
    }
    void set_lease(std::uint16_t, Instant valid_until) override { lease = valid_until; }
    void set_seal_keys(std::uint16_t, const SealKeys& keys) override { seal_keys = keys; }
    void note_verified(std::uint16_t, const ipc::Verified& told) override { verified = told; }
    void give_grants(std::uint16_t, std::uint64_t under,
                     std::span<const GivenGrant> given) override {
        era = under;
        grants.assign(given.begin(), given.end());
    }
    void store(std::uint16_t, std::span<const Byte> what) override {
        stored.assign(what.begin(), what.end());
    }
    void send_frame(std::uint16_t, std::span<const Byte> what) override {
        frame.assign(what.begin(), what.end());
    }
    [[nodiscard]] bool is_busy() const override { return busy; }
    void on_connected(int) override { ++connections; }
    void on_disconnected(const std::string& why) override { last_reason = why; }
    void on_refused(const std::string& why) override { refusals.push_back(why); }

    Instant lease = kLongAgo;
    ipc::Verified verified{};
    SealKeys seal_keys;
    std::uint64_t era = 0;
    std::vector<GivenGrant> grants;
    std::uint64_t token = 0;
    int installs = 0;  // under way; the test ends them
    std::vector<Byte> stored;
    std::vector<Byte> frame;
    bool busy = false;
    int connections = 0;
    std::string last_reason;
    std::vector<std::string> refusals;
};

class Peer {
public:
    explicit Peer(const std::string& path)
        : fd_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size());
        EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    ~Peer() { hang_up(); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    void hang_up() {
        if (fd_ >= 0) close(fd_);
        fd_ = -1;
    }
    bool say(const std::vector<Byte>& datagram) {
        return send(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0;
    }
    // The next message; an empty one when there is none or the connection is closed.
    std::vector<Byte> hear() {
        std::vector<Byte> datagram(ipc::kMessageBytesMax);
        const ssize_t bytes = recv(fd_, datagram.data(), datagram.size(), 0);
        datagram.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
        return datagram;
    }
    MessageType hear_type() {
        const auto datagram = hear();
        const auto message = ipc::read_message(datagram);
        return message ? message->type : MessageType{};
    }
    bool is_cut_off() {
        Byte byte = 0;
        return recv(fd_, &byte, 1, 0) == 0;
    }

private:
    int fd_;
};

}  // namespace nlb::dataplane::testing
