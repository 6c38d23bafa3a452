// What the dataplane reports of packets, and what it comes to per interval. Plain numbers; whether
// they are good or bad is not judged here.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "core/ipc/messages.hpp"

namespace nlb::controlplane {

struct Traffic {
    std::optional<ipc::CountersReport> report;  // the newest; nothing before the first
    double cycles_per_packet = 0;               // over the last interval with packets
    double packets_per_burst = 0;
    // Of each worker of the cluster: its share of the last interval that it spent on packets of
    // this cluster. 0 to 1.
    std::array<double, ipc::kLanesShown> utilisation{};

    // The next report, about each quarter of a second.
    void take(const ipc::CountersReport& fresh) {
        // A dataplane that restarted counts from zero again.
        const bool same = report && fresh.counters.rx_packets >= report->counters.rx_packets &&
                          fresh.counters.bursts >= report->counters.bursts;
        const Counters before = same ? report->counters : Counters{};
        const std::uint64_t packets = fresh.counters.rx_packets + fresh.counters.inside_packets -
                                      before.rx_packets - before.inside_packets;
        const std::uint64_t bursts = fresh.counters.bursts - before.bursts;
        if (packets != 0)
            cycles_per_packet =
                static_cast<double>(fresh.counters.busy_cycles - before.busy_cycles) /
                static_cast<double>(packets);
        if (bursts != 0)
            packets_per_burst = static_cast<double>(packets) / static_cast<double>(bursts);
        const std::uint64_t elapsed = same ? fresh.cycles_now - report->cycles_now : 0;
        for (std::size_t lane = 0; lane < utilisation.size(); ++lane)
            if (elapsed != 0 && fresh.busy_cycles[lane] >= report->busy_cycles[lane])
                utilisation[lane] = std::min(
                    1.0, static_cast<double>(fresh.busy_cycles[lane] - report->busy_cycles[lane]) /
                             static_cast<double>(elapsed));
        report = fresh;
    }

    // Of the fullest ring between cores, 0 to 1.
    [[nodiscard]] double ring_fill() const {
        if (!report || report->ring_frames_room == 0) return 0;
        return static_cast<double>(report->ring_frames_most) /
               static_cast<double>(report->ring_frames_room);
    }
};

}  // namespace nlb::controlplane
