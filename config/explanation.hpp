// What every asked host does with a packet: the cores' own code (core/explain), run once per host
// with that host's tables and its own descriptors, which are carried from packet to packet. Formats
// nothing.
#pragma once

#include <array>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "config/schema.hpp"
#include "config/table_builder.hpp"
#include "core/base/result.hpp"
#include "core/explain.hpp"
#include "core/fastpath/tables_index.hpp"

namespace nlb::config {

// What a host's cores go by at the moment.
struct HostScene {
    const Host* host;
    Ownership ownership;
    bool fence_holds = true;  // its lease runs
};
// Of a converged cluster of `members` in its first epoch. Requires: all are of `cluster`.
[[nodiscard]] std::vector<HostScene> ideal_scenes(const Cluster& cluster, HostSet members,
                                                  const std::vector<const Host*>& hosts);

// One host and its memory.
struct HostView {
    const Host* host;
    bool fence_holds;
    Tables tables;
    PortAddresses ports;
    SimpleConnections connections;
    FragmentTable fragments;
    std::unique_ptr<IndexMemory> indexes;
    std::unique_ptr<ClientTable> clients;            // nothing without a rule with a time-out
    std::array<std::uint64_t, kFrameSlots> waiting;  // numbers of the packets that wait, by slot
};

// A packet by its slot in the capture, from 1, with one explanation per host.
struct ExplainedPacket {
    std::uint64_t number;
    std::vector<Explanation> explanations;
};

class Explainer {
public:
    // Clients that each host remembers, where rules have a time-out: a capture may bring many.
    static constexpr std::uint32_t kClients = 65536;
    // Requires: the scenes' hosts are of `cluster`, which came from config/load.
    Explainer(const Cluster& cluster, const std::vector<HostScene>& scenes, const HashKey& hash_key,
              std::uint32_t clients = kClients);

    // One explanation per host, in the order given. `time` is the capture's; going back is ignored.
    [[nodiscard]] std::vector<Explanation> explain_packet(std::span<const Byte> frame,
                                                          std::chrono::nanoseconds time);

    // The next packet of a capture: gives, in order, all packets that are settled now. While a
    // fragment waits for the first one of its datagram it and all that came after it are kept back.
    [[nodiscard]] std::vector<ExplainedPacket> offer(std::span<const Byte> frame,
                                                     std::chrono::nanoseconds time);
    // The capture is over: what waits, waits in vain.
    [[nodiscard]] std::vector<ExplainedPacket> finish();

    [[nodiscard]] const Cluster& cluster() const { return cluster_; }
    [[nodiscard]] const std::vector<HostView>& hosts() const { return views_; }

private:
    void advance(std::chrono::nanoseconds time);
    [[nodiscard]] BurstContext context_of(const HostView& view) const {
        return {view.tables,        view.ports, now_,
                view.fence_holds,   0,          1,
                view.clients.get(), {},         &view.indexes->of(view.tables)};
    }
    void resolve_waiting();
    [[nodiscard]] std::vector<ExplainedPacket> take_settled();

    const Cluster& cluster_;
    std::vector<HostView> views_;
    std::deque<ExplainedPacket> kept_back_;
    std::uint64_t offered_ = 0;
    bool begun_ = false;
    std::chrono::nanoseconds first_{0};
    Instant now_;
    Instant swept_;
};

// How many packets one, none or several hosts accepted.
struct AcceptTally {
    std::size_t one = 0;
    std::size_t none = 0;
    std::size_t several = 0;
    void count(const std::vector<Explanation>& explanations);
    [[nodiscard]] std::size_t packets() const { return one + none + several; }
};

// The one packet that a command line describes: a TCP segment, a UDP datagram or an echo request.
struct PacketWish {
    std::string protocol;
    std::string source;
    std::string destination;
    std::string flags;
};
[[nodiscard]] Result<std::vector<Byte>> frame_of(const PacketWish& wish,
                                                 const MacAddress& destination_mac);

}  // namespace nlb::config
