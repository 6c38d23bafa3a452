"""Golden cases of what no server should see: cut, impossible and martian packets; and whose address a packet was sent to.
Most are one good SYN with one thing changed, so that a case fails for the reason it names.
"""

from scapy.layers.inet import ICMP, TCP, UDP
from scapy.layers.inet6 import IPv6, ICMPv6MLReport
from scapy.layers.l2 import Dot1AD, Dot1Q
from scapy.packet import Raw

import cluster
from case import case, everyone, only
from packets import BROADCAST_MAC, arp, changed, client6, ethernet, ip, port, rechecked, tcp, udp

VIP, VIP6 = cluster.VIP, cluster.VIP6
IP_AT, TCP_AT = 14, 34
EMPTY_TCP = TCP(sport=1234, dport=80, flags="S")


def dropped(claim, frame, reason):
    return case(claim, frame, everyone(f"drop {reason}"))


def from_source(number, source, destination=VIP):
    return ethernet(ip(number, TCP(sport=port(number), dport=80, flags="S"), destination, src=source))


def arp_in_vlan(number):
    question = arp(1, f"192.0.2.{number}", VIP)
    return question[:12] + b"\x81\0\0\x0a" + question[12:]


CUT = [
    dropped("a frame shorter than an Ethernet header is dropped", tcp(100)[:13], "truncated"),
    dropped("a frame that ends within a VLAN tag is dropped", ethernet(Raw(b"\0\1"), type=0x8100), "truncated"),
    dropped("a frame that ends with its Ethernet header is dropped", tcp(101)[:14], "truncated"),
    dropped("a frame that ends within its IPv4 header is dropped", tcp(102)[:33], "truncated"),
    dropped("a frame that ends within its IPv6 header is dropped", tcp(103, destination=VIP6)[:53], "truncated"),
    dropped("a frame that ends within its TCP header is dropped", tcp(104)[:50], "ip_total_length"),
    dropped("an IPv6 frame that is cut behind its header is dropped", tcp(105, destination=VIP6)[:60], "ip_total_length"),
    dropped("a packet that holds half a TCP header is dropped", ethernet(ip(106, Raw(bytes(EMPTY_TCP)[:12]), proto=6)), "transport_header"),
    dropped("a packet that holds half a UDP header is dropped", ethernet(ip(107, Raw(b"\x30\x39\0\x35"), proto=17)), "transport_header"),
    dropped("a packet that holds half an ICMP header is dropped", ethernet(ip(108, Raw(b"\x08\0\0\0"), proto=1)), "transport_header"),
    dropped("a packet that holds no transport header is dropped", ethernet(ip(109, Raw(b""), proto=6)), "transport_header"),
]

IMPOSSIBLE = [
    dropped("version 6 behind the ethertype of IPv4 is dropped", rechecked(changed(tcp(110), IP_AT, 0x65)), "ip_version"),
    dropped("version 4 behind the ethertype of IPv6 is dropped", changed(tcp(111, destination=VIP6), IP_AT, 0x40), "ip_version"),
    dropped("an IP header of four words is dropped", rechecked(changed(tcp(112), IP_AT, 0x44)), "ip_header_length"),
    dropped("an IP header longer than the frame is dropped", changed(tcp(113), IP_AT, 0x4F), "ip_header_length"),
    dropped("a total length below the header's is dropped", rechecked(changed(tcp(114), IP_AT + 2, 0, 19)), "ip_total_length"),
    dropped("a total length behind the frame's end is dropped", rechecked(changed(tcp(115), IP_AT + 2, 0, 41)), "ip_total_length"),
    dropped("an IPv6 length behind the frame's end is dropped", changed(tcp(116, destination=VIP6), IP_AT + 4, 0, 21), "ip_total_length"),
    dropped("a wrong IPv4 checksum is dropped", changed(tcp(117), IP_AT + 10, 0x12, 0x34), "ip_checksum"),
    dropped("a TTL that was changed without the checksum is dropped", changed(tcp(118), IP_AT + 8, 63), "ip_checksum"),
    dropped("a TCP header of four words is dropped", changed(tcp(119), TCP_AT + 12, 0x40), "transport_header"),
    dropped("a TCP header longer than the packet is dropped", changed(tcp(120), TCP_AT + 12, 0x60), "transport_header"),
    dropped("a UDP length below its header's is dropped", ethernet(ip(121, UDP(sport=1, dport=53, len=7) / Raw(b"abcd"))),
            "transport_header"),
    dropped("a UDP length behind the packet's end is dropped", ethernet(ip(122, UDP(sport=1, dport=53, len=13) / Raw(b"abcd"))),
            "transport_header"),
    dropped("a TCP length that fits only with the padding is dropped", ethernet(ip(123, Raw(bytes(EMPTY_TCP)[:16]), proto=6)) + bytes(10),
            "transport_header"),
]

MARTIANS = [
    dropped("source 0.0.0.0 is a martian", from_source(130, "0.0.0.0"), "martian_unspecified"),
    dropped("a source in network 0 is a martian", from_source(131, "0.1.2.3"), "martian_unspecified"),
    dropped("a loopback source is a martian", from_source(132, "127.0.0.1"), "martian_loopback"),
    dropped("a loopback destination is a martian", tcp(133, destination="127.0.0.2"), "martian_loopback"),
    dropped("a multicast source is a martian", from_source(134, "224.0.0.9"), "martian_multicast"),
    dropped("the broadcast address as a source is a martian", from_source(135, "255.255.255.255"), "martian_broadcast"),
    dropped("our subnet's broadcast address as a source is a martian", from_source(136, "192.0.2.255"), "martian_broadcast"),
    dropped("source and destination alike are a martian", from_source(137, VIP), "martian_land"),
    dropped("the unspecified IPv6 source is a martian", from_source(138, "::", VIP6), "martian_unspecified"),
    dropped("the IPv6 loopback source is a martian", from_source(139, "::1", VIP6), "martian_loopback"),
    dropped("the IPv6 loopback destination is a martian", tcp(140, destination="::1"), "martian_loopback"),
    dropped("an IPv6 multicast source is a martian", from_source(141, "ff02::1", VIP6), "martian_multicast"),
    dropped("an IPv4-mapped source is a martian", from_source(142, "::ffff:198.51.100.142", VIP6), "martian_mapped"),
    dropped("IPv6 source and destination alike are a martian", from_source(143, VIP6, VIP6), "martian_land"),
]

MDNS = UDP(sport=5353, dport=5353) / Raw(b"who is there")
ADDRESSES = [
    *[case(f"a packet to the dedicated address of {name} reaches {name} alone",
           tcp(150 + cluster.NUMBER[name], to_port=22, destination=cluster.DEDICATED[name]),
           only(name, "accept dedicated", "reject other_host")) for name in cluster.HOSTS],
    case("a packet to a dedicated IPv6 address reaches its host alone", udp(155, destination=cluster.DEDICATED6["edge2"]),
         only("edge2", "accept dedicated", "reject other_host")),
    case("a disabled rule says nothing of dedicated addresses", udp(156, to_port=150, destination=cluster.DEDICATED["edge4"]),
         only("edge4", "accept dedicated", "reject other_host")),
    case("a dedicated address takes later fragments", ethernet(ip(157, Raw(bytes(32)), cluster.DEDICATED["edge3"], proto=17, frag=100)),
         only("edge3", "accept dedicated", "reject other_host")),
    dropped("an address of our subnet that is nobody's is dropped", tcp(158, destination="192.0.2.99"), "not_our_address"),
    dropped("an IPv6 address that is nobody's is dropped", tcp(159, destination="2001:db8::99"), "not_our_address"),
    dropped("an address of another network is dropped", ethernet(ip(160, ICMP(), "203.0.113.1")), "not_our_address"),
    case("a limited broadcast reaches every host with its destination unchanged",
         ethernet(ip(161, MDNS, "255.255.255.255"), BROADCAST_MAC), everyone("accept broadcast")),
    case("a subnet broadcast reaches every host", ethernet(ip(162, MDNS, "192.0.2.255"), BROADCAST_MAC), everyone("accept broadcast")),
    case("a broadcast packet in a unicast frame is readdressed to the inside device", ethernet(ip(163, MDNS, "192.0.2.255")),
         everyone("accept broadcast")),
    case("IPv4 multicast reaches every host with its destination unchanged", ethernet(ip(164, MDNS, "224.0.0.251"), "01:00:5e:00:00:fb"),
         everyone("accept multicast")),
    case("IPv6 multicast reaches every host with its destination unchanged", ethernet(ip(165, MDNS, "ff02::fb"), "33:33:00:00:00:fb"),
         everyone("accept multicast")),
    case("a report without a source address may go to a group",
         ethernet(IPv6(src="::", dst="ff02::1:ff00:a6") / ICMPv6MLReport(mladdr="ff02::1:ff00:a6"), "33:33:ff:00:00:a6"),
         everyone("accept multicast")),
    case("a packet sent by a host of the cluster is its own frame there, and ordinary elsewhere",
         ethernet(ip(167, UDP(sport=port(167), dport=9) / Raw(b"host to host"), cluster.DEDICATED["edge1"], src=cluster.DEDICATED["edge2"]),
                  cluster.STATION["edge1"], cluster.STATION["edge2"]),
         only("edge1", "accept dedicated", "drop other_station")),
    case("a packet to a multicast group by a host of the cluster reaches the others",
         ethernet(ip(168, MDNS, "224.0.0.251", src=cluster.DEDICATED["edge3"]), "01:00:5e:00:00:fb", cluster.STATION["edge3"]),
         everyone("accept multicast").but("edge3", "drop own_frame")),
    case("a client beyond a router may share the last bytes of a virtual address", tcp(169, destination=VIP6, src=client6(80)),
         only("edge1", "accept new_flow")),
]

ROUTER_MAC = "00:00:5e:00:01:01"
ASKS_FOR_ADDRESS = UDP(sport=68, dport=67) / Raw(b"\1\1\6\0" + bytes(300))
STATIONS = [
    dropped("a SYN that the switch floods on its way to another station is nobody's", ethernet(ip(170, EMPTY_TCP), ROUTER_MAC),
            "other_station"),
    dropped("so is a datagram", ethernet(ip(171, MDNS), ROUTER_MAC), "other_station"),
    dropped("so is one over IPv6", ethernet(ip(172, MDNS, VIP6), ROUTER_MAC), "other_station"),
    dropped("so is ARP", arp(1, "192.0.2.173", VIP, destination=ROUTER_MAC), "other_station"),
    dropped("so is what only looks like a heartbeat", ethernet(Raw(b"\xff" * 60), ROUTER_MAC, type=0x88B5), "other_station"),
    case("a SYN sent to a host's own address reaches no other host", ethernet(ip(174, EMPTY_TCP, cluster.DEDICATED["edge2"]),
                                                                           cluster.STATION["edge2"]),
         only("edge2", "accept dedicated", "drop other_station")),
    dropped("a SYN in a VLAN is nobody's where the cluster is in none", ethernet(Dot1Q(vlan=10) / ip(175, EMPTY_TCP)), "other_vlan"),
    dropped("so is one behind a service tag", ethernet(Dot1AD(vlan=20) / Dot1Q(vlan=0) / ip(176, EMPTY_TCP)), "other_vlan"),
    dropped("so is one whose VLAN stands behind a priority tag", ethernet(Dot1Q(vlan=0) / Dot1Q(vlan=10) / ip(177, EMPTY_TCP)),
            "other_vlan"),
    dropped("ARP in a VLAN is not answered where the cluster is in none", arp_in_vlan(178), "other_vlan"),
    case("a DHCP client that has no address yet reaches every host", ethernet(ip(179, ASKS_FOR_ADDRESS, "255.255.255.255", src="0.0.0.0"),
                                                                            BROADCAST_MAC), everyone("accept broadcast")),
    case("so does a BOOTP client that asks its subnet", ethernet(ip(180, ASKS_FOR_ADDRESS, "192.0.2.255", src="0.0.0.0"), BROADCAST_MAC),
         everyone("accept broadcast")),
    dropped("who has no address may not ask one host", ethernet(ip(181, ASKS_FOR_ADDRESS, VIP, src="0.0.0.0")), "martian_unspecified"),
    dropped("who has no address may ask for nothing else", ethernet(ip(182, MDNS, "255.255.255.255", src="0.0.0.0"), BROADCAST_MAC),
            "martian_unspecified"),
]

CASES = CUT + IMPOSSIBLE + MARTIANS + ADDRESSES + STATIONS
