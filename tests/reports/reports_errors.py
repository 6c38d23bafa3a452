"""Reports about ICMP: errors that must find the host of the flow they tell of, and packets whose time to live is over."""

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6
from scapy.packet import Raw

import cluster
from case import default_host, everyone, someone
from packets import changed, client, client6, ethernet, icmp_error, ip, port, tcp, udp
from report import Packets

VIP, VIP6 = cluster.VIP, cluster.VIP6
NEW, OWNER = someone("accept new_flow"), someone("accept owner")


def answer(number, **fields):
    """What the server said to a client, as a router quotes it."""
    return IP(src=VIP, dst=client(number), **fields) / TCP(sport=80, dport=port(number), flags="A") / Raw(bytes(1000))


def answer6(number):
    return IPv6(src=VIP6, dst=client6(number)) / TCP(sport=80, dport=port(number), flags="A") / Raw(bytes(800))


REPORTS = [
    Packets(
        kind="ICMP error: path MTU, with eight quoted bytes",
        source="https://github.com/facebookincubator/katran/pull/159",
        looked_like="Fragmentation-needed messages that quote the RFC's eight bytes are dropped as too short; connections hang.",
        packets=[tcp(30), icmp_error(answer(30), kept=28)],
        expect=[NEW, OWNER]),
    Packets(
        kind="ICMP error: path MTU of a connection to a service",
        source="https://github.com/cilium/cilium/issues/21262",
        looked_like="Errors about a service reach the node that owns the address, and not the server that must shrink its packets.",
        packets=[tcp(31), tcp(31, "A"), icmp_error(answer(31, flags="DF"), kept=548)],
        expect=[NEW, OWNER, OWNER]),
    Packets(
        kind="ICMP error: packet too big over IPv6",
        source="https://github.com/cilium/cilium/pull/46993",
        looked_like="ICMPv6 packet-too-big messages to a virtual address get lost, and large answers never arrive.",
        packets=[tcp(32, destination=VIP6), ethernet(ip(254, ICMPv6PacketTooBig(mtu=1400) / answer6(32), VIP6))],
        expect=[NEW, OWNER]),
    Packets(
        kind="ICMP error: about a fragment",
        source="https://github.com/facebookincubator/katran/pull/206",
        looked_like="Errors about large packets carry the fragment bits of the packet they tell of and are dropped.",
        packets=[icmp_error(answer(33, flags="MF"), kept=28), icmp_error(answer(33, frag=185), kept=28)],
        expect=[OWNER, default_host()], one_host=False),
    Packets(
        kind="ICMP error: one with a wrong checksum of its own",
        source="https://github.com/FDio/vpp/issues/3587",
        looked_like="Time-exceeded messages arrive with a wrong ICMP checksum, because only one of two was mended after translation.",
        packets=[tcp(34), changed(icmp_error(answer(34), kind=11, code=0), 36, 0x12, 0x34)],
        expect=[NEW, OWNER]),
    Packets(
        kind="TTL 1: a SYN on its last hop",
        source="https://github.com/yanet-platform/yanet/issues/57",
        looked_like="Packets with a time to live of 1 are dropped without a word, so that traceroute ends before the service.",
        packets=[tcp(35, ttl=1), tcp(36, destination=VIP6, hlim=1)],
        expect=[NEW, NEW], one_host=False),
    Packets(
        kind="TTL 1: traceroute's datagrams",
        source="https://github.com/FDio/vpp/issues/1243",
        looked_like="Traceroute to the machine itself never ends: its probes are answered as if they were on their way.",
        packets=[udp(37, to_port=33437, ttl=1), udp(37, to_port=33438, ttl=2), ethernet(ip(37, ICMP(id=7) / Raw(b"probe"), ttl=1))],
        expect=[default_host()] * 3),
    Packets(
        kind="ICMP error: one that quotes too little",
        source="https://github.com/yanet-platform/yanet2/pull/315",
        looked_like="Errors to balanced addresses needed a handler of their own, which must survive quotes that end anywhere.",
        packets=[icmp_error(answer(38), kept=19), icmp_error(answer(38), kept=22),
                 icmp_error(IP(src=VIP, dst=client(38)) / UDP(sport=53, dport=port(38)), kept=27)],
        expect=[everyone("drop transport_header"), everyone("drop transport_header"), OWNER]),
]
