// The unix seqpacket socket of the run directory and its one connection. It moves datagrams and
// knows nothing of what they say. A second peer is told why it must wait and is turned away.
// Thread: main.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "config/daemon/unix_socket.hpp"
#include "core/base/result.hpp"
#include "core/base/types.hpp"
#include "dataplane/control/link_socket.hpp"

namespace nlb::dataplane {

class SeqpacketServer final : public LinkSocket {
public:
    // Replaces a socket that a former process left behind. Requires: the run directory's lock is
    // held.
    static Result<SeqpacketServer> listen(
        const std::string& path, daemon::SocketAccess access = daemon::SocketAccess::owner);
    SeqpacketServer(SeqpacketServer&& other) noexcept;
    SeqpacketServer& operator=(SeqpacketServer&&) = delete;
    ~SeqpacketServer() override;

    // -1 while nobody can be accepted: whoever waits for it would be woken all the time.
    [[nodiscard]] int listening_fd() const { return is_out_of_descriptors_ ? -1 : listening_; }
    // Who came when the process had no descriptor left is still in the backlog. To be called now
    // and then.
    void try_again() { is_out_of_descriptors_ = false; }
    [[nodiscard]] int connected_fd() const { return connected_; }  // -1: nobody
    [[nodiscard]] bool connected() const override { return connected_ >= 0; }
    [[nodiscard]] int peer_pid() const override { return peer_pid_; }

    bool accept() override;
    void turn_away(std::span<const Byte> datagram) override;
    Received receive(std::vector<Byte>& into, std::size_t most) override;
    void send(std::vector<Byte> datagram) override;
    bool send_now(std::span<const Byte> datagram) override;
    void disconnect() override;

    [[nodiscard]] bool wants_to_write() const { return connected() && !queue_.empty(); }
    void flush();

private:
    SeqpacketServer(int listening, std::string path)
        : listening_(listening), path_(std::move(path)) {}
    enum class Sent : std::uint8_t { whole, later, broken };
    [[nodiscard]] Sent try_send(std::span<const Byte> datagram) const;
    [[nodiscard]] int accept_next();

    int listening_;
    std::string path_;
    bool is_out_of_descriptors_ = false;
    int connected_ = -1;
    int peer_pid_ = 0;
    std::deque<std::vector<Byte>> queue_;
};

}  // namespace nlb::dataplane
