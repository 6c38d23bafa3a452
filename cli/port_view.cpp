// What was lost is painted; zeros are not.
#include "cli/port_view.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "cli/text_table.hpp"

namespace nlb::cli {
namespace {

// Names of counters, and whether more than none of them is a loss.
struct Counter {
    const char* name;
    const char* title;
    bool is_loss;
};
constexpr std::array<Counter, 9> kCounters{{{"rx_packets", "received", false},
                                            {"tx_packets", "sent", false},
                                            {"missed", "missed", true},
                                            {"no_buffer", "no buffer", true},
                                            {"errors", "errors", true},
                                            {"tx_errors", "tx errors", true},
                                            {"oversize", "oversize", true},
                                            {"pause_received", "pauses in", false},
                                            {"pause_sent", "pauses out", true}}};

std::string speed_of(const Json& port) {
    const auto mbps = number_of(port, "speed_mbps");
    if (mbps <= 0) return "-";
    return mbps % 1000 == 0 ? fmt::format("{}G", mbps / 1000) : fmt::format("{}M", mbps);
}

std::string devices_table(const Json& ports, bool colour) {
    TextTable table({{"port"},
                     {"device"},
                     {"driver"},
                     {"state"},
                     {"speed", Align::right},
                     {"MTU", Align::right},
                     {"queues", Align::right},
                     {"ring", Align::right},
                     {"takes"},
                     {"wakes by"}});
    for (const Json& port : ports) {
        const std::string state = text_of(port, "state", "unknown");
        table.add({text_of(port, "port", "?"),
                   text_of(port, "device", "?"),
                   text_of(port, "driver", "?"),
                   {state, state == "up" ? Paint::good : Paint::bad},
                   speed_of(port),
                   std::to_string(number_of(port, "mtu")),
                   std::to_string(number_of(port, "rx_queues")),
                   std::to_string(number_of(port, "rx_ring")),
                   text_of(port, "reception", "?"),
                   text_of(port, "wakes_by", "?")});
    }
    return table.render(colour);
}

std::string counters_table(const Json& ports, bool colour) {
    std::vector<Column> columns{{"port"}};
    for (const Counter& counter : kCounters) columns.push_back({counter.title, Align::right});
    TextTable table(columns);
    for (const Json& port : ports) {
        std::vector<Cell> row{text_of(port, "port", "?")};
        for (const Counter& counter : kCounters) {
            const auto count = number_of(member_of(port, "counters"), counter.name);
            row.push_back(
                {std::to_string(count), counter.is_loss && count > 0 ? Paint::bad : Paint::none});
        }
        table.add(std::move(row));
    }
    return table.render(colour);
}

double real_of(const Json& object, const char* key) {
    const Json& value = member_of(object, key);
    return value.is_number() ? value.get<double>() : 0;
}

std::string work_line(const Json& cluster) {
    const Json& workers = member_of(cluster, "workers");
    std::string shares;
    for (const Json& share : list_of(workers, "utilisation"))
        if (share.is_number())
            shares +=
                fmt::format("{}{:.0f} %", shares.empty() ? "" : ", ", share.get<double>() * 100);
    const Json& buffers = member_of(cluster, "buffers");
    return fmt::format(
        "workers busy {}; {:.0f} cycles per packet, {:.1f} packets per burst\n"
        "{} of {} frame buffers free, fullest ring {:.0f} %",
        shares.empty() ? "-" : shares, real_of(workers, "cycles_per_packet"),
        real_of(workers, "burst_packets"), number_of(buffers, "free"), number_of(buffers, "all"),
        real_of(workers, "ring_fill") * 100);
}

}  // namespace

std::string view_of_ports(const Json& cluster, bool colour) {
    const Json& ports = list_of(cluster, "ports");
    if (ports.empty()) return "the dataplane has not told of its ports";
    return fmt::format("{}\n\n{}\n\n{}", devices_table(ports, colour),
                       counters_table(ports, colour), work_line(cluster));
}

}  // namespace nlb::cli
