"""Golden cases of fragments: they follow the first one of their datagram, and what cannot be put together reaches nobody.
All frames of a datagram have one client, whose number is also the datagram's.
"""

from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.packet import Raw

import cluster
from case import case, default_host, everyone, only, someone, story, waiting
from packets import ethernet, ip, port

VIP, VIP6 = cluster.VIP, cluster.VIP6
NEW, OWNER, REJECTED = "accept new_flow", "accept owner", "reject not_owner"
FOLLOWED, OVERLAP, DUPLICATE = "accept fragment_followed", "drop fragment_overlap", "drop fragment_duplicate"
MALFORMED, UNMATCHED = "drop fragment_malformed", "drop fragment_unmatched"
PATTERN = bytes(range(256)) * 256  # no two pieces of one datagram look alike


def datagram(number, to_port=53, size=4000):
    return bytes(UDP(sport=port(number), dport=to_port, len=size) / Raw(PATTERN[:size - 8]))


def segment(number):
    return bytes(TCP(sport=port(number), dport=80, flags="S", seq=1000) / Raw(PATTERN[:108]))


def cut4(number, data, first, last, protocol=17, more=None):
    """The bytes from `first` to `last` of what follows the IPv4 header."""
    more = last < len(data) if more is None else more
    return ethernet(ip(number, Raw(data[first:last]), proto=protocol, frag=first // 8, flags="MF" if more else 0))


def cut6(number, data, first, last, protocol=17, more=None):
    more = last < len(data) if more is None else more
    header = IPv6ExtHdrFragment(nh=protocol, m=int(more), offset=first // 8, id=number)
    return ethernet(ip(number, header / Raw(data[first:last]), VIP6))


def both(claim, number, build):
    """The case in both families; `build(cut, number)` gives the steps."""
    return [story(f"{claim} (IPv4)", *build(cut4, number)), story(f"{claim} (IPv6)", *build(cut6, number))]


def in_order(cut, number):
    data = datagram(number)
    return [(cut(number, data, 0, 1480), someone(OWNER)), (cut(number, data, 1480, 2960), someone(FOLLOWED)),
            (cut(number, data, 2960, 4000), someone(FOLLOWED))]


def last_first(cut, number):
    data = datagram(number)
    return [waiting(cut(number, data, 2960, 4000), someone(FOLLOWED)), waiting(cut(number, data, 1480, 2960), someone(FOLLOWED)),
            (cut(number, data, 0, 1480), someone(OWNER))]


def middle_late(cut, number):
    data = datagram(number)
    return [waiting(cut(number, data, 1480, 2960), someone(FOLLOWED)), (cut(number, data, 0, 1480), someone(OWNER)),
            (cut(number, data, 2960, 4000), someone(FOLLOWED))]


def twice(cut, number):
    data = datagram(number)
    first, second = cut(number, data, 0, 1480), cut(number, data, 1480, 2960)
    return [(first, someone(OWNER)), (first, everyone(DUPLICATE)), (second, someone(FOLLOWED)), (second, everyone(DUPLICATE)),
            (cut(number, data, 2960, 4000), someone(FOLLOWED))]


def used_again(cut, number):
    data = datagram(number, size=2000)
    return [(cut(number, data, 0, 1480), someone(OWNER)), (cut(number, data, 1480, 2000), someone(FOLLOWED))] * 2


def overlapping(cut, number):
    data = datagram(number)
    return [(cut(number, data, 0, 1480), someone(OWNER)), (cut(number, data, 1472, 2960), everyone(OVERLAP)),
            (cut(number, data, 1480, 2960), everyone(OVERLAP)), (cut(number, data, 2960, 4000), everyone(OVERLAP))]


def overlapping_early(cut, number):
    data = datagram(number)
    return [(cut(number, data, 2960, 4000), everyone(OVERLAP)), (cut(number, data, 1480, 2968), everyone(OVERLAP)),
            (cut(number, data, 0, 1480), everyone(OVERLAP))]


def two_ends(cut, number):
    data = datagram(number)
    return [(cut(number, data, 0, 1480), someone(OWNER)), (cut(number, data, 2960, 3480, more=False), someone(FOLLOWED)),
            (cut(number, data, 3480, 4000), everyone(OVERLAP)), (cut(number, data, 1480, 2960), everyone(OVERLAP))]


def closed(cut, number):
    data = datagram(number, to_port=150)
    return [(cut(number, data, 1480, 2960), everyone("drop rule_disabled")), (cut(number, data, 0, 1480), everyone("drop rule_disabled")),
            (cut(number, data, 2960, 4000), everyone("drop rule_disabled"))]


def uncovered(cut, number):
    data = datagram(number, to_port=5060, size=2800)
    return [(cut(number, data, 0, 1480), default_host(OWNER)), (cut(number, data, 1480, 2800), default_host(FOLLOWED))]


def segments(cut, number):
    data = segment(number)
    return [(cut(number, data, 0, 64, 6), someone(NEW)), (cut(number, data, 64, 128, 6), someone(FOLLOWED))]


STORIES = [
    *both("the fragments of a datagram follow its first one", 60, in_order),
    *both("fragments that come before their first one wait for it", 61, last_first),
    *both("a fragment between an early and a late one follows too", 62, middle_late),
    *both("a fragment that comes twice is delivered once", 63, twice),
    *both("a number that is used again after its datagram was whole names a new one", 64, used_again),
    *both("an overlap ends its datagram, whatever comes later", 65, overlapping),
    *both("an overlap of two that wait ends the datagram before it began", 66, overlapping_early),
    *both("a datagram with two ends is an overlap", 67, two_ends),
    *both("the fragments of a datagram to a disabled rule are dropped like the first", 68, closed),
    *both("the fragments of a datagram to an uncovered port go to the default host", 69, uncovered),
    *both("a SYN in two pieces opens its flow at one host", 80, segments),
]

SHAPES = [
    case("a later fragment whose first one never comes reaches nobody", cut4(81, datagram(81), 1480, 2960), everyone(UNMATCHED)),
    case("a later IPv6 fragment whose first one never comes reaches nobody", cut6(82, datagram(82), 1480, 2960), everyone(UNMATCHED)),
    case("a first fragment without its whole TCP header is dropped", cut4(83, segment(83), 0, 16, 6), everyone("drop fragment_tiny")),
    case("a first fragment without its whole UDP header is dropped", ethernet(ip(84, Raw(datagram(84)[:4]), proto=17, flags="MF")),
         everyone("drop fragment_tiny")),
    case("a first IPv6 fragment without its whole TCP header is dropped", cut6(85, segment(85), 0, 16, 6), everyone("drop fragment_tiny")),
    case("a first IPv6 fragment that ends within its headers is dropped",
         ethernet(ip(86, IPv6ExtHdrFragment(nh=60, m=1, id=86) / Raw(b"\x06\x01" + bytes(6)), VIP6)), everyone("drop fragment_tiny")),
    case("a fragment that would overwrite TCP flags is dropped", cut4(87, segment(87), 8, 64, 6), everyone("drop fragment_tiny")),
    case("an IPv6 fragment that would overwrite TCP flags is dropped", cut6(88, segment(88), 8, 64, 6), everyone("drop fragment_tiny")),
    case("a fragment that ends behind the largest datagram is dropped", ethernet(ip(89, Raw(bytes(64)), proto=17, frag=8191)),
         everyone("drop ip_total_length")),
    case("a middle fragment whose length is no multiple of 8 is malformed", cut4(90, datagram(90), 1480, 2957), everyone(MALFORMED)),
    case("a middle IPv6 fragment whose length is no multiple of 8 is malformed", cut6(91, datagram(91), 1480, 2957), everyone(MALFORMED)),
    case("a fragment without data is malformed", ethernet(ip(92, Raw(b""), proto=17, frag=100, flags="MF")), everyone(MALFORMED)),
    case("an atomic IPv6 fragment is a whole packet", ethernet(ip(93, IPv6ExtHdrFragment(nh=6, id=9) / Raw(segment(93)), VIP6)),
         someone(NEW)),
    story("a first IPv6 fragment may have options behind its fragment header",
          (ethernet(ip(94, IPv6ExtHdrFragment(nh=60, m=1, id=94) / IPv6ExtHdrDestOpt(nh=17) / Raw(datagram(94)[:1400]), VIP6)),
           someone(OWNER)),
          (cut6(94, bytes(8) + datagram(94, size=2600), 1408, 2608, 60), someone(FOLLOWED))),
    story("a fragmented ping is answered by the default host",
          (cut4(95, bytes(ICMP(id=9) / Raw(PATTERN[:2000])), 0, 1480, 1), default_host(OWNER)),
          (cut4(95, bytes(ICMP(id=9) / Raw(PATTERN[:2000])), 1480, 2008, 1), default_host(FOLLOWED))),
    story("datagrams of two protocols may bear one number in IPv4",
          (cut4(96, datagram(96), 0, 1480), someone(OWNER)), (cut4(96, segment(96), 0, 64, 6), someone(NEW)),
          (cut4(96, datagram(96), 1480, 2960), someone(FOLLOWED)), (cut4(96, segment(96), 64, 128, 6), someone(FOLLOWED)), one_host=False),
    case("a later fragment to a dedicated address needs no first one",
         ethernet(ip(97, Raw(bytes(64)), cluster.DEDICATED["edge1"], proto=17, frag=125)),
         only("edge1", "accept dedicated", "reject other_host")),
]

CASES = STORIES + SHAPES
