"""Golden cases of ARP, neighbour discovery and frames that are neither: who answers, and with which bytes.
Every answer leaves with its host's station address as the source; the cluster address stands only in bodies.
"""

from scapy.layers.inet import UDP
from scapy.layers.inet6 import ICMPv6ND_NS, IPv6
from scapy.layers.l2 import Dot1Q, LLC, STP, Ether
from scapy.packet import Raw

import cluster
from case import case, everyone, only
from packets import (BROADCAST_MAC, CLIENT_MAC, advertisement, arp, arp_answer, changed, client6, ethernet, ip, solicitation,
                     solicited_node)

VIP, VIP2, VIP6 = cluster.VIP, cluster.VIP2, cluster.VIP6
ANSWERED, SOLICITED = "consume arp_answered", "consume nd_answered"
MALFORMED = everyone("drop arp_malformed")


def asker(number):
    """A neighbour on the subnet, by number."""
    return f"192.0.2.{number}"


def virtual(outcome):
    return only(cluster.DEFAULT_HOST, outcome, "reject not_default_host")


def tagged(frame):
    ether = Ether(frame)
    return bytes(Ether(dst=ether.dst, src=ether.src) / Dot1Q(vlan=0, prio=6) / ether.payload)


QUESTION = arp(1, asker(200), VIP)  # malformed cases change one byte of one like it
ARP_CASES = [
    case("the default host alone answers ARP for the primary address", arp(1, asker(201), VIP), virtual(ANSWERED),
         edge1=arp_answer("edge1", VIP, cluster.CLUSTER_MAC, asker(201))),
    case("the default host alone answers ARP for the second address", arp(1, asker(202), VIP2), virtual(ANSWERED),
         edge1=arp_answer("edge1", VIP2, cluster.CLUSTER_MAC, asker(202))),
    *[case(f"{name} alone answers ARP for its dedicated address with its station address", arp(1, asker(202 + number), address),
           only(name, ANSWERED, "reject other_host"), **{name: arp_answer(name, address, cluster.STATION[name], asker(202 + number))})
      for name, number, address in ((name, cluster.NUMBER[name], cluster.DEDICATED[name]) for name in cluster.HOSTS)],
    case("a request that is padded is answered with its padding", arp(1, asker(207), VIP) + bytes(18), virtual(ANSWERED),
         edge1=arp_answer("edge1", VIP, cluster.CLUSTER_MAC, asker(207)) + bytes(18)),
    case("a tagged request is answered with its tag", tagged(arp(1, asker(208), VIP)), virtual(ANSWERED),
         edge1=tagged(arp_answer("edge1", VIP, cluster.CLUSTER_MAC, asker(208)))),
    case("a probe for a virtual address is answered: it is taken", arp(1, "0.0.0.0", VIP, sender_mac="00:1b:21:00:02:09"),
         virtual(ANSWERED), edge1=arp_answer("edge1", VIP, cluster.CLUSTER_MAC, "0.0.0.0", "00:1b:21:00:02:09")),
    case("a sender that names a group address is answered at its frame's source",
         arp(1, asker(210), VIP, sender_mac="03:bf:c0:00:02:d2", source=CLIENT_MAC), virtual(ANSWERED),
         edge1=arp_answer("edge1", VIP, cluster.CLUSTER_MAC, asker(210), "03:bf:c0:00:02:d2", asked_by=CLIENT_MAC)),
    case("ARP for somebody else's address is dropped", arp(1, asker(211), "192.0.2.99"), everyone("drop arp_not_ours")),
    case("an ARP reply to a dedicated address reaches its host alone",
         arp(2, asker(212), cluster.DEDICATED["edge2"], target_mac=cluster.STATION["edge2"], destination=cluster.STATION["edge2"]),
         only("edge2", "accept neighbour_reply", "drop other_station")),
    case("an ARP reply to a virtual address reaches every inside stack",
         arp(2, asker(213), VIP, target_mac=cluster.CLUSTER_MAC, destination=cluster.CLUSTER_MAC), everyone("accept neighbour_reply")),
    case("an announcement by a neighbour reaches every inside stack", arp(1, asker(214), asker(214)), everyone("accept neighbour_reply")),
    case("an announcement of a virtual address reaches no inside stack", arp(1, VIP, VIP), everyone("drop virtual_announcement")),
    case("an ARP reply that claims a virtual address reaches no inside stack", arp(2, VIP2, asker(215)),
         everyone("drop virtual_announcement")),
    case("ARP for hardware that is not Ethernet is malformed", changed(QUESTION, 14, 0, 6), MALFORMED),
    case("ARP for a protocol that is not IPv4 is malformed", changed(QUESTION, 16, 0x86, 0xDD), MALFORMED),
    case("ARP with hardware addresses of eight bytes is malformed", changed(QUESTION, 18, 8), MALFORMED),
    case("ARP with protocol addresses of sixteen bytes is malformed", changed(QUESTION, 19, 16), MALFORMED),
    case("ARP of an unknown operation is malformed", changed(QUESTION, 20, 0, 3), MALFORMED),
    case("ARP that ends within its body is malformed", QUESTION[:41], MALFORMED),
    case("ARP without a body is malformed", QUESTION[:14], MALFORMED),
]


def nd_answer(host, target, mac, number):
    return advertisement(target, client6(number), target, mac, CLIENT_MAC, cluster.STATION[host], solicited=1)


def probe(target, number):
    """Duplicate address detection: no source, and so no option. The frame's source tells probes apart."""
    group, mac = solicited_node(target)
    return ethernet(IPv6(src="::", dst=group, hlim=255) / ICMPv6ND_NS(tgt=target), mac, f"00:1b:21:00:03:{number:02x}")


ND_CASES = [
    case("the default host alone answers a solicitation for the virtual address", solicitation(220, VIP6), virtual(SOLICITED),
         edge1=nd_answer("edge1", VIP6, cluster.CLUSTER_MAC, 220)),
    case("a host alone answers a solicitation for its dedicated address", solicitation(221, cluster.DEDICATED6["edge3"]),
         only("edge3", SOLICITED, "reject other_host"),
         edge3=nd_answer("edge3", cluster.DEDICATED6["edge3"], cluster.STATION["edge3"], 221)),
    case("a solicitation without an option is answered at its frame's source", solicitation(222, VIP6, option=False), virtual(SOLICITED),
         edge1=nd_answer("edge1", VIP6, cluster.CLUSTER_MAC, 222)),
    case("a probe for the virtual address is answered to all nodes", probe(VIP6, 1), virtual(SOLICITED),
         edge1=advertisement(VIP6, "ff02::1", VIP6, cluster.CLUSTER_MAC, "33:33:00:00:00:01", cluster.STATION["edge1"], solicited=0)),
    case("a solicitation for somebody else's address is dropped", solicitation(224, "2001:db8::99"), everyone("drop nd_not_ours")),
    case("a solicitation that crossed a router is malformed", solicitation(225, VIP6, hop_limit=254), everyone("drop nd_malformed")),
    case("a solicitation with a wrong checksum is malformed", changed(solicitation(226, VIP6), 56, 0x12, 0x34),
         everyone("drop nd_malformed")),
    case("a solicitation with a code is malformed", solicitation(227, VIP6, code=1), everyone("drop nd_malformed")),
    case("a solicitation for a group is malformed", ethernet(IPv6(src=client6(228), dst=VIP6, hlim=255) / ICMPv6ND_NS(tgt="ff02::1")),
         everyone("drop nd_malformed")),
    case("a solicitation whose option has no length is malformed",
         ethernet(IPv6(src=client6(229), dst=VIP6, hlim=255) / ICMPv6ND_NS(tgt=VIP6) / Raw(b"\1\0" + bytes(6))),
         everyone("drop nd_malformed")),
    case("an advertisement to a dedicated address reaches its host alone",
         advertisement(client6(230), cluster.DEDICATED6["edge2"], client6(230), CLIENT_MAC, cluster.STATION["edge2"], CLIENT_MAC, 1),
         only("edge2", "accept neighbour_reply", "drop other_station")),
    case("an unsolicited advertisement to all nodes reaches every inside stack",
         advertisement(client6(231), "ff02::1", client6(231), CLIENT_MAC, "33:33:00:00:00:01", CLIENT_MAC, 0),
         everyone("accept neighbour_reply")),
    case("a solicited advertisement to all nodes is malformed",
         advertisement(client6(232), "ff02::1", client6(232), CLIENT_MAC, "33:33:00:00:00:01", CLIENT_MAC, 1),
         everyone("drop nd_malformed")),
    case("an advertisement of the virtual address reaches no inside stack",
         advertisement(VIP6, "ff02::1", VIP6, CLIENT_MAC, "33:33:00:00:00:01", CLIENT_MAC, 0), everyone("drop virtual_announcement")),
]

INSIDE6, ROUTER6 = "fe80::b00:1", "fe80::1"  # link-local: an inside stack's, which nobody configured, and a router's


def to_station(name, payload):
    return ethernet(payload, cluster.STATION[name])


LINK_LOCAL_CASES = [
    case("a solicitation for a link-local address reaches every inside stack", solicitation(1, INSIDE6, ROUTER6),
         everyone("accept multicast")),
    case("a probe for a link-local address reaches every inside stack", probe(INSIDE6, 2), everyone("accept multicast")),
    case("a packet to a link-local address is for the host whose station it was sent to",
         to_station("edge2", IPv6(src=ROUTER6, dst=INSIDE6) / UDP(sport=547, dport=546) / Raw(b"lease")),
         only("edge2", "accept link_local", "drop other_station")),
    case("an advertisement to a link-local address is for the host whose station it was sent to",
         advertisement(ROUTER6, INSIDE6, ROUTER6, CLIENT_MAC, cluster.STATION["edge3"], CLIENT_MAC, 1),
         only("edge3", "accept link_local", "drop other_station")),
    case("a packet to a link-local address at another MAC is dropped",
         ethernet(IPv6(src=ROUTER6, dst=INSIDE6) / UDP(sport=547, dport=546) / Raw(b"lost")), everyone("drop not_our_address")),
]

HEARTBEAT = 0x88B5
LINK_CASES = [
    case("an unknown ethertype is dropped", ethernet(Raw(b"\xaa" * 46), type=0x88B6), everyone("drop ethertype")),
    case("an ethertype of MPLS is dropped, whatever it carries", ethernet(Raw(b"\0\1\x01\x40" + bytes(ip(241, Raw(b"x")))), type=0x8847),
         everyone("drop ethertype")),
    case("LLDP is dropped", ethernet(Raw(b"\2\7\4\0\x1b\x21\xaa\xbb\xcc\4\2\7\1\6\2\0\x78\0\0"), "01:80:c2:00:00:0e", type=0x88CC),
         everyone("drop ethertype")),
    case("a spanning tree frame is dropped", bytes(Ether(dst="01:80:c2:00:00:00", src=CLIENT_MAC, type=38) / LLC() / STP()),
         everyone("drop ethertype")),
    case("garbage on the heartbeats' ethertype is for the control plane alone", ethernet(Raw(b"\xff" * 60), BROADCAST_MAC, type=HEARTBEAT),
         everyone("consume heartbeat")),
    case("a heartbeat without a body is for the control plane alone", ethernet(Raw(b""), BROADCAST_MAC, type=HEARTBEAT),
         everyone("consume heartbeat")),
    case("a heartbeat of another VLAN is for the control plane to name", ethernet(Dot1Q(vlan=10, type=HEARTBEAT) / Raw(b"\xff" * 60),
                                                                                BROADCAST_MAC), everyone("consume heartbeat_other_vlan")),
    case("a heartbeat with a priority tag is one", ethernet(Dot1Q(vlan=0, prio=7, type=HEARTBEAT) / Raw(b"\xff" * 60), BROADCAST_MAC),
         everyone("consume heartbeat")),
    case("ARP that a host of the cluster sent is its own frame there",
         arp(1, cluster.DEDICATED["edge4"], VIP, cluster.STATION["edge4"]), virtual(ANSWERED).but("edge4", "drop own_frame"),
         edge1=arp_answer("edge1", VIP, cluster.CLUSTER_MAC, cluster.DEDICATED["edge4"], cluster.STATION["edge4"])),
    case("ARP that the default host sent for a virtual address is answered by nobody",
         arp(1, cluster.DEDICATED["edge1"], VIP, cluster.STATION["edge1"]),
         everyone("reject not_default_host").but("edge1", "drop own_frame")),
]

CASES = ARP_CASES + ND_CASES + LINK_CASES + LINK_LOCAL_CASES
