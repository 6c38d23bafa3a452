"""Builders of frames, by scapy: it shares no code with the product, so checksums and layouts are told by somebody else.
Each client has a number; cases use different ones, so that the descriptors of one say nothing about another.
"""

import logging

logging.getLogger("scapy").setLevel(logging.ERROR)  # it warns of routes that this machine does not have

from scapy.layers.inet import ICMP, IP, TCP, UDP, Ether
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP
from scapy.packet import Raw

import cluster

CLIENT_MAC = "00:1b:21:aa:bb:cc"
ROUTER = "198.51.100.254"
BROADCAST_MAC = "ff:ff:ff:ff:ff:ff"
ZERO_MAC = "00:00:00:00:00:00"


def client(number):
    return f"198.51.100.{number}"


def client6(number):
    return f"2001:db8:c::{number}"


def port(number):
    return 40000 + number


def ethernet(payload, destination=cluster.CLUSTER_MAC, source=CLIENT_MAC, **fields):
    return bytes(Ether(dst=destination, src=source, **fields) / payload)


def ip(number, payload, destination=cluster.VIP, **fields):
    """What client `number` sends; v6 when the destination is."""
    if ":" in destination:
        return IPv6(**{"src": client6(number), "dst": destination, **fields}) / payload
    return IP(**{"src": client(number), "dst": destination, "id": number, **fields}) / payload


def tcp(number, flags="S", to_port=80, destination=cluster.VIP, from_port=None, data=b"", **fields):
    segment = TCP(sport=from_port or port(number), dport=to_port, flags=flags, seq=1000)
    return ethernet(ip(number, segment / Raw(data) if data else segment, destination, **fields))


def udp(number, to_port=53, destination=cluster.VIP, from_port=None, data=b"question", **fields):
    return ethernet(ip(number, UDP(sport=from_port or port(number), dport=to_port) / Raw(data), destination, **fields))


def icmp_error(quoted, number=254, kept=28, destination=cluster.VIP, kind=3, code=4):
    """An error from a router that quotes the first bytes of what the address is said to have sent."""
    return ethernet(ip(number, ICMP(type=kind, code=code) / Raw(bytes(quoted)[:kept]), destination))


def arp(operation, sender, target, sender_mac=CLIENT_MAC, target_mac=ZERO_MAC, destination=BROADCAST_MAC, source=None, **fields):
    body = ARP(op=operation, hwsrc=sender_mac, psrc=sender, hwdst=target_mac, pdst=target, **fields)
    return ethernet(body, destination, source or sender_mac)


def arp_answer(host, address, mac, to_address, to_mac=CLIENT_MAC, asked_by=None):
    """The reply that a host makes of a request: framed with its own station address, with `mac` in the body."""
    return arp(2, address, to_address, mac, to_mac, destination=asked_by or to_mac, source=cluster.STATION[host])


def solicited_node(address):
    """(group, its MAC) that a solicitation for an address is sent to."""
    low = int(address.rsplit(":", 1)[1], 16) & 0xFFFFFF
    return f"ff02::1:ff{low >> 16:02x}:{low & 0xFFFF:x}", f"33:33:ff:{low >> 16:02x}:{low >> 8 & 0xFF:02x}:{low & 0xFF:02x}"


def solicitation(number, target, source=None, option=True, source_mac=CLIENT_MAC, hop_limit=255, **fields):
    group, mac = solicited_node(target)
    body = ICMPv6ND_NS(tgt=target, **fields)
    if option:
        body = body / ICMPv6NDOptSrcLLAddr(lladdr=source_mac)
    return ethernet(IPv6(src=source or client6(number), dst=group, hlim=hop_limit) / body, mac, source_mac)


def advertisement(source, destination, target, mac, to_mac, from_mac, solicited, override=1):
    body = ICMPv6ND_NA(R=0, S=solicited, O=override, tgt=target) / ICMPv6NDOptDstLLAddr(lladdr=mac)
    return ethernet(IPv6(src=source, dst=destination, hlim=255) / body, to_mac, from_mac)


def changed(frame, at, *values):
    """The frame with bytes replaced; negative values count from the end as usual."""
    copy = bytearray(frame)
    for offset, value in enumerate(values):
        copy[at + offset] = value
    return bytes(copy)


def rechecked(frame, at=14):
    """The frame with a right IPv4 header checksum, so that a changed header is judged by what was changed."""
    copy = bytearray(frame)
    copy[at + 10:at + 12] = b"\0\0"
    length = (copy[at] & 15) * 4
    words = sum(int.from_bytes(copy[i:i + 2], "big") for i in range(at, at + length, 2))
    while words >> 16:
        words = (words & 0xFFFF) + (words >> 16)
    copy[at + 10:at + 12] = (~words & 0xFFFF).to_bytes(2, "big")
    return bytes(copy)
