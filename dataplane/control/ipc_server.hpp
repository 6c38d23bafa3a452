// The dataplane's end of core/ipc/messages.hpp: takes each datagram apart, checks every size and
// index in it, and lets an Operations do what it says. What it cannot understand it refuses with
// one sentence, and hangs up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/messages.hpp"
#include "dataplane/control/seqpacket_server.hpp"

namespace nlb::dataplane {

// What a control plane may have done here. Cluster numbers are checked before. Thread: main.
class Operations {
public:
    virtual ~Operations() = default;
    [[nodiscard]] virtual std::size_t cluster_count() const = 0;
    [[nodiscard]] virtual ipc::Hello hello(std::uint16_t cluster) const = 0;
    [[nodiscard]] virtual std::span<const Byte> block(std::uint16_t cluster) const = 0;
    // What the control plane must hold alike (config/digest.hpp, paired_lines).
    [[nodiscard]] virtual std::string_view settings(std::uint16_t cluster) const = 0;
    [[nodiscard]] virtual ipc::Status status(std::uint16_t cluster) const = 0;
    [[nodiscard]] virtual ipc::CountersReport counters(std::uint16_t cluster) const = 0;
    virtual Status install(std::uint16_t cluster, std::uint64_t token, const Tables& tables) = 0;
    virtual void set_lease(std::uint16_t cluster, Instant valid_until) = 0;
    virtual void store(std::uint16_t cluster, std::span<const Byte> block) = 0;
    virtual void set_seal_keys(std::uint16_t cluster, const SealKeys& keys) = 0;
    virtual void note_verified(std::uint16_t cluster, const ipc::Verified& verified) = 0;
    virtual void give_grants(std::uint16_t cluster, std::uint64_t era,
                             std::span<const GivenGrant> grants) = 0;
    virtual void send_frame(std::uint16_t cluster, std::span<const Byte> frame) = 0;
    // True: read no more for now, an earlier installation must end first.
    [[nodiscard]] virtual bool is_busy() const = 0;
    // For the log. A control plane is connected once it has asked for something: then it agrees
    // with what hello said.
    virtual void on_connected(int pid) = 0;
    virtual void on_disconnected(const std::string& why) = 0;
    // It found that the two programs do not mean the same clusters. Told once for each sentence,
    // until a control plane is connected.
    virtual void on_refused(const std::string& why) = 0;
};

// Thread: main.
class IpcServer {
public:
    // `operations` outlives it.
    IpcServer(SeqpacketServer socket, Operations& operations)
        : socket_(std::move(socket)), operations_(operations) {}

    // The listening socket is readable.
    void on_newcomer();
    // The connection is readable: handles what is there, at most kDatagramsAtOnce. True: there may
    // be more.
    bool on_readable();
    void flush() { socket_.flush(); }

    void send_installed(std::uint16_t cluster, const ipc::Installed& installed);
    void send_status(std::uint16_t cluster);
    void send_requests(std::uint16_t cluster, std::span<const GrantRequest> requests);
    // False: nobody took it.
    bool send_punted(std::uint16_t cluster, const ipc::Punted& punted, std::span<const Byte> frame);

    [[nodiscard]] const SeqpacketServer& socket() const { return socket_; }
    void accept_again() { socket_.try_again(); }

    static constexpr int kDatagramsAtOnce = 64;

private:
    // The sentence of a refusal, when it is one.
    [[nodiscard]] std::optional<std::string> handle(const std::optional<ipc::MessageView>& message);
    [[nodiscard]] std::optional<std::string> handle_install(const ipc::MessageView& message);
    [[nodiscard]] std::optional<std::string> handle_send(const ipc::MessageView& message);
    [[nodiscard]] std::optional<std::string> handle_grants(const ipc::MessageView& message);
    [[nodiscard]] std::vector<Byte> hello(std::uint16_t cluster) const;
    void send(std::vector<Byte> datagram);
    void disconnect(const std::string& why);
    void note_refusal(const ipc::MessageView& message);

    SeqpacketServer socket_;
    Operations& operations_;
    bool agreed_ = false;       // the peer has asked for something
    std::string last_refusal_;  // by a control plane, since one was connected
    std::vector<Byte> datagram_;
};

}  // namespace nlb::dataplane
