// The dataplane's end of core/ipc/messages.hpp: takes each datagram apart, checks every size and
// index in it, and lets an Operations do what it says. What it cannot understand it refuses with
// one sentence, and hangs up. It decides who is greeted when, and who is told of an installation.
// No DPDK, no system call and no clock: a simulator runs it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/ipc/messages.hpp"
#include "dataplane/control/link_socket.hpp"

namespace nlb::dataplane {

// What a control plane may have done here. Cluster numbers are checked before. Thread: main.
class Operations {
public:
    virtual ~Operations() = default;
    // The clock of every absolute time in messages.
    [[nodiscard]] virtual Instant now() const = 0;
    [[nodiscard]] virtual std::size_t cluster_count() const = 0;
    [[nodiscard]] virtual ipc::Hello hello(std::uint16_t cluster) const = 0;
    [[nodiscard]] virtual std::span<const Byte> block(std::uint16_t cluster) const = 0;
    // What the control plane must hold alike (config/digest.hpp, paired_lines).
    [[nodiscard]] virtual std::string_view settings(std::uint16_t cluster) const = 0;
    [[nodiscard]] virtual ipc::Status status(std::uint16_t cluster) const = 0;
    [[nodiscard]] virtual ipc::CountersReport counters(std::uint16_t cluster) const = 0;
    // The cores are given the tables; IpcServer::on_installed() is called, in the order of
    // installations, when none uses the former ones any more.
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
    // Both outlive it.
    IpcServer(LinkSocket& socket, Operations& operations)
        : socket_(socket), operations_(operations) {}

    // The listening socket is readable. A peer is greeted only when its predecessor's installations
    // are over: until then a core may use tables that hello no longer tells of.
    void on_newcomer();
    // False: a peer that comes now would only wait.
    [[nodiscard]] bool takes_newcomers() const { return socket_.connected() || installs_.empty(); }
    // The connection is readable: handles what is there, at most kDatagramsAtOnce. True: there may
    // be more.
    bool on_readable();
    // The oldest installation is over. Only the peer that asked for it is told: a successor counts
    // its tokens from one again. Requires: it is one that operations().install() took.
    void on_installed(std::uint16_t cluster, const ipc::Installed& installed);
    // The peer, if there is one, has to come again, and finds what is stored here by then.
    void hang_up(const std::string& why) {
        if (socket_.connected()) disconnect(why);
    }
    void send_status(std::uint16_t cluster);
    void send_requests(std::uint16_t cluster, std::span<const GrantRequest> requests);
    // False: nobody took it.
    bool send_punted(std::uint16_t cluster, const ipc::Punted& punted, std::span<const Byte> frame);

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

    LinkSocket& socket_;
    Operations& operations_;
    std::uint64_t peer_ = 0;              // counts those that were taken
    std::deque<std::uint64_t> installs_;  // under way: who asked for each, oldest first
    bool agreed_ = false;                 // the peer has asked for something
    std::string last_refusal_;            // by a control plane, since one was connected
    std::vector<Byte> datagram_;
};

}  // namespace nlb::dataplane
