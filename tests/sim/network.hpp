// The switch: it floods every frame to all other hosts, and may lose, repeat, delay and so reorder
// each delivery, or cut a direction between two hosts. It remembers which pairs of hosts were cut
// off in both directions: the one case that `partition: serve` exempts.
#pragma once

#include <array>
#include <functional>

#include "core/base/prng.hpp"
#include "core/cluster/timing.hpp"
#include "tests/sim/scheduler.hpp"
#include "tests/sim/wire.hpp"

namespace nlb::sim {

// Chances are in a million, per delivery.
struct Conditions {
    std::uint64_t loss = 0;
    std::uint64_t repeat = 0;
    std::uint64_t slow = 0;  // delivered only after up to `slow_max`
    Duration delay_max = std::chrono::milliseconds{1};
    Duration slow_max{};
    std::uint64_t stale = 0;  // delivered a second time, up to `stale_max` later
    Duration stale_max{};
};

class Network {
public:
    using Deliver = std::function<void(HostId, const WireFrame&)>;

    Network(Scheduler& scheduler, Prng& prng, const Timing& timing, std::uint8_t hosts,
            Deliver deliver);

    Conditions conditions;

    void broadcast(const WireFrame& frame);
    // A frame that is no heartbeat: it shares the cuts, and no other misfortune.
    void pass(const WireFrame& frame);
    // Straight to one host, past every cut: an attacker on the segment.
    void inject(HostId to, const WireFrame& frame);
    void cut(HostId from, HostId to) { ++cuts_[from][to]; }
    void mend(HostId from, HostId to);
    void mend_all();
    // Frames of the host bear an 802.1Q tag from now on: id + 1; 0: none.
    void set_tag(HostId from, std::uint16_t tag) { tags_[from] = tag; }
    // What it sends arrives so much later, in its order.
    void set_delay(HostId from, Duration delay) { delays_[from] = delay; }
    // Heartbeats of and to the host are lost, and nobody is excused for that: other frames pass.
    void set_filter(HostId id, bool on) { filtered_[id] = on; }
    // What is sent to a deaf host is lost like what is cut.
    void set_deaf(HostId to, bool deaf) { deaf_[to] = deaf; }

    // Whether, not long ago, so much was lost both ways between the two, or one of them and a third
    // that then took its buckets for itself or for a host that had just started, that `serve` lets
    // both own the same bucket.
    [[nodiscard]] bool is_exempt(HostId a, HostId b) const;
    // Whether, not long ago, nothing that `from` sent reached `to` for about T*P.
    [[nodiscard]] bool was_deaf_to(HostId from, HostId to) const;
    void note_exempt() { ever_exempt_ = true; }
    // A frame between the two was lost or late.
    void note_disturbance(HostId a, HostId b);
    // A frame to or from it was lost, or came later than delay_max, and its leases may still show
    // it.
    [[nodiscard]] bool was_disturbed(HostId id) const {
        return scheduler_.now() < disturbed_until_[id];
    }
    // Whether that ever happened to anybody: then both may hold descriptors of one flow for as long
    // as it lives.
    [[nodiscard]] bool was_ever_exempt() const { return ever_exempt_; }
    [[nodiscard]] std::uint64_t frames() const { return frames_; }

private:
    // Frames lost in a row from one host to another.
    struct LossRun {
        std::uint32_t count = 0;
        Duration since{};
    };
    template <class Value>
    using PerPair = std::array<std::array<Value, kHostsMax + 1>, kHostsMax + 1>;

    [[nodiscard]] bool was_cut_off(HostId a, HostId b) const;
    void note_loss(HostId from, HostId to);

    Scheduler& scheduler_;
    Prng& prng_;
    Timing timing_;
    std::uint8_t hosts_;
    Deliver deliver_;
    std::uint64_t frames_ = 0;
    bool ever_exempt_ = false;
    PerPair<std::uint16_t> cuts_{};
    std::array<bool, kHostsMax + 1> deaf_{};
    std::array<bool, kHostsMax + 1> filtered_{};
    std::array<std::uint16_t, kHostsMax + 1> tags_{};
    std::array<Duration, kHostsMax + 1> delays_{};
    PerPair<LossRun> runs_{};
    PerPair<Duration> exempt_until_{};
    PerPair<Duration> deaf_until_{};
    std::array<Duration, kHostsMax + 1> disturbed_until_{};
};

}  // namespace nlb::sim
