// Clients of the simulated cluster: TCP flows, UDP and pings. Each packet is offered, at one
// instant, to the decision code that worker cores run (core/pipeline.hpp) on every host: at most
// one may accept it, and a tracked flow stays where it began.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/fastpath/tables_index.hpp"
#include "core/flow/fragments.hpp"
#include "core/packet/burst.hpp"
#include "core/packet/counters.hpp"
#include "core/packet/frame_builder.hpp"
#include "core/tables/tables.hpp"
#include "tests/sim/wire.hpp"

namespace nlb::sim {

class World;

class Workload {
public:
    explicit Workload(World& world);
    Workload(const Workload&) = delete;

    // One packet now, and the next one a while later.
    void go_on();
    [[nodiscard]] std::uint64_t packets() const { return packets_; }
    // Packets of flows that two hosts took, where the flow's host had been fenced in between:
    // promised to nobody, but counted.
    [[nodiscard]] std::uint64_t late_doubles() const { return late_doubles_; }

    struct Flow {
        HostId home = kNoHost;  // who accepted the SYN; kNoHost: none, and the next packet is a SYN
        std::uint32_t client = 0;
        std::uint16_t port = 0;
        std::uint16_t vip_port = 0;
        std::uint64_t interruptions = 0;  // of the home when it began
        std::uint32_t packets_left = 0;
    };

    // A packet at one instant to all hosts, and who accepts it. New flows: fails when there are
    // two.
    [[nodiscard]] HostSet offer(const FrameSpec& spec, bool is_new);
    // Fails when a host that stayed does not accept a packet of its flow, or when anybody else
    // does.
    void judge(const Flow& flow, HostSet accepted);
    // Some host's cores have packets still to judge, or will.
    [[nodiscard]] bool somebody_is_behind() const;
    [[nodiscard]] FrameSpec packet_of(const Flow& flow, std::uint8_t tcp_flags) const;

private:
    static constexpr std::size_t kFlows = 24;

    void open(Flow& flow);
    void speak(Flow& flow);
    void close(Flow& flow);
    void send_stateless();
    [[nodiscard]] bool accepts(HostId id, std::vector<Byte>& frame, const Tables& tables);
    // The same later, by a core that is behind.
    struct Offered {
        std::vector<Byte> frame;
        bool is_new = false;
        HostSet accepted;
        // Pairs of which `serve` let both accept it when it came in.
        std::vector<std::pair<HostId, HostId>> excused;
    };
    void offer_to(HostId id, Offered& offered, const Tables& tables);
    // Its cores have packets that came before this moment still to judge.
    [[nodiscard]] bool is_behind(HostId id) const;
    void offer_later(HostId id, const std::shared_ptr<Offered>& offered);

    World& world_;
    PortAddresses ports_{};
    std::array<IndexMemory, kHostsMax + 1> indexes_;  // by host
    Counters counters_{};
    FragmentTable fragments_{0};  // of all hosts: nothing here is fragmented
    std::array<Flow, kFlows> flows_{};
    std::uint32_t clients_ = 0;
    std::uint64_t packets_ = 0;
    std::uint64_t late_doubles_ = 0;
};

}  // namespace nlb::sim
