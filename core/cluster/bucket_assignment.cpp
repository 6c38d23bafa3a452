// Largest remainder and least movement; see bucket_assignment.hpp.
#include "core/cluster/bucket_assignment.hpp"

#include <algorithm>
#include <numeric>

namespace nlb {
namespace {

std::array<std::uint8_t, kHostsMax> held_by(const BucketOwners& holding) {
    std::array<std::uint8_t, kHostsMax> held{};
    for (const HostId owner : holding)
        if (owner != kNoHost) ++held[owner - 1U];
    return held;
}

}  // namespace

void count_failed(Offers& offers, bool keep) {
    const auto has_failed = [](std::uint8_t offer) { return (offer & kOfferFailed) != 0; };
    const bool somebody_passes = std::any_of(offers.begin(), offers.end(), [&](std::uint8_t offer) {
        return offer != 0 && !has_failed(offer);
    });
    for (std::uint8_t& offer : offers)
        if (has_failed(offer))
            offer = keep && !somebody_passes ? static_cast<std::uint8_t>(offer & ~kOfferFailed)
                                             : std::uint8_t{0};
}

std::array<std::uint8_t, kHostsMax> bucket_counts(const Offers& offers,
                                                  const BucketOwners& holding) {
    std::array<std::uint8_t, kHostsMax> counts{};
    const auto sum = std::accumulate(offers.begin(), offers.end(), std::size_t{0});
    if (sum == 0) return counts;
    const auto held = held_by(holding);
    std::array<std::size_t, kHostsMax> by_remainder{};
    std::iota(by_remainder.begin(), by_remainder.end(), std::size_t{0});
    std::size_t given = 0;
    for (std::size_t i = 0; i < kHostsMax; ++i) {
        counts[i] = static_cast<std::uint8_t>(kBuckets * offers[i] / sum);
        given += counts[i];
    }
    const auto remainder = [&](std::size_t i) { return kBuckets * offers[i] % sum; };
    std::sort(by_remainder.begin(), by_remainder.end(), [&](std::size_t a, std::size_t b) {
        if (remainder(a) != remainder(b)) return remainder(a) > remainder(b);
        if (held[a] != held[b]) return held[a] > held[b];
        return a < b;
    });
    // The remainders sum to a multiple of `sum`, so fewer hosts get one more than have a remainder
    // at all.
    for (std::size_t i = 0; given < kBuckets; ++i, ++given) ++counts[by_remainder[i]];
    return counts;
}

BucketOwners assign_buckets(const Offers& offers, const BucketOwners& holding) {
    auto wanting = bucket_counts(offers, holding);
    BucketOwners owners{};
    for (std::size_t b = 0; b < kBuckets; ++b) {
        const HostId holder = holding[b];
        if (holder == kNoHost || wanting[holder - 1U] == 0) continue;
        owners[b] = holder;
        --wanting[holder - 1U];
    }
    std::size_t next = 0;
    for (HostId& owner : owners) {
        if (owner != kNoHost) continue;
        while (next < kHostsMax && wanting[next] == 0) ++next;
        if (next == kHostsMax) break;  // nothing is offered
        owner = static_cast<HostId>(next + 1);
        --wanting[next];
    }
    return owners;
}

BucketOwners assign_single(const Offers& offers) {
    const auto best = std::max_element(offers.begin(), offers.end());
    BucketOwners owners{};
    if (*best != 0) owners.fill(static_cast<HostId>(best - offers.begin() + 1));
    return owners;
}

std::size_t moved_buckets(const BucketOwners& before, const BucketOwners& after) {
    std::size_t moved = 0;
    for (std::size_t b = 0; b < kBuckets; ++b) moved += before[b] != after[b] ? 1U : 0U;
    return moved;
}

}  // namespace nlb
