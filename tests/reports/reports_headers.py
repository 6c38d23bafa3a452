"""Reports about IP headers: options, extension headers, addresses that nobody can have, lengths, checksums, padding, large frames."""

from scapy.layers.inet import ICMP, TCP
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6ND_RS, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop
from scapy.packet import Raw

import cluster
from case import default_host, everyone, someone
from cases_sessions import IN_AH
from packets import changed, client6, ethernet, ip, port, rechecked, solicited_node, tcp, udp
from report import Packets

VIP, VIP6 = cluster.VIP, cluster.VIP6
NEW, OWNER = someone("accept new_flow"), someone("accept owner")


def dropped(reason, count=1):
    return [everyone(f"drop {reason}")] * count


def segment(number):
    return TCP(sport=port(number), dport=80, flags="S", seq=1000)


def with_options(number, options):
    """An IPv4 SYN whose header has these bytes as options."""
    frame = ethernet(ip(number, Raw(options + bytes(segment(number))), proto=6))
    return rechecked(changed(frame, 14, 0x45 + len(options) // 4))


def chain(number, first, following):
    """An IPv6 packet whose extension headers are given as bytes."""
    return ethernet(ip(number, Raw(following + bytes(segment(number))), VIP6, nh=first))


DSR_OPTION = b"\x9a\x08\x1f\x90\xc0\x00\x02\x50"
GROUP6, GROUP6_MAC = solicited_node(VIP6)

REPORTS = [
    Packets(
        kind="IPv4 options do not hide the ports",
        source="https://github.com/cilium/cilium/pull/23810",
        looked_like="A packet that has options already is taken for one whose only option is the balancer's.",
        packets=[with_options(100, b"\1\1\1\0"), with_options(101, b"\x94\4\0\0" + b"\1" * 8), with_options(102, b"\1" * 40)],
        expect=[NEW] * 3, one_host=False),
    Packets(
        kind="IPv4 options arrive as they were sent",
        source="https://github.com/cilium/cilium/issues/29900",
        looked_like="The balancer's own option stays in the packet, and servers drop packets with options.",
        packets=[with_options(103, DSR_OPTION), tcp(104)],
        expect=[NEW, NEW], one_host=False),
    Packets(
        kind="IPv6: an authentication header",
        source="https://github.com/cilium/cilium/issues/24187",
        looked_like="IPv6 packets with an authentication header are dropped, although they work without the balancer.",
        packets=[ethernet(ip(105, Raw(IN_AH), VIP6, nh=51))],
        expect=[NEW]),
    Packets(
        kind="IPv6: hop-by-hop options longer than the packet",
        source="https://github.com/FDio/vpp/issues/277",
        looked_like="One packet whose hop-by-hop header says to be longer than the rest of the frame ends the program.",
        packets=[chain(106, 0, b"\6\xff\1\4\0\0\0\0"), ethernet(ip(107, Raw(b"\6\1\1\4\0\0\0\0"), VIP6, nh=0))],
        expect=dropped("ip_extension_headers", 2)),
    Packets(
        kind="IPv6: hop-by-hop and destination options in their order",
        source="https://github.com/FDio/vpp/issues/3044",
        looked_like="Wanted: a node that drops packets whose chain of extension headers is fishy.",
        packets=[ethernet(ip(108, IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / segment(108), VIP6)),
                 ethernet(ip(109, IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / segment(109), VIP6)),
                 chain(110, 60, b"\x3c\0\1\4\0\0\0\0" * 12 + b"\6\0\1\4\0\0\0\0")],
        expect=[NEW, *dropped("ip_extension_headers", 2)]),
    Packets(
        kind="martian: from 0.0.0.0",
        source="https://github.com/FDio/vpp/issues/2988",
        looked_like="One packet from 0.0.0.0 ends the program at once.",
        packets=[tcp(111, src="0.0.0.0"), udp(112, destination=VIP6, src="::")],
        expect=dropped("martian_unspecified", 2)),
    Packets(
        kind="martian: a virtual address that speaks to itself",
        source="https://github.com/cilium/cilium/issues/7150",
        looked_like="An endpoint that reaches itself by its service address over IPv6 gets packets from itself.",
        packets=[tcp(113, destination=VIP6, src=VIP6), tcp(114, src=VIP)],
        expect=dropped("martian_land", 2)),
    Packets(
        kind="martian: loopback on the wire",
        source="https://github.com/cilium/cilium/issues/22275",
        looked_like="IPv6 packets with a source that cannot be are balanced, where IPv4 ones have a case of their own.",
        packets=[tcp(115, destination=VIP6, src="::1"), tcp(116, src="127.0.0.1"), tcp(117, destination="127.0.0.2")],
        expect=dropped("martian_loopback", 3)),
    Packets(
        kind="martian: IPv4-mapped IPv6 addresses",
        source="https://github.com/cilium/cilium/pull/190",
        looked_like="IPv6 packets to ::ffff:a.b.c.d are translated and balanced as if they were IPv4.",
        packets=[udp(118, destination=VIP6, src="::ffff:198.51.100.118"), udp(119, destination="::ffff:192.0.2.80")],
        expect=[*dropped("martian_mapped"), *dropped("martian_mapped")]),
    Packets(
        kind="neighbour solicitation with a wrong length",
        source="https://github.com/FDio/vpp/issues/3156",
        looked_like="A solicitation whose payload length is one more than it should be ends the program by an assertion.",
        packets=[changed(ethernet(IPv6(src=client6(120), dst=GROUP6, hlim=255) / ICMPv6ND_NS(tgt=VIP6), GROUP6_MAC), 18, 0, 25),
                 changed(ethernet(IPv6(src=client6(121), dst=GROUP6, hlim=255) / ICMPv6ND_NS(tgt=VIP6), GROUP6_MAC), 18, 0, 23)],
        expect=[*dropped("ip_total_length"), *dropped("nd_malformed")]),
    Packets(
        kind="router solicitation with a wrong length",
        source="https://github.com/FDio/vpp/issues/3157",
        looked_like="A router solicitation whose payload length is wrong ends the program by an assertion.",
        packets=[changed(ethernet(IPv6(src="fe80::7a", dst="ff02::2", hlim=255) / ICMPv6ND_RS(), "33:33:00:00:00:02"), 18, 0xFF, 0xFF)],
        expect=dropped("ip_total_length")),
    Packets(
        kind="Ethernet padding behind a short packet",
        source="https://github.com/acassen/keepalived/issues/2422",
        looked_like="Short packets are dropped because the frame is longer than the IP length: it was padded to 60 bytes.",
        packets=[tcp(122) + bytes(6), tcp(123, "A") + b"\xa5" * 6, udp(124, data=b"odd") + bytes(15), udp(125, data=b"") + bytes(18),
                 ethernet(ip(126, Raw(bytes(segment(126))[:16]), proto=6)) + bytes(10)],
        expect=[NEW, OWNER, OWNER, OWNER, *dropped("transport_header")], one_host=False),
    Packets(
        kind="checksums: IP's is ours to judge, TCP's the server's",
        source="https://github.com/acassen/keepalived/issues/1175",
        looked_like="Adverts with a wrong checksum are refused, and two hosts are masters at once.",
        packets=[changed(tcp(127), 24, 0xBE, 0xEF), changed(tcp(128), 50, 0xBE, 0xEF), changed(udp(129), 40, 0xBE, 0xEF)],
        expect=[*dropped("ip_checksum"), NEW, OWNER], one_host=False),
    Packets(
        kind="jumbo: a ping of 2,003 bytes where frames have 1,500",
        source="https://github.com/FDio/vpp/issues/1886",
        looked_like="Pings of 2,003 bytes and more get lost, smaller ones do not: a buffer holds no more.",
        packets=[ethernet(ip(130, ICMP(id=7) / Raw(bytes(2003)))), tcp(131, "A", data=bytes(1972)), tcp(132, "A", data=bytes(8000))],
        expect=[default_host(), OWNER, *dropped("too_large")], one_host=False),
]
