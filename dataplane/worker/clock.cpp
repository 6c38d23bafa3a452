// The rate is measured over spans of one to two seconds: long against the error of one reading,
// short against a change of NTP's mind.
#include "dataplane/worker/clock.hpp"

#include <algorithm>
#include <limits>
#include <rte_cycles.h>

#include "core/base/assert.hpp"

namespace nlb::dataplane {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr int kReadings = 5;
// More than another crystal, after a migration, makes of a tick.
constexpr Duration kFreezeLeast = std::chrono::milliseconds{4};
constexpr std::uint64_t kRatePlausible = 20;  // a twentieth off at most
__extension__ using Int128 = __int128;

}  // namespace

Clock::Clock(std::uint64_t cycles_per_second) {
    NLB_ASSERT(cycles_per_second > 0);
    rate_ =
        static_cast<std::uint64_t>((static_cast<Uint128>(kNsPerSecond) << 32) / cycles_per_second);
}

Instant Clock::at(std::uint64_t cycles) const {
    for (;;) {
        const std::uint64_t version = version_.load(std::memory_order_acquire);
        const Slot& slot = slots_[version & 1];
        const std::uint64_t base = slot.cycles.load(std::memory_order_relaxed);
        const std::int64_t ns = slot.ns.load(std::memory_order_relaxed);
        const std::uint64_t rate = slot.ns_per_cycle.load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        // Main writes this slot again only after it has published the other one: an unchanged
        // version means that the three belong together.
        if (version_.load(std::memory_order_relaxed) != version) continue;
        const auto delta = static_cast<std::int64_t>(cycles - base);
        return Instant{Duration{
            ns + static_cast<std::int64_t>(
                     (static_cast<Int128>(delta) * static_cast<std::int64_t>(rate)) >> 32)}};
    }
}

void Clock::calibrate(std::uint64_t cycles, Instant now) {
    const std::int64_t ns = now.time_since_epoch().count();
    // A freeze is no rate either.
    const bool froze = stood({cycles, now, {}}) > kFreezeLeast;
    if (!anchored_ || cycles < anchor_.cycles || froze) {
        anchor_ = {cycles, ns};
        anchored_ = true;
    }
    if (ns - anchor_.ns >= kNsPerSecond && cycles > anchor_.cycles) {
        const auto measured = static_cast<std::uint64_t>(
            (static_cast<Uint128>(ns - anchor_.ns) << 32) / (cycles - anchor_.cycles));
        // The machine slept and the counter did not go on: that is no rate.
        const std::uint64_t off = measured > rate_ ? measured - rate_ : rate_ - measured;
        if (off <= rate_ / kRatePlausible) {
            rate_ = measured;
            measured_ = true;
        }
        anchor_ = {cycles, ns};
    }
    const std::uint64_t next = version_.load(std::memory_order_relaxed) + 1;
    Slot& slot = slots_[next & 1];
    // Order: the former version must be visible before this slot changes under a reader that still
    // uses it.
    std::atomic_thread_fence(std::memory_order_release);
    slot.cycles.store(cycles, std::memory_order_relaxed);
    slot.ns.store(ns, std::memory_order_relaxed);
    slot.ns_per_cycle.store(rate_, std::memory_order_relaxed);
    version_.store(next, std::memory_order_release);
}

void Clock::calibrate_now() {
    const Reading reading = read();
    calibrate(reading.cycles, reading.now);
}

Clock::Reading Clock::read() const {
    std::uint64_t best_gap = std::numeric_limits<std::uint64_t>::max();
    Reading best;
    for (int i = 0; i < kReadings; ++i) {
        const std::uint64_t before = rte_rdtsc();
        const Instant now = monotonic_now();
        const std::uint64_t gap = rte_rdtsc() - before;
        if (gap >= best_gap) continue;
        best_gap = gap;
        best = {before + gap / 2, now, at(before + gap) - at(before)};
    }
    return best;
}

Duration Clock::stood(const Reading& reading) const {
    if (!measured_) return Duration::zero();
    return std::max(at(reading.cycles) - reading.now - reading.within, Duration::zero());
}

}  // namespace nlb::dataplane
