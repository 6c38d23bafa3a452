"""What a frame is, read from its bytes by the RFCs and by nothing of the product: the oracle's own parser.
It decides no ownership; it gives a Packet, or the reason why the frame is nobody's.
"""

import struct
from dataclasses import dataclass

import cluster

TCP, UDP, ICMP, IGMP, ICMP6, GRE, ESP, AH, FRAGMENT = 6, 17, 1, 2, 58, 47, 50, 51, 44
EXTENSIONS = (0, 43, 44, 60)
EXTENSIONS_MAX = 8
DATAGRAM_MAX = 65535
IPSEC_PORTS = (500, 4500)
PPTP_PORT = 1723
MAPPED = bytes(10) + b"\xff\xff"
LOOPBACK6 = bytes(15) + b"\1"


class Nobody(Exception):
    """The frame is dropped (or used) by every host alike, for this reason."""

    def __init__(self, reason, verdict="drop"):
        super().__init__(reason)
        self.reason, self.verdict = reason, verdict


@dataclass
class Fragment:
    number: int
    offset: int
    size: int
    last: bool


@dataclass
class Packet:
    """A sound IP packet. For an ICMP error client, address, protocol and ports are those of the flow that it quotes."""
    family: int
    source: bytes
    destination: bytes
    protocol: int
    client: bytes = b""
    client_port: int = 0
    port: int = 0           # of our address
    has_ports: bool = False
    flags: int = 0          # TCP
    error: bool = False
    session: str = ""       # "ipsec" or "gre"
    begins: bool = False    # an IKE initiation
    fragment: Fragment = None
    station: str = ""       # the host whose address the frame was sent to
    neighbour: tuple = None  # (bytes of the message, hop limit) of a neighbour solicitation or advertisement


def ones_sum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def link(frame):
    """(ethertype, what follows it, the VLAN's number or 0)"""
    at, tags, vlan = 12, 0, 0
    while (kind := int.from_bytes(frame[at:at + 2], "big")) in (0x8100, 0x88A8):
        if tags == 2:
            raise Nobody("vlan_depth")
        at, tags = at + 4, tags + 1
        if len(frame) < at + 2:
            raise Nobody("truncated")
        vlan = vlan or int.from_bytes(frame[at - 2:at], "big") % 4096
    return kind, frame[at + 2:], vlan


def chain(data, kind):
    """Walks IPv6 extension headers: (protocol, offset, fragment or None, where its data begins). Nobody tells what is wrong; its
    attribute `first` says whether a first fragment was begun."""
    at, count, fragment, begin = 0, 0, None, 0
    while kind in EXTENSIONS:
        wrong = Nobody("fragment_tiny" if fragment and fragment.offset == 0 and not fragment.last else "ip_extension_headers")
        if count == EXTENSIONS_MAX or (kind == 0 and at) or (kind == FRAGMENT and fragment):
            raise wrong
        size = 8 if kind == FRAGMENT or at + 2 > len(data) else (data[at + 1] + 1) * 8
        if at + 8 > len(data) or at + size > len(data) or (kind == 43 and data[at + 2] == 0 and data[at + 3]):
            raise wrong
        if kind == FRAGMENT:
            word, number = struct.unpack("!HI", data[at + 2:at + 8])
            fragment, begin = Fragment(number, word & 0xFFF8, 0, not word & 1), at + 8
        kind, at, count = data[at], at + size, count + 1
        if fragment and fragment.offset:
            break
    return kind, at, fragment, begin


def judge_fragment(packet):
    fragment = packet.fragment
    if fragment.offset + fragment.size > DATAGRAM_MAX:
        raise Nobody("ip_total_length")
    if not fragment.size or (not fragment.last and fragment.size % 8):
        raise Nobody("fragment_malformed")
    if packet.protocol == TCP and fragment.offset == 8:
        raise Nobody("fragment_tiny")


def body(packet, data):
    """The transport header, of a whole packet or of its first fragment."""
    first = packet.fragment is not None
    try:
        transport(packet, data, first)
    except Nobody as nobody:
        raise Nobody("fragment_tiny") if first and nobody.reason == "transport_header" else nobody
    if first:
        judge_fragment(packet)


def asks_for_address(data, head, total, word):
    """A whole datagram to a DHCP or BOOTP server, which everybody hears."""
    segment, to = data[head:total], data[16:20]
    heard = to == b"\xff" * 4 or to[0] >> 4 == 14 or to == cluster.SUBNET_BROADCAST
    sound = len(segment) >= 8 and 8 <= int.from_bytes(segment[4:6], "big") <= len(segment)
    return data[9] == UDP and not word & 0x3FFF and heard and sound and segment[2:4] == b"\0\x43"


def ipv4(data):
    if len(data) < 20:
        raise Nobody("truncated")
    if data[0] >> 4 != 4:
        raise Nobody("ip_version")
    head = (data[0] & 15) * 4
    if head < 20 or head > len(data):
        raise Nobody("ip_header_length")
    total, number, word = struct.unpack("!HHH", data[2:8])
    if total < head or total > len(data):
        raise Nobody("ip_total_length")
    if ones_sum(data[:head]) != 0xFFFF:
        raise Nobody("ip_checksum")
    source, destination = data[12:16], data[16:20]
    querier = data[9] == IGMP and destination[0] >> 4 == 14
    if source[0] == 0 and not (source == bytes(4) and (querier or asks_for_address(data, head, total, word))):
        raise Nobody("martian_unspecified")
    if source == bytes(4) and data[9] == UDP:
        return Packet(4, source, destination, data[9], client=source)
    if 127 in (source[0], destination[0]):
        raise Nobody("martian_loopback")
    if source[0] >> 4 == 14:
        raise Nobody("martian_multicast")
    if source == b"\xff" * 4:
        raise Nobody("martian_broadcast")
    if source == destination:
        raise Nobody("martian_land")
    packet = Packet(4, source, destination, data[9], client=source)
    offset, more = (word & 0x1FFF) * 8, bool(word & 0x2000)
    if offset or more:
        packet.fragment = Fragment(number, offset, total - head, not more)
    if offset:
        judge_fragment(packet)
    else:
        body(packet, data[head:total])
    return packet


def ipv6(data):
    if len(data) < 40:
        raise Nobody("truncated")
    if data[0] >> 4 != 6:
        raise Nobody("ip_version")
    total = 40 + int.from_bytes(data[4:6], "big")
    if total > len(data):
        raise Nobody("ip_total_length")
    source, destination = data[8:24], data[24:40]
    check_addresses6(source, destination)
    kind, at, fragment, begin = chain(data[40:total], data[6])
    packet = Packet(6, source, destination, kind, client=source)
    if fragment and not (fragment.offset == 0 and fragment.last):
        fragment.size = total - 40 - begin
        packet.fragment = fragment
    if packet.fragment and fragment.offset:
        judge_fragment(packet)
        return packet
    body(packet, data[40 + at:total])
    if kind == ICMP6 and data[40 + at] in (135, 136):
        packet.neighbour = (data[40 + at:total], data[7])
    return packet


def check_addresses6(source, destination):
    if source == bytes(16):
        if destination[0] != 0xFF:
            raise Nobody("martian_unspecified")
        return
    if source[0] == 0xFF:
        raise Nobody("martian_multicast")
    if LOOPBACK6 in (source, destination):
        raise Nobody("martian_loopback")
    if MAPPED in (source[:12], destination[:12]):
        raise Nobody("martian_mapped")
    if source == destination:
        raise Nobody("martian_land")


def transport(packet, data, first):
    kind, malformed = packet.protocol, Nobody("transport_header")
    if kind == TCP:
        if len(data) < 20 or not 20 <= (data[12] >> 4) * 4 <= len(data):
            raise malformed
        take_ports(packet, data)
        packet.flags = data[13]
    elif kind == UDP:
        if len(data) < 8 or (size := int.from_bytes(data[4:6], "big")) < 8 or (not first and size > len(data)):
            raise malformed
        take_ports(packet, data)
        if packet.port in IPSEC_PORTS:
            packet.session, packet.begins = "ipsec", initiates(packet.port, data[8:])
    elif (packet.family, kind) in ((4, ICMP), (6, ICMP6)):
        if len(data) < 8:
            raise malformed
        if data[0] in ((3, 4, 5, 11, 12) if kind == ICMP else range(128)):
            try:
                quoted(packet, data[8:])
            except Nobody:  # of an unknown type nobody knows what it should look like
                if kind == ICMP or data[0] in (1, 2, 3, 4):
                    raise
                packet.error, packet.client, packet.protocol, packet.session = False, packet.source, ICMP6, ""
    elif kind in (GRE, ESP, AH):
        if len(data) < {GRE: 4, ESP: 8, AH: 12}[kind]:
            raise malformed
        packet.session = "gre" if kind == GRE else "ipsec"


def take_ports(packet, data):
    packet.client_port, packet.port = struct.unpack("!HH", data[:4])
    packet.has_ports = True


def initiates(port, data):
    """RFC 7296 3.1 and RFC 2408 3.1: a first message has no responder yet."""
    if port == 4500:
        if data[:4] != bytes(4):
            return False
        data = data[4:]
    if len(data) < 28 or data[:8] == bytes(8) or data[8:16] != bytes(8):
        return False
    version, exchange, flags = data[17] >> 4, data[18], data[19]
    return (version == 1 and exchange in (2, 4)) or (version == 2 and exchange == 34 and flags & 0x28 == 0x08)


def quoted(packet, data):
    """An ICMP error about what our address sent takes on the name of that flow."""
    unreadable = Nobody("transport_header")
    if packet.family == 4:
        head = (data[0] & 15) * 4 if data else 0
        if len(data) < 20 or data[0] >> 4 != 4 or not 20 <= head <= len(data):
            raise unreadable
        source, destination, kind, at = data[12:16], data[16:20], data[9], head
        later = bool(int.from_bytes(data[6:8], "big") & 0x1FFF)
    else:
        if len(data) < 40 or data[0] >> 4 != 6:
            raise unreadable
        try:
            kind, at, fragment, _ = chain(data[40:], data[6])
        except Nobody:
            raise unreadable from None
        source, destination, at, later = data[8:24], data[24:40], 40 + at, bool(fragment and fragment.offset)
    if source != packet.destination:
        return
    packet.error, packet.client, packet.protocol = True, destination, kind
    if kind in (GRE, ESP, AH):
        packet.session = "gre" if kind == GRE else "ipsec"
    if later or kind not in (TCP, UDP):
        return
    if len(data) - at < 4:
        raise unreadable
    packet.port, packet.client_port = struct.unpack("!HH", data[at:at + 4])
    packet.has_ports = True
    if kind == UDP and packet.port in IPSEC_PORTS:
        packet.session = "ipsec"
