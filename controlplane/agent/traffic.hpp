// What the dataplane reports of packets, and what it comes to per interval. Plain numbers; whether
// they are good or bad is not judged here.
#pragma once

#include <optional>

#include "core/ipc/messages.hpp"

namespace nlb::controlplane {

struct Traffic {
    std::optional<ipc::CountersReport> report;  // the newest; nothing before the first
    double cycles_per_packet = 0;               // over the last interval with packets
    double packets_per_burst = 0;

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
        report = fresh;
    }
};

}  // namespace nlb::controlplane
