"""Golden cases of balanced traffic: rules, flows, ICMP errors, tags, options and IPv6 extension headers.
Owners that are named follow from the fixed key; `Whole.test_owners_are_spread` sees that all four hosts are among them.
"""

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6PacketTooBig, ICMPv6Unknown
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting
from scapy.layers.l2 import Dot1AD, Dot1Q
from scapy.packet import Raw

import cluster
from case import case, default_host, everyone, only, someone, story
from packets import changed, client, client6, ethernet, icmp_error, ip, port, rechecked, tcp, udp

NEW, OWNER, REJECTED = "accept new_flow", "accept owner", "reject not_owner"
VIP, VIP2, VIP6 = cluster.VIP, cluster.VIP2, cluster.VIP6


def answer_to(number, destination=VIP, protocol=TCP, from_port=80):
    """What the VIP sent to a client, as an ICMP error quotes it."""
    return IP(src=destination, dst=client(number)) / protocol(sport=from_port, dport=port(number))


def quoted6(number):
    """The same over IPv6, as bytes."""
    return bytes(IPv6(src=VIP6, dst=client6(number)) / TCP(sport=80, dport=port(number)))


def undefined_error(kind, body):
    """An ICMPv6 error of a type that nobody has defined."""
    return ethernet(ip(254, ICMPv6Unknown(type=kind, msgbody=bytes(4) + body), VIP6))


def segment(number, to_port=80):
    return TCP(sport=port(number), dport=to_port, flags="S", seq=1000)


RULES = [
    case("a SYN of client 1 to http opens a flow at its bucket's owner alone", tcp(1), only("edge2", NEW)),
    case("a SYN of client 2 to http opens a flow at its bucket's owner alone", tcp(2), only("edge3", NEW)),
    case("a SYN of client 3 to http opens a flow at its bucket's owner alone", tcp(3), only("edge1", NEW)),
    case("a SYN of client 4 to http opens a flow at its bucket's owner alone", tcp(4), only("edge4", NEW)),
    case("a SYN of client 5 to http opens a flow at its bucket's owner alone", tcp(5), only("edge4", NEW)),
    case("a SYN of client 6 to http opens a flow at its bucket's owner alone", tcp(6), only("edge1", NEW)),
    story("affinity single sends all ports of a client to one host", (tcp(7), someone(NEW)), (tcp(7, from_port=1024), someone(NEW)),
          (tcp(7, from_port=65535), someone(NEW))),
    story("affinity none spreads the ports of a client", *[(udp(8, from_port=5000 + k), someone(OWNER)) for k in range(4)],
          one_host=False),
    case("data without a descriptor goes to the owner, whose server answers RST", tcp(9, "PA", data=b"GET /"), someone(OWNER)),
    case("a FIN without a descriptor goes to the owner", tcp(10, "FA"), someone(OWNER)),
    case("an RST without a descriptor goes to the owner", tcp(11, "R"), someone(OWNER)),
    case("a SYN with ACK opens no flow", tcp(12, "SA"), someone(OWNER)),
    case("a segment without any flag goes to the owner", tcp(13, 0), someone(OWNER)),
    story("a whole flow stays at one host", (tcp(14), someone(NEW)), (tcp(14, "A"), someone(OWNER)),
          (tcp(14, "PA", data=b"GET / HTTP/1.1\r\n\r\n"), someone(OWNER)), (tcp(14, "FA"), someone(OWNER)), (tcp(14, "A"), someone(OWNER))),
    story("a SYN that is sent again belongs to the flow that it opened", (tcp(15), someone(NEW)), (tcp(15), someone(OWNER))),
    story("after an RST a SYN opens the flow anew", (tcp(16), someone(NEW)), (tcp(16, "R"), someone(OWNER)), (tcp(16), someone(NEW))),
    case("a query to dns has an owner and no descriptor", udp(17), someone(OWNER)),
    case("TCP to the port of a rule for UDP goes to the default host", tcp(18, to_port=53), default_host(NEW)),
    case("UDP to the port of a rule for TCP goes to the default host", udp(19, to_port=80), default_host()),
    case("a rule of mode single serves all clients on the host of the lowest priority", tcp(20, to_port=8443, destination=VIP2),
         only(cluster.ADMIN_HOST, NEW)),
    case("another client of the single rule reaches the same host", tcp(21, to_port=8443, destination=VIP2), only(cluster.ADMIN_HOST, NEW)),
    story("the single rule holds for its own address: on the others the general rule spreads",
          *[(tcp(22, to_port=8443, from_port=6000 + k), someone(NEW)) for k in range(4)], one_host=False),
    case("a disabled rule drops at its first port", tcp(23, to_port=100), everyone("drop rule_disabled")),
    case("a disabled rule drops at its last port", tcp(24, to_port=200), everyone("drop rule_disabled")),
    case("a disabled rule for both protocols drops UDP", udp(25, to_port=150), everyone("drop rule_disabled")),
    case("the port below a range is not covered by it", tcp(26, to_port=99), default_host(NEW)),
    case("the port above a range is not covered by it", tcp(27, to_port=201), default_host(NEW)),
    case("a SYN to an uncovered port opens a flow at the default host", tcp(28, to_port=22), default_host(NEW)),
    case("UDP to an uncovered port goes to the default host", udp(29, to_port=5060), default_host()),
    case("port 0 is an uncovered port like others", tcp(30, to_port=0), default_host(NEW)),
    case("a rule for all addresses serves the second one", tcp(31, destination=VIP2), someone(NEW)),
    case("a SYN to the IPv6 address opens a flow at one host", tcp(32, destination=VIP6), someone(NEW)),
    case("data to the IPv6 address goes to the owner", tcp(33, "PA", destination=VIP6, data=b"x"), someone(OWNER)),
    case("a disabled rule drops IPv6 too", tcp(34, to_port=123, destination=VIP6), everyone("drop rule_disabled")),
    case("a protocol without ports goes to the default host", ethernet(ip(35, Raw(bytes(16)), proto=132)), default_host()),
]

ICMP_CASES = [
    case("one host takes an echo request", ethernet(ip(40, ICMP(id=7) / Raw(b"ping"))), default_host()),
    case("one host takes an IPv6 echo request", ethernet(ip(41, ICMPv6EchoRequest(id=7), VIP6)), default_host()),
    case("an echo reply goes to the default host", ethernet(ip(42, ICMP(type=0, id=7))), default_host()),
    story("an error that quotes eight bytes of a flow goes where the flow goes", (tcp(43), someone(NEW)),
          (icmp_error(answer_to(43)), someone(OWNER))),
    case("an error about a flow that no descriptor knows goes to its owner", icmp_error(answer_to(1)), only("edge2", OWNER)),
    story("an error about an answer in UDP goes where the question went", (udp(44), someone(OWNER)),
          (icmp_error(answer_to(44, protocol=UDP, from_port=53), code=3), someone(OWNER))),
    story("a message too big about an IPv6 flow goes where the flow goes", (tcp(45, destination=VIP6), someone(NEW)),
          (ethernet(ip(254, ICMPv6PacketTooBig(mtu=1280) / (IPv6(src=VIP6, dst=client6(45)) / TCP(sport=80, dport=port(45))), VIP6)),
           someone(OWNER))),
    *[story(f"an error of type {kind}, which nobody has defined, goes where the flow that it quotes goes",
            (tcp(kind, destination=VIP6), someone(NEW)), (undefined_error(kind, quoted6(kind)), someone(OWNER)))
      for kind in (100, 101, 127)],
    case("an error of an undefined type that quotes nothing goes to the default host", undefined_error(100, b"an experiment"),
         default_host()),
    case("an error about a flow to the admin rule goes to its host", icmp_error(answer_to(46, VIP2, from_port=8443), destination=VIP2),
         only(cluster.ADMIN_HOST, OWNER)),
    case("an error about a flow of another address goes to the default host", icmp_error(answer_to(47, "192.0.2.99")), default_host()),
    case("an error that quotes half of the ports is malformed", icmp_error(answer_to(48), kept=23), everyone("drop transport_header")),
    case("an error that quotes half an IP header is malformed", icmp_error(answer_to(49), kept=12), everyone("drop transport_header")),
    case("an error about a disabled rule is dropped like its flow", icmp_error(answer_to(50, from_port=150)),
         everyone("drop rule_disabled")),
]

SHAPES = [
    case("a SYN behind a tag that only tells a priority is balanced", ethernet(Dot1Q(vlan=0, prio=5) / ip(70, segment(70))), someone(NEW)),
    case("so is one behind two of them", ethernet(Dot1AD(vlan=0) / Dot1Q(vlan=0) / ip(71, segment(71))), someone(NEW)),
    case("a SYN behind three tags is dropped", ethernet(Dot1AD(vlan=30) / Dot1Q(vlan=20) / Dot1Q(vlan=10) / ip(72, segment(72))),
         everyone("drop vlan_depth")),
    case("IP options do not hide the ports", rechecked(changed(ethernet(ip(73, Raw(b"\1\1\1\0" + bytes(segment(73))), proto=6)), 14, 0x46)),
         someone(NEW)),
    case("what pads a short frame stays on it", ethernet(ip(74, segment(74))) + b"\xa5" * 6, someone(NEW)),
    case("a wrong TCP checksum is the server's business", changed(tcp(75), 50, 0xDE, 0xAD), someone(NEW)),
    case("hop-by-hop and destination options do not hide the ports",
         ethernet(ip(76, IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / segment(76), VIP6)), someone(NEW)),
    case("hop-by-hop options behind others are dropped", ethernet(ip(77, IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / segment(77), VIP6)),
         everyone("drop ip_extension_headers")),
    case("a chain of nine extension headers is dropped", ethernet(ip(78, Raw(b"\x3c\0\1\4\0\0\0\0" * 8 + b"\6\0\1\4\0\0\0\0"
         + bytes(segment(78))), VIP6, nh=60)), everyone("drop ip_extension_headers")),
    case("a source route of type 0 is dropped", ethernet(ip(79, IPv6ExtHdrRouting(addresses=[VIP6], segleft=1) / segment(79), VIP6)),
         everyone("drop ip_extension_headers")),
    case("an extension header that ends behind the packet is dropped", ethernet(ip(80, Raw(b"\6\7\1\4\0\0\0\0"), VIP6, nh=60)),
         everyone("drop ip_extension_headers")),
]

CASES = RULES + ICMP_CASES + SHAPES
