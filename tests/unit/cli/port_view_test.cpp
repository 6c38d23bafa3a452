// The ports as people read them: what was lost is there, and no answer, however wrong, breaks it.
#include "cli/port_view.hpp"

#include <gtest/gtest.h>

#include "cli/console.hpp"

namespace nlb::cli {
namespace {

Json cluster_with_ports() {
    return *parse_json(R"({
      "ports": [
        {"port": "outside", "device": "0000:3b:00.0", "driver": "net_ice", "state": "up",
         "speed_mbps": 25000, "mtu": 9000, "rx_queues": 5, "rx_ring": 4096,
         "reception": "filters", "wakes_by": "interrupt",
         "counters": {"rx_packets": 123456, "missed": 789, "pause_sent": 4}},
        {"port": "inside", "device": "net_tap0", "state": "lost", "speed_mbps": null}],
      "workers": {"utilisation": [0.5, 0.25], "cycles_per_packet": 71.4, "burst_packets": 9.26,
                  "ring_fill": 0.125},
      "buffers": {"all": 8191, "free": 4000}})");
}

TEST(PortView, ShowsDevicesLossesWorkersAndBuffers) {
    const std::string view = view_of_ports(cluster_with_ports(), false);
    for (const std::string words :
         {"0000:3b:00.0", "net_ice", "25G", "9000", "4096", "filters", "interrupt", "123456", "789",
          "lost", "workers busy 50 %, 25 %; 71 cycles per packet, 9.3 packets per burst",
          "4000 of 8191 frame buffers free, fullest ring 12 %"})
        EXPECT_NE(view.find(words), std::string::npos) << words << "\n" << view;
}

TEST(PortView, LossesAreRedAndZerosAreNot) {
    const std::string view = view_of_ports(cluster_with_ports(), true);
    EXPECT_NE(view.find(painted("789", Paint::bad, true)), std::string::npos);
    EXPECT_EQ(view.find(painted("0", Paint::bad, true)), std::string::npos);
}

TEST(PortView, WithoutPortsItSaysSo) {
    const char* const nothing = "the dataplane has not told of its ports";
    EXPECT_EQ(view_of_ports(Json::object(), false), nothing);
    EXPECT_EQ(view_of_ports(*parse_json(R"({"ports": 3})"), false), nothing);
    EXPECT_NE(view_of_ports(*parse_json(R"({"ports": [1, {"counters": []}, null]})"), false), "");
}

}  // namespace
}  // namespace nlb::cli
