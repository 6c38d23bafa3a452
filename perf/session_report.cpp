// What a session says of itself: testpmd's block, and the object of --json.
#include <cinttypes>
#include <cstdio>
#include <rte_version.h>

#include "perf/session.hpp"

namespace nlb::perf {
namespace {

double per(std::uint64_t count, double of) {
    return of > 0 ? static_cast<double>(count) / of : 0;
}

}  // namespace

void Session::print_forward_statistics() const {
    const StreamCounters now = sum();
    std::printf(
        "\n  ++++++++++++++ Forward statistics for all ports (%s, burst %u) ++++++++++++++\n",
        name_of(options_.mode), options_.burst);
    const std::uint64_t missed = port_end_.imissed - port_base_.imissed;
    const std::uint64_t received = port_end_.ipackets - port_base_.ipackets;
    std::printf("  RX-packets: %-14" PRIu64 " RX-dropped: %-13" PRIu64 " RX-total: %-" PRIu64 "\n",
                received, missed, received + missed);
    const std::uint64_t sent = port_end_.opackets - port_base_.opackets;
    std::printf("  TX-packets: %-14" PRIu64 " TX-dropped: %-13" PRIu64 " TX-total: %-" PRIu64 "\n",
                sent, now.tx_dropped, sent + now.tx_dropped);
    std::printf(
        "  CPU cycles/packet=%.2f packets/burst=%.2f\n",
        per(now.busy_cycles - base_.busy_cycles,
            static_cast<double>(now.rx_packets - base_.rx_packets)),
        per(now.rx_packets - base_.rx_packets, static_cast<double>(now.bursts - base_.bursts)));
    std::printf(
        "  ++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++\n");
    std::fflush(stdout);
}

Json Session::result() const {
    if (options_.mode == Mode::trial) return trial_result();
    const StreamCounters now = sum();
    const std::uint64_t handled =
        std::max(now.rx_packets - base_.rx_packets, now.tx_packets - base_.tx_packets);
    Json result{{"mode", name_of(options_.mode)},
                {"dpdk", rte_version()},
                {"cores", options_.cores},
                {"burst", options_.burst},
                {"seconds", seconds_},
                {"packets", handled},
                {"rx_pps", per(port_end_.ipackets - port_base_.ipackets, seconds_)},
                {"tx_pps", per(port_end_.opackets - port_base_.opackets, seconds_)},
                {"rx_missed", port_end_.imissed - port_base_.imissed},
                {"rx_nombuf", port_end_.rx_nombuf - port_base_.rx_nombuf},
                {"tx_dropped", now.tx_dropped - base_.tx_dropped},
                {"packets_per_burst", per(handled, static_cast<double>(now.bursts - base_.bursts))},
                {"cycles_per_packet",
                 per(now.busy_cycles - base_.busy_cycles, static_cast<double>(handled))}};
    for_each_part([&](const Part& part) { part.engine->report(result); });
    result["ports"] = ports_.describe();
    return result;
}

Json Session::trial_result() const {
    const StreamCounters sent = sum_of(Role::generator);
    Json result{{"mode", name_of(options_.mode)},
                {"dpdk", rte_version()},
                {"under_test", options_.under_test ? name_of(*options_.under_test) : "none"},
                {"burst", options_.burst},
                {"size", options_.traffic.size},
                {"seconds", seconds_},
                {"rate", options_.rate},
                {"sent", sent.tx_packets},
                {"refused", sent.tx_dropped},
                {"sent_pps", per(sent.tx_packets + sent.tx_dropped, seconds_)}};
    for_each_part([&](const Part& part) {
        if (part.role == Role::sink) part.engine->report(result);
    });
    const std::uint64_t received = result.value("stamped", std::uint64_t{0});
    result["received"] = received;
    result["received_pps"] = per(received, seconds_);
    if (options_.flood) {
        const StreamCounters flood = sum_of(Role::flood);
        result["flood"] = {{"sent", flood.tx_packets},
                           {"refused", flood.tx_dropped},
                           {"pps", per(flood.tx_packets + flood.tx_dropped, seconds_)}};
    }
    if (options_.under_test) {
        const StreamCounters now = sum_of(Role::forwarding);
        Json tested{
            {"packets", now.rx_packets},
            {"packets_per_burst", per(now.rx_packets, static_cast<double>(now.bursts))},
            {"cycles_per_packet", per(now.busy_cycles, static_cast<double>(now.rx_packets))}};
        for_each_part([&](const Part& part) {
            if (part.role == Role::forwarding) part.engine->report(tested);
        });
        result["tested"] = tested;
    }
    result["ports"] = ports_.describe();
    return result;
}

}  // namespace nlb::perf
