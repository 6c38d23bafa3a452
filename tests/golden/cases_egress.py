"""Golden cases of frames from inside: what leaves on the outside port, byte for byte, or that nothing does.
`nlb explain` does not speak of this direction, so the real binary alone is compared with what stands here.
"""

from dataclasses import dataclass

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import ICMP, IP, TCP, UDP, Ether
from scapy.layers.inet6 import (ICMPv6MLDMultAddrRec, ICMPv6MLReport2, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RS, ICMPv6NDOptDstLLAddr,
                                ICMPv6NDOptSrcLLAddr, IPv6, IPv6ExtHdrHopByHop, RouterAlert)
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, LLC, STP
from scapy.packet import Raw

import cluster
from packets import BROADCAST_MAC, CLIENT_MAC, ZERO_MAC, client, client6, solicited_node

VIP, VIP6 = cluster.VIP, cluster.VIP6
KERNEL = cluster.INSIDE_MAC  # the kernel's interface bears the inside port's address
HOSTS = ("edge1", "edge2")  # the default host and one that is not


@dataclass
class Egress:
    claim: str
    frame: bytes
    leaves: dict  # by host: the frame that must leave outside, or None


def from_kernel(payload, destination=CLIENT_MAC, source=KERNEL, **fields):
    return bytes(Ether(dst=destination, src=source, **fields) / payload)


def masked(claim, build):
    """`build(source, body, virtual)` makes the frame from the MACs in it: its source, the host's own and the VIP's in the body."""
    leaves = {host: build(cluster.STATION[host], cluster.STATION[host], cluster.CLUSTER_MAC) for host in HOSTS}
    return Egress(claim, build(KERNEL, KERNEL, KERNEL), leaves)


def stopped(claim, frame):
    return Egress(claim, frame, dict.fromkeys(HOSTS))


def plain(claim, payload, destination=CLIENT_MAC, **fields):
    return masked(claim, lambda source, body, virtual: from_kernel(payload, destination, source, **fields))


def arp(operation, sender, target, source, mac, target_mac=ZERO_MAC, destination=BROADCAST_MAC):
    return from_kernel(ARP(op=operation, hwsrc=mac, psrc=sender, hwdst=target_mac, pdst=target), destination, source)


def solicitation(target, sender, source, mac):
    group, group_mac = solicited_node(target)
    body = ICMPv6ND_NS(tgt=target) / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    return from_kernel(IPv6(src=sender, dst=group, hlim=255) / body, group_mac, source)


def advertisement(target, source, mac):
    body = ICMPv6ND_NA(R=0, S=0, O=1, tgt=target) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return from_kernel(IPv6(src=target, dst="ff02::1", hlim=255) / body, "33:33:00:00:00:01", source)


def from_vip(number, payload, **fields):
    return IP(src=VIP, dst=client(number), id=number, **fields) / payload


IP_CASES = [
    plain("a SYN-ACK of the VIP leaves with the station's source", from_vip(1, TCP(sport=80, dport=40001, flags="SA"))),
    plain("data, FIN and all, leaves with the station's source", from_vip(2, TCP(sport=80, dport=40002, flags="FPA") / Raw(b"200 OK"))),
    plain("an answer in UDP leaves with the station's source", from_vip(3, UDP(sport=53, dport=40003) / Raw(b"answer"))),
    plain("an echo reply leaves with the station's source", from_vip(4, ICMP(type=0, id=7) / Raw(b"ping"))),
    plain("an IPv6 SYN-ACK leaves with the station's source", IPv6(src=VIP6, dst=client6(5)) / TCP(sport=80, dport=40005, flags="SA")),
    plain("a tagged answer keeps its tag", Dot1Q(vlan=10) / from_vip(6, TCP(sport=80, dport=40006, flags="SA"))),
    plain("what the kernel sends from the dedicated address is masked too",
          IP(src=cluster.DEDICATED["edge1"], dst="192.0.2.1", id=7) / UDP(sport=123, dport=123) / Raw(b"time")),
    plain("a broken IP header is the receiver's business", Raw(b"\x45\0\0\x14" + b"\xee" * 30), type=0x0800),
    plain("a packet of 1,514 bytes leaves whole", from_vip(9, TCP(sport=80, dport=40009, flags="A") / Raw(b"z" * 1460))),
]

ARP_CASES = [
    masked("an announcement of the VIP names the cluster address",
           lambda source, body, virtual: arp(1, VIP, VIP, source, virtual)),
    masked("a request that the VIP sends names the cluster address in its body alone",
           lambda source, body, virtual: arp(1, VIP, "192.0.2.1", source, virtual)),
    masked("an ARP reply for the VIP names the cluster address",
           lambda source, body, virtual: arp(2, VIP, "192.0.2.1", source, virtual, CLIENT_MAC, CLIENT_MAC)),
    masked("a request from a dedicated address names the station",
           lambda source, body, virtual: arp(1, cluster.DEDICATED["edge1"], "192.0.2.2", source, body)),
    masked("an ARP announcement in two addresses of its own names the station in both",
           lambda source, body, virtual: arp(2, cluster.DEDICATED["edge2"], cluster.DEDICATED["edge2"], source, body, body)),
    masked("a probe for an address that is not virtual leaves",
           lambda source, body, virtual: arp(1, "0.0.0.0", "192.0.2.50", source, body)),
    stopped("a probe for the VIP stays inside: another host would answer", arp(1, "0.0.0.0", VIP, KERNEL, KERNEL)),
    stopped("ARP that ends within its body stays inside", arp(1, VIP, "192.0.2.3", KERNEL, KERNEL)[:40]),
]

ND_CASES = [
    masked("a solicitation that the VIP sends names the cluster address in its option",
           lambda source, body, virtual: solicitation("2001:db8::1", VIP6, source, virtual)),
    masked("a solicitation from a dedicated address names the station in its option",
           lambda source, body, virtual: solicitation("2001:db8::2", cluster.DEDICATED6["edge1"], source, body)),
    masked("an advertisement of the VIP names the cluster address", lambda source, body, virtual: advertisement(VIP6, source, virtual)),
    masked("an advertisement of another address names the station",
           lambda source, body, virtual: advertisement(cluster.DEDICATED6["edge1"], source, body)),
    stopped("a probe for the IPv6 VIP stays inside",
            from_kernel(IPv6(src="::", dst=solicited_node(VIP6)[0], hlim=255) / ICMPv6ND_NS(tgt=VIP6), solicited_node(VIP6)[1])),
    stopped("a solicitation whose option has no length stays inside",
            from_kernel(IPv6(src=VIP6, dst="ff02::1:ff00:3", hlim=255) / ICMPv6ND_NS(tgt="2001:db8::3") / Raw(b"\1\0" + bytes(6)))),
]

LINK_CASES = [
    plain("LLDP leaves with the station's source", Raw(b"\2\7\4\2\x70\x63\x61\x70\1\4\2\7\1\6\2\0\x78\0\0"),
          "01:80:c2:00:00:0e", type=0x88CC),
    plain("a spanning tree frame leaves with the station's source", LLC() / STP(), "01:80:c2:00:00:00", type=38),
    plain("an unknown ethertype leaves with the station's source", Raw(b"\xaa" * 46), type=0x88B6),
    Egress("even a frame that bears the cluster address as its source leaves masked",
           from_kernel(from_vip(34, TCP(sport=80, dport=40034, flags="SA")), source=cluster.CLUSTER_MAC),
           {host: from_kernel(from_vip(34, TCP(sport=80, dport=40034, flags="SA")), source=cluster.STATION[host]) for host in HOSTS}),
    stopped("a server may not speak on the heartbeats' ethertype", from_kernel(Raw(b"\xff" * 60), BROADCAST_MAC, type=0x88B5)),
    stopped("a frame shorter than an Ethernet header stays inside", from_kernel(Raw(b""), type=0x0800)[:13]),
    stopped("a frame with three tags stays inside: nothing behind them could be masked",
            from_kernel(Dot1AD(vlan=30) / Dot1Q(vlan=20) / Dot1Q(vlan=10) / from_vip(37, TCP(sport=80, dport=40037, flags="SA")))),
]

KERNEL_CASES = [
    plain("a DHCP request leaves with the station's source; its body is the client's business",
          IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67) / BOOTP(chaddr=bytes.fromhex("027063617001"), flags=0x8000)
          / DHCP(options=[("message-type", "discover"), "end"]), BROADCAST_MAC),
    plain("an MLD report of the kernel leaves with the station's source",
          IPv6(src="fe80::b00:1", dst="ff02::16", hlim=1) / IPv6ExtHdrHopByHop(options=[RouterAlert()])
          / ICMPv6MLReport2(records=[ICMPv6MLDMultAddrRec(rtype=4, dst="ff02::1:ff00:80")]), "33:33:00:00:00:16"),
    plain("an IGMP report of the kernel leaves with the station's source",
          IP(src=cluster.DEDICATED["edge1"], dst="239.1.2.3", ttl=1, proto=2) / Raw(bytes.fromhex("1600f8f9ef010203")),
          "01:00:5e:01:02:03"),
    masked("RARP names the station", lambda source, body, virtual: from_kernel(
        ARP(op=3, hwsrc=body, hwdst=body, psrc="0.0.0.0", pdst="0.0.0.0"), BROADCAST_MAC, source, type=0x8035)),
    masked("a router solicitation names the station in its option", lambda source, body, virtual: from_kernel(
        IPv6(src="fe80::b00:1", dst="ff02::2", hlim=255) / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=body), "33:33:00:00:00:02", source)),
    masked("a solicitation from the kernel's link-local address names the station", lambda source, body, virtual: solicitation(
        "2001:db8::4", "fe80::b00:1", source, body)),
    masked("an advertisement of the kernel's link-local address names the station",
           lambda source, body, virtual: advertisement("fe80::b00:1", source, body)),
    plain("a probe for the kernel's link-local address leaves",
          IPv6(src="::", dst="ff02::1:ff00:1", hlim=255) / ICMPv6ND_NS(tgt="fe80::b00:1"), "33:33:ff:00:00:01"),
    plain("ESP to a client leaves with the station's source", IP(src=VIP, dst=client(58), proto=50) / Raw(bytes(40))),
    plain("GRE to a client leaves with the station's source", IP(src=VIP, dst=client(59), proto=47) / Raw(bytes(24))),
    plain("the first fragment of an answer leaves with the station's source",
          IP(src=VIP, dst=client(60), id=60, flags="MF") / UDP(sport=53, dport=40060, len=2008) / Raw(bytes(1472))),
    plain("a later fragment of an answer leaves with the station's source",
          IP(src=VIP, dst=client(60), id=60, frag=185, proto=17) / Raw(bytes(520))),
]

CASES = IP_CASES + ARP_CASES + ND_CASES + LINK_CASES + KERNEL_CASES
FRAMES = [case.frame for case in CASES]
