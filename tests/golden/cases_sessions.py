"""Golden cases of flows that no port holds together: IPsec sessions (UDP 500 and 4500, ESP, AH), PPTP tunnels (GRE), and errors about them.
The rule `ike` covers UDP 500 alone, with affinity none: a session goes by its client's address all the same.
"""

import struct

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6
from scapy.packet import Raw

import cluster
from case import case, default_host, everyone, someone, story
from packets import client, client6, ethernet, icmp_error, ip, port, tcp

VIP, VIP2, VIP6 = cluster.VIP, cluster.VIP2, cluster.VIP6
NEW, OWNER = "accept new_flow", "accept owner"
GRE, ESP, AH = 47, 50, 51
INIT, AUTH, MAIN = 34, 35, 2
SPI = b"\xc1\x02\x03\x04\x05\x06\x07\x08"
PPP_IN_GRE = b"\x30\x01\x88\x0b\x00\x10\x00\x07" + bytes(20)
IN_ESP = b"\xca\xfe\x00\x01\x00\x00\x00\x01" + bytes(32)
IN_AH = b"\x06\x04\0\0\xca\xfe\0\1\0\0\0\1" + bytes(12) + bytes(TCP(sport=1, dport=2))


def ike(number, exchange=INIT, to_port=500, destination=VIP, version=2, flags=8, from_port=None):
    responder = bytes(8) if exchange in (INIT, MAIN) else SPI[::-1]
    header = SPI + responder + struct.pack("!BBBBII", 33, version << 4, exchange, flags, 0, 28 + 4)
    message = (bytes(4) if to_port == 4500 else b"") + header + struct.pack("!I", number)
    return ethernet(ip(number, UDP(sport=from_port or to_port, dport=to_port) / Raw(message), destination))


def esp_in_udp(number, destination=VIP):
    return ethernet(ip(number, UDP(sport=61000, dport=4500) / Raw(IN_ESP + bytes([number & 255])), destination))


def portless(number, protocol, body, destination=VIP):
    return ethernet(ip(number, Raw(body), destination, **{"nh" if ":" in destination else "proto": protocol}))


def a_session(number, destination):
    return [(ike(number, destination=destination), someone(NEW)), (ike(number, AUTH, destination=destination), someone(OWNER)),
            (ike(number, AUTH, 4500, destination, from_port=61000), someone(OWNER)), (esp_in_udp(number, destination), someone(OWNER)),
            (portless(number, ESP, IN_ESP, destination), someone(OWNER)), (portless(number, AH, IN_AH, destination), someone(OWNER))]


def a_tunnel(number, destination):
    return [(tcp(number, to_port=1723, destination=destination), someone(NEW)),
            (portless(number, GRE, PPP_IN_GRE, destination), someone(OWNER))]


def too_big(number, protocol, body):
    quoted = IPv6(src=VIP6, dst=client6(number), nh=protocol) / Raw(body)
    return ethernet(ip(254, ICMPv6PacketTooBig(mtu=1280) / quoted, VIP6))


IPSEC = [
    story("IKE, NAT traversal, ESP and AH of one client reach one host", *a_session(1, VIP)),
    story("so they do for another client", *a_session(2, VIP)),
    story("and over IPv6", *a_session(3, VIP6)),
    case("ESP without a session begins one at the owner", portless(4, ESP, IN_ESP), someone(NEW)),
    case("main mode of IKE version 1 begins a session", ike(5, MAIN, version=1, flags=0), someone(NEW)),
    story("an initiation that is sent again belongs to the session that it began", (ike(6), someone(NEW)), (ike(6), someone(OWNER))),
    case("a keep-alive of NAT traversal is of its session", ethernet(ip(7, UDP(sport=61000, dport=4500) / Raw(b"\xff"))), someone(NEW)),
    story("an error about ESP goes where the session goes", (portless(8, ESP, IN_ESP), someone(NEW)),
          (icmp_error(IP(src=VIP, dst=client(8), proto=ESP) / Raw(IN_ESP)), someone(OWNER))),
    story("an error about IKE goes where the session goes", (ike(9), someone(NEW)),
          (icmp_error(IP(src=VIP, dst=client(9)) / UDP(sport=500, dport=500)), someone(OWNER))),
    story("a message too big about ESP over IPv6 goes where the session goes", (portless(10, ESP, IN_ESP, VIP6), someone(NEW)),
          (too_big(10, ESP, IN_ESP), someone(OWNER))),
    case("an error about a session that nobody has goes to the owner", icmp_error(IP(src=VIP, dst=client(11), proto=ESP) / Raw(IN_ESP)),
         someone(OWNER)),
    case("ESP that ends within its header is dropped", portless(12, ESP, IN_ESP[:7]), everyone("drop transport_header")),
    case("AH that ends within its header is dropped", portless(13, AH, IN_AH[:11]), everyone("drop transport_header")),
    story("UDP 4500 goes by the rule for 500 although none covers it", (ike(14), someone(NEW)), (esp_in_udp(14), someone(OWNER))),
]

PPTP = [
    story("GRE follows the rule and the client of TCP 1723", *a_tunnel(20, VIP)),
    story("so it does for another client", *a_tunnel(21, VIP)),
    story("and over IPv6", *a_tunnel(22, VIP6)),
    case("GRE without a connection begins a tunnel at the owner", portless(23, GRE, PPP_IN_GRE), someone(NEW)),
    case("GRE that ends within its header is dropped", portless(24, GRE, PPP_IN_GRE[:3]), everyone("drop transport_header")),
    story("an error about GRE goes where the tunnel goes", *a_tunnel(25, VIP),
          (icmp_error(IP(src=VIP, dst=client(25), proto=GRE) / Raw(PPP_IN_GRE)), someone(OWNER))),
]

OTHERS = [
    case("SCTP goes to the default host", portless(30, 132, bytes(12)), default_host()),
    case("OSPF to a virtual address goes to the default host", portless(31, 89, bytes(24)), default_host()),
    case("an IPv6 packet that has no next header goes to the default host", portless(32, 59, b"", VIP6), default_host()),
    case("IP in IP goes to the default host", portless(33, 4, bytes(IP(src="10.0.0.1", dst="10.0.0.2"))), default_host()),
    case("UDP from port 500 is no IPsec", ethernet(ip(34, UDP(sport=500, dport=port(34)) / Raw(bytes(28)))), default_host()),
]

CASES = IPSEC + PPTP + OTHERS
