"""Reports about fragments. Elsewhere most of them end with "fragments are dropped": ports are missing in all but the first."""

from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import IPv6ExtHdrFragment
from scapy.packet import Raw

import cluster
from case import default_host, everyone, someone
from cases_fragments import PATTERN, cut4, cut6, datagram, segment
from packets import ethernet, icmp_error, ip
from report import Flood, Packets

OWNER, NEW, FOLLOWED = someone("accept owner"), someone("accept new_flow"), someone("accept fragment_followed")
PING = bytes(ICMP(id=9) / Raw(PATTERN[:2000]))
SIX = datagram(9, size=6000)
CUTS = [(at, at + 1000) for at in range(0, 6000, 1000)]


def with_tail(number, tail):
    """A datagram of two fragments, the second of which has so many bytes."""
    data = datagram(number, size=1480 + tail)
    return [cut4(number, data, 0, 1480), cut4(number, data, 1480, 1480 + tail)]


def waiting_fragments(count):
    """Later fragments of so many datagrams, whose first ones never come."""
    return [ethernet(ip(20, Raw(bytes(64)), id=number, proto=17, frag=185, flags="MF")) for number in range(1, count + 1)]


def bounded(outcomes):
    """The table of waiting fragments is full at some point; nobody takes one; what came before it was full was only not matched."""
    reasons = {reason for by_host in outcomes for reason in by_host.values()}
    if reasons != {"drop fragment_unmatched", "drop fragment_table_full"}:
        return f"expected fragments without a first one and a full table, got {sorted(reasons)}"
    return ""


REPORTS = [
    Packets(
        kind="fragments: the last one first",
        source="https://github.com/cilium/cilium/issues/25709",
        looked_like="Later fragments that arrive before their first one are dropped, so most large datagrams are lost.",
        packets=[cut4(1, datagram(1), 2960, 4000), cut4(1, datagram(1), 1480, 2960), cut4(1, datagram(1), 0, 1480)],
        expect=[FOLLOWED, FOLLOWED, OWNER], waits=frozenset({0, 1})),
    Packets(
        kind="fragments: two change places on their way",
        source="https://github.com/cilium/cilium/issues/13349",
        looked_like="Datagrams to a node port are lost at a high chance when the network reorders their fragments.",
        packets=[cut4(2, datagram(2), 1480, 2960), cut4(2, datagram(2), 0, 1480), cut4(2, datagram(2), 2960, 4000)],
        expect=[FOLLOWED, OWNER, FOLLOWED], waits=frozenset({0})),
    Packets(
        kind="fragments: IPv6",
        source="https://github.com/cilium/cilium/issues/26292",
        looked_like="Every IPv6 packet with a fragment header is dropped as not supported.",
        packets=[cut6(3, datagram(3), 0, 1480), cut6(3, datagram(3), 1480, 2960), cut6(3, datagram(3), 2960, 4000)],
        expect=[OWNER, FOLLOWED, FOLLOWED]),
    Packets(
        kind="fragments: a last one of one, two and three bytes",
        source="https://github.com/cilium/cilium/issues/32427",
        looked_like="Datagrams of 1,473 to 1,475 bytes are dropped: the last fragment is shorter than two ports.",
        packets=[frame for tail in (1, 2, 3) for frame in with_tail(3 + tail, tail)],
        expect=[OWNER, FOLLOWED] * 3, one_host=False),
    Packets(
        kind="fragments: a ping whose last one is shorter than an ICMP header",
        source="https://github.com/cilium/cilium/issues/16036",
        looked_like="A ping of some sizes is not answered: its last fragment is taken for a broken ICMP header.",
        packets=[cut4(7, PING[:1484], 0, 1480, 1), cut4(7, PING[:1484], 1480, 1484, 1)],
        expect=[default_host(), default_host("accept fragment_followed")]),
    Packets(
        kind="fragments: a ping larger than the MTU",
        source="https://github.com/cilium/cilium/issues/45339",
        looked_like="Echo requests of more than 1,472 bytes are dropped as invalid.",
        packets=[cut4(8, PING, 0, 1480, 1), cut4(8, PING, 1480, 2008, 1)],
        expect=[default_host(), default_host("accept fragment_followed")]),
    Packets(
        kind="fragments: six in random order",
        source="https://github.com/FDio/vpp/issues/2939",
        looked_like="Datagrams whose fragments come in random order are put together only now and then.",
        packets=[cut4(9, SIX, *CUTS[place]) for place in (3, 1, 5, 0, 2, 4)],
        expect=[FOLLOWED, FOLLOWED, FOLLOWED, OWNER, FOLLOWED, FOLLOWED], waits=frozenset({0, 1, 2})),
    Packets(
        kind="fragments: a later one without a first one",
        source="https://github.com/cilium/cilium/issues/46100",
        looked_like="Second fragments are dropped because the first one is not found; its own traffic suffers too.",
        packets=[cut4(10, datagram(10), 1480, 2960)],
        expect=[everyone("drop fragment_unmatched")]),
    Packets(
        kind="fragments: an atomic one is a whole packet",
        source="https://github.com/yanet-platform/yanet2/issues/2627",
        looked_like="IPv6 packets that only bear a fragment header are treated as fragments.",
        packets=[ethernet(ip(11, IPv6ExtHdrFragment(nh=6, id=11) / Raw(segment(11)), cluster.VIP6))],
        expect=[NEW]),
    Packets(
        kind="fragments: a later one whose bytes look like an ICMP error",
        source="https://github.com/yanet-platform/yanet2/pull/1647",
        looked_like="The payload of a later fragment is read as an ICMP header and sent to peers as an error.",
        packets=[ethernet(ip(12, Raw(icmp_error(ip(13, TCP(sport=80, dport=40001)))[34:34 + 32]), proto=1, frag=125))],
        expect=[everyone("drop fragment_unmatched")]),
    Packets(
        kind="fragments: TCP and UDP in pieces",
        source="https://github.com/iqiyi/dpvs/issues/890",
        looked_like="All fragments to a virtual address are thrown away before anything looks at them.",
        packets=[cut4(14, segment(14), 0, 64, 6), cut4(14, segment(14), 64, 128, 6),
                 cut4(15, datagram(15, size=2000), 0, 1480), cut4(15, datagram(15, size=2000), 1480, 2000)],
        expect=[NEW, FOLLOWED, OWNER, FOLLOWED], one_host=False),
    Packets(
        kind="fragments: one that ends before it begins",
        source="https://github.com/FDio/vpp/issues/2986",
        looked_like="One fragment without data ends the program by an assertion of its reassembly.",
        packets=[ethernet(ip(16, Raw(b""), proto=17, frag=100, flags="MF")), cut4(17, datagram(17), 1480, 2957)],
        expect=[everyone("drop fragment_malformed")] * 2),
    Packets(
        kind="fragments: overlapping",
        source="https://github.com/Igalia/snabb/pull/87",
        looked_like="Overlapping fragments cannot be told apart by age, so the reassembly has to give the datagram up.",
        packets=[cut4(18, datagram(18), 0, 1480), cut4(18, datagram(18), 1472, 2960), cut4(18, datagram(18), 2960, 4000)],
        expect=[OWNER, everyone("drop fragment_overlap"), everyone("drop fragment_overlap")]),
    Packets(
        kind="fragments: a first one without its whole transport header",
        source="https://github.com/AltraMayor/gatekeeper/issues/26",
        looked_like="A decision needs ports, and a first fragment may be cut so short that it has none.",
        packets=[cut4(19, segment(19), 0, 16, 6), ethernet(ip(20, Raw(bytes(UDP(sport=1, dport=53))[:4]), proto=17, flags="MF"))],
        expect=[everyone("drop fragment_tiny")] * 2),
    Flood(
        kind="fragments: more of them wait than may",
        source="https://github.com/FDio/vpp/issues/2863",
        looked_like="The bound of fragments that came out of order does not hold: all are kept but the one above it.",
        packets=waiting_fragments(600),
        expect=bounded),
]
