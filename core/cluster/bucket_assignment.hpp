// Which host should own which bucket: weights into counts by largest remainder, counts into buckets
// with the least movement. Pure and deterministic: the same inputs give the same map on every host,
// compiler and order of arrival (docs/protocol.md, "Shares").
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/base/types.hpp"
#include "core/wire/cluster_frames.hpp"

namespace nlb {

// What each host offers for one rule; index id - 1, 0 for hosts that are absent, draining or
// disabled.
using Offers = std::array<std::uint8_t, kHostsMax>;

// What offers count for: a host whose check fails (kOfferFailed) counts for nothing as long as some
// host offers without that mark. When none does, `keep` lets all marked ones count in full, and
// otherwise nobody does. The marks are gone afterwards.
void count_failed(Offers& offers, bool keep);

// How many buckets each host should own. Mode multiple: in proportion to the offers, by largest
// remainder; ties to the host that holds more in `holding`, then to the lower id. All zero when
// nothing is offered.
[[nodiscard]] std::array<std::uint8_t, kHostsMax> bucket_counts(const Offers& offers,
                                                                const BucketOwners& holding);

// Hosts keep what they hold up to their count, lowest buckets first; the rest goes, bucket by
// bucket, to the lowest id in deficit.
[[nodiscard]] BucketOwners assign_buckets(const Offers& offers, const BucketOwners& holding);

// Mode single: every bucket to the host with the greatest offer (33 - handling priority), ties to
// the lower id.
[[nodiscard]] BucketOwners assign_single(const Offers& offers);

// Buckets whose owner differs; those that had no owner count too.
[[nodiscard]] std::size_t moved_buckets(const BucketOwners& before, const BucketOwners& after);

}  // namespace nlb
