// The vocabulary that every folder shares: hosts, rules, buckets, addresses and time.
// Nothing here reads a clock, a socket or an allocator.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace nlb {

using Byte = std::uint8_t;
__extension__ using Uint128 = unsigned __int128;

// A host's unique priority, 1..32. The lowest present one is the default host.
using HostId = std::uint8_t;
inline constexpr HostId kNoHost = 0;
inline constexpr std::size_t kHostsMax = 32;

// A port rule's place in the configuration, 0..31. The traffic that no rule covers is one more
// rule.
using RuleId = std::uint8_t;
inline constexpr std::size_t kRulesMax = 32;
inline constexpr RuleId kDefaultRule = kRulesMax;
inline constexpr std::size_t kRuleSlots = kRulesMax + 1;

// Each rule spreads its clients over this many buckets; a set of buckets is a word with bit b for
// bucket b.
using BucketId = std::uint8_t;
using BucketMask = std::uint64_t;
inline constexpr std::size_t kBuckets = 60;
inline constexpr BucketMask kAllBuckets = (BucketMask{1} << kBuckets) - 1;

// One mask per rule, the default rule last: what a host owns, or where it still holds descriptors.
using RuleMasks = std::array<BucketMask, kRuleSlots>;
inline constexpr RuleMasks kEveryBucket = [] {
    RuleMasks masks{};
    masks.fill(kAllBuckets);
    return masks;
}();
// owner[rule][bucket]; kNoHost when nobody is meant to own it.
using BucketOwners = std::array<HostId, kBuckets>;
using OwnerMap = std::array<BucketOwners, kRuleSlots>;

// Monotonic time of one host, in nanoseconds. It has no now(): whoever calls core brings the time.
struct MonotonicClock {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::duration<rep, period>;
    using time_point = std::chrono::time_point<MonotonicClock>;
    static constexpr bool is_steady = true;
};
using Duration = MonotonicClock::duration;
using Instant = MonotonicClock::time_point;
inline constexpr Instant kLongAgo = Instant::min();
inline constexpr Instant kForever = Instant::max();

struct MacAddress {
    std::array<Byte, 6> bytes{};
    auto operator<=>(const MacAddress&) const = default;
    [[nodiscard]] constexpr bool is_group() const { return (bytes[0] & 1U) != 0; }
};
static_assert(sizeof(MacAddress) == 6 && std::has_unique_object_representations_v<MacAddress>);

// Sixteen bytes in network order; IPv4 is held v4-mapped (RFC 4291 2.5.5.2), so that one comparison
// serves both.
struct IpAddress {
    std::array<Byte, 16> bytes{};
    auto operator<=>(const IpAddress&) const = default;

    [[nodiscard]] static constexpr IpAddress v4(std::uint32_t host_order) {
        IpAddress a;
        a.bytes[10] = a.bytes[11] = 0xff;
        for (std::size_t i = 0; i < 4; ++i)
            a.bytes[12 + i] = static_cast<Byte>(host_order >> (24 - 8 * i));
        return a;
    }
    [[nodiscard]] constexpr bool is_v4() const {
        constexpr auto kMapped =
            std::bit_cast<std::uint32_t>(std::array<Byte, 4>{0, 0, 0xff, 0xff});
        const auto words = std::bit_cast<std::array<std::uint32_t, 4>>(bytes);
        return words[0] == 0 && words[1] == 0 && words[2] == kMapped;
    }
    // Requires: is_v4(). Host byte order.
    [[nodiscard]] constexpr std::uint32_t as_v4() const {
        return std::uint32_t{bytes[12]} << 24 | std::uint32_t{bytes[13]} << 16 |
               std::uint32_t{bytes[14]} << 8 | bytes[15];
    }
};
static_assert(sizeof(IpAddress) == 16 && std::has_unique_object_representations_v<IpAddress>);

// A set of hosts as a word; bit (id - 1) for host id.
class HostSet {
public:
    constexpr HostSet() = default;
    constexpr explicit HostSet(std::uint32_t bits) : bits_(bits) {}
    // Ids 1 to `count`. Requires: count in 1..32.
    [[nodiscard]] static constexpr HostSet first(std::size_t count) {
        return HostSet{static_cast<std::uint32_t>((std::uint64_t{1} << count) - 1)};
    }
    constexpr void insert(HostId id) { bits_ |= bit(id); }
    constexpr void erase(HostId id) { bits_ &= ~bit(id); }
    [[nodiscard]] constexpr bool contains(HostId id) const { return (bits_ & bit(id)) != 0; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    [[nodiscard]] constexpr std::size_t size() const {
        return static_cast<std::size_t>(__builtin_popcount(bits_));
    }
    // The lowest id of the set, kNoHost when it is empty.
    [[nodiscard]] constexpr HostId lowest() const {
        return bits_ == 0 ? kNoHost : static_cast<HostId>(__builtin_ctz(bits_) + 1);
    }
    [[nodiscard]] constexpr std::uint32_t bits() const { return bits_; }
    auto operator<=>(const HostSet&) const = default;

private:
    [[nodiscard]] static constexpr std::uint32_t bit(HostId id) {
        return std::uint32_t{1} << (id - 1);
    }
    std::uint32_t bits_ = 0;
};

}  // namespace nlb
