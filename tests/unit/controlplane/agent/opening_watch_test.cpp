// One event a minute for as long as such connections are begun, none for what was before.
#include "controlplane/agent/opening_watch.hpp"

#include <gtest/gtest.h>

namespace nlb::controlplane {
namespace {

constexpr Instant kStart{std::chrono::hours{1}};
using std::chrono::seconds;

TEST(OpeningWatch, TheFirstReportOnlyTellsWhereToCountFrom) {
    OpeningWatch watch;
    EXPECT_EQ(watch.take(kStart, 1000), 0U);
    EXPECT_EQ(watch.take(kStart, 1000), 0U);
    EXPECT_EQ(watch.take(kStart, 1003), 3U);
}

TEST(OpeningWatch, AStreamOfThemIsToldOnceAMinuteAndNoneIsForgotten) {
    OpeningWatch watch;
    std::uint64_t told = watch.take(kStart, 0);
    int events = 0;
    for (int second = 1; second <= 181; ++second) {
        const std::uint64_t fresh =
            watch.take(kStart + seconds{second}, static_cast<std::uint64_t>(second));
        told += fresh;
        events += fresh != 0 ? 1 : 0;
    }
    EXPECT_EQ(events, 4);
    EXPECT_EQ(told, 181U);
}

TEST(OpeningWatch, AnotherDataplaneCountsFromZero) {
    OpeningWatch watch;
    static_cast<void>(watch.take(kStart, 50));
    watch.forget();
    EXPECT_EQ(watch.take(kStart, 2), 0U);
    EXPECT_EQ(watch.take(kStart, 3), 1U);
}

}  // namespace
}  // namespace nlb::controlplane
