// One event when a port begins to lose frames, none while it goes on, one again after a quiet time.
#include "controlplane/agent/port_watch.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

using Ports = std::array<ipc::PortReport, ipc::kPortsOfCluster>;
constexpr Instant kStart{std::chrono::hours{1}};

Ports fresh() {
    Ports ports;
    for (ipc::PortReport& port : ports) port.state = ipc::PortState::up;
    return ports;
}

TEST(PortWatch, TheFirstReportOnlyTellsWhereToCountFrom) {
    PortWatch watch;
    Ports ports = fresh();
    ports[0].counters.missed = 1'000'000;
    EXPECT_TRUE(watch.take(kStart, ports).empty());
    EXPECT_TRUE(watch.take(kStart, ports).empty());
}

TEST(PortWatch, APortThatBeginsToDropIsToldOnceWithItsRemedy) {
    PortWatch watch;
    Ports ports = fresh();
    static_cast<void>(watch.take(kStart, ports));
    ports[1].counters.missed = 7;
    const auto news = watch.take(kStart, ports);
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].port, 1U);
    EXPECT_EQ(news[0].loss, Loss::missed);
    EXPECT_EQ(news[0].frames, 7U);
    EXPECT_NE(remedy_of(Loss::missed).find("rx_ring"), std::string_view::npos);
    for (int second = 1; second < 2000; ++second) {
        ++ports[1].counters.missed;
        ASSERT_TRUE(watch.take(kStart + std::chrono::seconds{second}, ports).empty()) << second;
    }
}

TEST(PortWatch, AfterAQuietTimeItIsToldAgainAndEachLossByItself) {
    PortWatch watch;
    Ports ports = fresh();
    static_cast<void>(watch.take(kStart, ports));
    ports[0].counters.rx_errors = 1;
    ports[0].counters.oversize = 2;
    EXPECT_EQ(watch.take(kStart, ports).size(), 2U);
    ports[0].counters.rx_errors = 2;
    const auto later = watch.take(kStart + PortWatch::kQuiet, ports);
    ASSERT_EQ(later.size(), 1U);
    EXPECT_EQ(name_of(*later[0].loss), "errors");
}

TEST(PortWatch, APortThatIsLostAndComesBackIsToldAndALinkIsNot) {
    PortWatch watch;
    Ports ports = fresh();
    static_cast<void>(watch.take(kStart, ports));
    ports[0].state = ipc::PortState::down;
    EXPECT_TRUE(watch.take(kStart, ports).empty());
    ports[0].state = ipc::PortState::lost;
    EXPECT_EQ(watch.take(kStart, ports).at(0).state, ipc::PortState::lost);
    EXPECT_TRUE(watch.take(kStart, ports).empty());
    ports[0].state = ipc::PortState::down;
    EXPECT_EQ(watch.take(kStart, ports).at(0).state, ipc::PortState::down);
}

TEST(PortWatch, AnotherDataplaneCountsFromZero) {
    PortWatch watch;
    Ports ports = fresh();
    ports[0].counters.missed = 50;
    static_cast<void>(watch.take(kStart, ports));
    watch.forget();
    ports[0].counters.missed = 60;
    EXPECT_TRUE(watch.take(kStart, ports).empty());
}

}  // namespace
}  // namespace nlb::controlplane
