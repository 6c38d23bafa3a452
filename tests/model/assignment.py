"""The model of target assignment, written from docs/protocol.md ("Shares") in exact fractions.

It shares no code and no idea with core/cluster/bucket_assignment.

A map is a list of 60 host ids, 0 where nobody owns the bucket; offers are a dictionary from id to weight (or 33 - priority).
"""

from collections import Counter
from fractions import Fraction

BUCKETS = 60
NOBODY = 0


def shares(offers, holding):
    """How many buckets each host should own: the whole part of its quota, and what is left over goes one by one to the
    largest fractions; equal fractions to who holds more now, then to the lower id."""
    total = sum(offers.values())
    if total == 0:
        return dict.fromkeys(offers, 0)
    quota = {host: Fraction(BUCKETS * offer, total) for host, offer in offers.items()}
    share = {host: quota[host].numerator // quota[host].denominator for host in offers}
    held = Counter(holding)
    claims = sorted(offers, key=lambda host: (share[host] - quota[host], -held[host], host))
    for host in claims[: BUCKETS - sum(share.values())]:
        share[host] += 1
    return share


def assign(offers, holding):
    """Who should own each bucket: hosts keep their lowest buckets up to their share; in ascending order, each bucket that is
    left goes to the lowest id that still lacks one."""
    share = shares(offers, holding)
    owners = [NOBODY] * BUCKETS
    for host, count in share.items():
        for bucket in [b for b, holder in enumerate(holding) if holder == host][:count]:
            owners[bucket] = host
    lacking = [host for host in sorted(share) for _ in range(share[host] - owners.count(host))]
    unowned = [b for b, owner in enumerate(owners) if owner == NOBODY]
    for bucket, host in zip(unowned, lacking):
        owners[bucket] = host
    return owners


def assign_single(offers):
    """Mode single: everything to the greatest offer, the lower id where offers are equal, nobody where nothing is offered."""
    best = max(offers, key=lambda host: (offers[host], -host), default=NOBODY)
    return [best if offers.get(best, 0) else NOBODY] * BUCKETS


def moved(before, after):
    return sum(old != new for old, new in zip(before, after))


def least_movement(share, holding):
    """No map with these shares moves fewer: what a host holds beyond its share, what was held by hosts that are not there any
    more, and, if anybody is to own anything, what nobody held."""
    held = Counter(holding)
    surplus = sum(max(0, held[host] - count) for host, count in share.items())
    of_the_departed = sum(count for host, count in held.items() if host != NOBODY and host not in share)
    return surplus + of_the_departed + (held[NOBODY] if any(share.values()) else 0)


def fewest_changes(share, holding):
    """The same number found by search: the largest matching between buckets and places, where a bucket fits its holder's places
    only. Slow; it is here to doubt least_movement()."""
    places = [host for host, count in share.items() for _ in range(count)]
    taken = [None] * len(places)

    def settle(bucket, seen):
        for place, host in enumerate(places):
            if host != holding[bucket] or place in seen:
                continue
            seen.add(place)
            if taken[place] is None or settle(taken[place], seen):
                taken[place] = bucket
                return True
        return False

    stay = sum(settle(bucket, set()) for bucket in range(BUCKETS))
    return sum(holder != NOBODY for holder in holding) if not places else BUCKETS - stay
