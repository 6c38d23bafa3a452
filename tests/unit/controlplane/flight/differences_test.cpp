// Differences give back what was written, cost little where little changed, and take any bytes.
#include "controlplane/flight/differences.hpp"

#include <gtest/gtest.h>

#include "core/base/prng.hpp"

namespace nlb::controlplane {
namespace {

std::vector<Byte> random_run(Prng& prng, std::size_t bytes_max) {
    std::vector<Byte> run(prng.below(bytes_max));
    for (Byte& byte : run) byte = static_cast<Byte>(prng.below(4));
    return run;
}

TEST(Differences, GiveBackWhatWasWritten) {
    Prng prng{1};
    Differences writing;
    Differences reading;
    FlightWriter out;
    std::vector<std::pair<std::uint32_t, std::vector<Byte>>> written;
    for (int i = 0; i < 2000; ++i) {
        const auto kind = static_cast<std::uint32_t>(prng.below(5));
        written.emplace_back(kind, random_run(prng, 200));
        writing.write(kind, written.back().second, out);
    }
    const std::vector<Byte> bytes = out.take();
    FlightReader in(bytes);
    for (const auto& [kind, run] : written) EXPECT_EQ(reading.read(kind, in), run);
    EXPECT_TRUE(in.ok() && in.at_end());
}

TEST(Differences, WhatIsAsBeforeCostsAFewBytes) {
    Differences writing;
    FlightWriter out;
    std::vector<Byte> run(1400, 7);
    writing.write(1, run, out);
    const std::size_t first = out.size();
    run[700] = 8;
    writing.write(1, run, out);
    EXPECT_LE(out.size() - first, 12U);
    EXPECT_GE(first, 1400U) << "the first one has no former one";
}

TEST(Differences, NumbersOfAnySizeComeBack) {
    FlightWriter out;
    const std::uint64_t numbers[] = {0, 1, 127, 128, 16'383, 16'384, UINT64_MAX};
    const std::int64_t offsets[] = {0, -1, 1, 63, -64, 64, INT64_MAX, INT64_MIN};
    for (const std::uint64_t number : numbers) out.number(number);
    for (const std::int64_t offset : offsets) out.offset(offset);
    const std::vector<Byte> bytes = out.take();
    FlightReader in(bytes);
    for (const std::uint64_t number : numbers) EXPECT_EQ(in.number(), number);
    for (const std::int64_t offset : offsets) EXPECT_EQ(in.offset(), offset);
    EXPECT_TRUE(in.ok() && in.at_end());
}

TEST(Differences, NoBytesBreakTheReader) {
    Prng prng{2};
    Differences writing;
    FlightWriter out;
    for (int i = 0; i < 50; ++i) writing.write(1, random_run(prng, 100), out);
    const std::vector<Byte> whole = out.take();
    for (int i = 0; i < 20'000; ++i) {
        std::vector<Byte> bytes = whole;
        for (std::uint64_t flips = 1 + prng.below(4); flips != 0; --flips)
            bytes[prng.below(bytes.size())] = static_cast<Byte>(prng.next());
        bytes.resize(prng.below(bytes.size() + 1));
        Differences reading;
        FlightReader in(bytes);
        for (int run = 0; run < 60 && in.ok() && !in.at_end(); ++run) {
            const auto read = reading.read(1, in);
            ASSERT_EQ(read.has_value(), in.ok());
            if (read) {
                ASSERT_LE(read->size(), Differences::kRunBytesMax);
            }
        }
    }
}

}  // namespace
}  // namespace nlb::controlplane
