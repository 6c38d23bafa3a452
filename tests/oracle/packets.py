"""Random packets of all kinds, as bytes: built with struct, as a hundred thousand objects of a packet library take too long. Each maker
gives the frames of one small story; most of them are sound, and some are broken afterwards.
"""

import ipaddress
import struct

import cluster
from frames import AH, ESP, GRE, ICMP, ICMP6, TCP, UDP, ones_sum

CLIENT_MAC, CLUSTER_MAC, BROADCAST_MAC = b"\x00\x1b\x21\xaa\xbb\xcc", b"\x02\xbf\xc0\x00\x02\x50", b"\xff" * 6
PORTS = (80, 80, 53, 53, 8080, 8443, 22, 150, 5060, 99, 201)
OUTSIDERS = tuple(ipaddress.ip_address(text).packed for text in ("192.0.2.99", "198.51.100.1"))
OUTSIDER6 = ipaddress.ip_address("2001:db8::99").packed
MARTIANS = tuple(ipaddress.ip_address(text).packed for text in ("0.0.0.0", "0.9.9.9", "127.0.0.1", "224.0.0.9", "255.255.255.255",
                                                                "192.0.2.255", "192.0.2.80"))
MARTIANS6 = tuple(ipaddress.ip_address(text).packed for text in ("::", "::1", "ff02::1", "::ffff:198.51.100.9", "2001:db8::80"))


FOREIGN_MAC = b"\x02\xbf\xc0\x00\x02\x51"  # of another cluster on the segment
TAGS = ((), ((0x8100, 0),), ((0x8100, 0xE000),), ((0x88A8, 0), (0x8100, 0)), ((0x8100, 10),), ((0x88A8, 20), (0x8100, 0)),
        ((0x8100, 0), (0x8100, 10)))
TAG_WEIGHTS = (88, 3, 2, 1, 3, 2, 1)


def ethernet(payload, kind, destination=CLUSTER_MAC, tags=()):
    head = destination + CLIENT_MAC
    for ethertype, number in tags:
        head += struct.pack("!HH", ethertype, number)
    return head + struct.pack("!H", kind) + payload


def checked4(head):
    head = head[:10] + b"\0\0" + head[12:]
    return head[:10] + struct.pack("!H", ~ones_sum(head) & 0xFFFF) + head[12:]


def ip4(source, destination, protocol, payload, number=0, word=0x4000, options=b""):
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), number, word, 64, protocol, 0)
    return checked4(head + source + destination + options) + payload


def ip6(source, destination, kind, payload, hops=64):
    return struct.pack("!IHBB", 6 << 28, len(payload), kind, hops) + source + destination + payload


def tcp(source, destination, flags, data=b""):
    return struct.pack("!HHIIBBHHH", source, destination, 1000, 2000, 0x50, flags, 65535, 0xBEEF, 0) + data


def udp(source, destination, data=b"question"):
    return struct.pack("!HHHH", source, destination, 8 + len(data), 0xBEEF) + data


class Maker:
    def __init__(self, random):
        self.random = random

    # Vocabulary.
    def client(self, family):
        n = self.random.randrange(3000)
        if family == 4:
            return bytes((203, n >> 8, n & 255, self.random.choice((1, 77, 200))))
        return ipaddress.ip_address("2001:db8:c::").packed[:6] + bytes((0, n & 255)) + bytes(6) + struct.pack("!H", n)

    def vip(self, family):
        return cluster.VIPS[2] if family == 6 else self.random.choice(cluster.VIPS[:2])

    def family(self):
        return self.random.choice((4, 4, 6))

    def port(self):
        return self.random.randrange(1024, 65536)

    def link(self):
        """Whom a frame is sent to, and behind which tags."""
        return self.random.choices((CLUSTER_MAC, FOREIGN_MAC), (97, 3))[0], self.random.choices(TAGS, TAG_WEIGHTS)[0]

    def packet(self, family, protocol, payload, source=None, destination=None, link=None, **fields):
        source, destination = source or self.client(family), destination or self.vip(family)
        to, tags = link or self.link()
        if family == 4:
            return ethernet(ip4(source, destination, protocol, payload, **fields), 0x0800, to, tags)
        return ethernet(ip6(source, destination, protocol, payload, **fields), 0x86DD, to, tags)

    # Stories.
    def flow(self):
        family = self.family()
        source, destination, ports = self.client(family), self.vip(family), (self.port(), self.random.choice(PORTS + (1723,)))
        flags = self.random.choice(((2,), (2, 16, 24), (2, 2, 16, 17), (24,), (2, 16, 4, 2), (18,), (0,), (2, 20, 2), (41,)))
        return [self.packet(family, TCP, tcp(*ports, each, bytes(self.random.randrange(40))), source, destination) for each in flags]

    def question(self):
        family = self.family()
        return [self.packet(family, UDP, udp(self.port(), self.random.choice(PORTS), bytes(self.random.randrange(60))))]

    def large(self):
        """Up to a jumbo frame's: what a buffer of the usual MTU does not hold is dropped, whatever it says."""
        family, size = self.family(), self.random.randrange(1500, 8930)
        ports = self.port(), self.random.choice(PORTS)
        body = (TCP, tcp(*ports, 24, bytes(size))) if self.random.random() < 0.5 else (UDP, udp(*ports, bytes(size)))
        return [self.packet(family, *body)]

    def for_one_host(self):
        """A datagram in a frame to a host's own address: the others hear it where the switch floods."""
        family, station = self.family(), self.random.choice(tuple(cluster.STATIONS))
        return [station + self.packet(family, UDP, udp(self.port(), self.random.choice((53, 8080, 9))))[6:]]

    def nameless(self):
        """A DHCP client, or what only looks like one."""
        to = self.random.choice((b"\xff" * 4, b"\xff" * 4, cluster.SUBNET_BROADCAST, b"\xe0\0\0\1", cluster.VIPS[0], OUTSIDERS[0]))
        port = self.random.choices((67, 68, 53), (8, 1, 1))[0]
        word = self.random.choices((0, 0x2000), (9, 1))[0]
        return [ethernet(ip4(bytes(4), to, UDP, udp(68, port, bytes(64)), word=word), 0x0800, BROADCAST_MAC)]

    def ping(self):
        family = self.family()
        kinds = (8, 0, 13) if family == 4 else (128, 129, 133, 134)
        return [self.packet(family, ICMP if family == 4 else ICMP6, struct.pack("!BBHI", self.random.choice(kinds), 0, 0, 7) + bytes(20))]

    def other(self):
        family = self.family()
        return [self.packet(family, self.random.choice((4, 41, 59, 88, 89, 103, 132, 255)), bytes(24))]

    def session(self):
        family = self.family()
        source, destination = self.client(family), self.vip(family)
        return [self.packet(family, *self.session_piece(), source, destination) for _ in range(self.random.randrange(1, 5))]

    def session_piece(self):
        spi = b"\xc1" * 8
        responder, exchange, version, flags = self.random.choice(
            ((bytes(8), 34, 2, 8), (spi, 35, 2, 8), (bytes(8), 2, 1, 0), (spi, 32, 1, 1), (bytes(8), 34, 2, 0x28)))
        ike = spi + responder + struct.pack("!BBBBII", 33, version << 4, exchange, flags, 0, 28)
        return self.random.choice(((UDP, udp(500, 500, ike)), (UDP, udp(self.port(), 4500, bytes(4) + ike)),
                                   (UDP, udp(self.port(), 4500, b"\xca\xfe\0\1" + bytes(30))), (UDP, udp(4500, 4500, b"\xff")),
                                   (ESP, b"\xca\xfe\0\1" + bytes(self.random.randrange(2, 40))),
                                   (AH, b"\6\4\0\0" + bytes(self.random.randrange(6, 40))),
                                   (GRE, b"\x30\1\x88\x0b" + bytes(20)), (TCP, tcp(self.port(), 1723, 2))))

    def error(self):
        family = self.family()
        client, vip, about = self.client(family), self.vip(family), self.random.choice((TCP, UDP, UDP, ESP, GRE, AH, 132))
        ours = self.random.choice(PORTS + (500, 4500))
        body = tcp(ours, self.port(), 16) if about == TCP else udp(ours, self.port()) if about == UDP else bytes(20)
        origin = self.random.choices((vip, OUTSIDERS[0] if family == 4 else OUTSIDER6), (9, 1))[0]
        later = self.random.random() < 0.1
        if family == 4:
            quoted = ip4(origin, client, about, body, word=0x2005 if later else 0)
            kind, kept = self.random.choice((3, 3, 4, 5, 11, 12)), self.random.choice((28, 28, 24, 23, 12, 60))
        else:
            extension = self.random.random() < 0.2
            quoted = ip6(origin, client, 60 if extension else about, (bytes((about, 0)) + b"\1\4\0\0\0\0" if extension else b"") + body)
            kind, kept = self.random.choice((1, 2, 3, 4)), self.random.choice((48, 56, 80, 43, 30))
        error = struct.pack("!BBHI", kind, 0, 0, 1280) + quoted[:kept]
        return [self.packet(family, ICMP if family == 4 else ICMP6, error, OUTSIDERS[1] if family == 4 else OUTSIDER6, vip)]

    def datagram(self):
        """Pieces of a datagram, in order or not; sometimes one twice, one too few, or one that overlaps."""
        family = self.family()
        source, destination, number = self.client(family), self.vip(family), self.random.randrange(1 << (16 if family == 4 else 32))
        protocol, data = self.random.choice(((UDP, udp(self.port(), self.random.choice(PORTS + (500,)), bytes(800))),
                                             (UDP, udp(self.port(), 53, bytes(self.random.randrange(200, 900)))),
                                             (TCP, tcp(self.port(), 80, 2, bytes(700))),
                                             (ICMP if family == 4 else ICMP6, struct.pack("!BBHI", 8 if family == 4 else 128, 0, 0, 7)
                                              + bytes(600))))
        step = 8 * self.random.randrange(5, 60)
        pieces = [(at, min(step, len(data) - at)) for at in range(0, len(data), step)]
        fault = self.random.choices(("", "twice", "missing", "overlap", "beyond"), (90, 4, 2, 2, 2))[0]
        if fault == "twice":
            pieces.append(self.random.choice(pieces))
        elif fault == "missing" and len(pieces) > 1:
            pieces.remove(self.random.choice(pieces))
        elif fault == "overlap":
            pieces.append((8 * self.random.randrange(len(data) // 8), 8))
        elif fault == "beyond":
            pieces.append((self.random.choice((len(data) // 8 * 8 + 8, 65528)), self.random.choice((3, 7, 8, 64))))
        if self.random.random() < 0.5:
            self.random.shuffle(pieces)
        link = self.link()
        return [self.piece(link, family, source, destination, protocol, number, data, *each) for each in pieces]

    def piece(self, link, family, source, destination, protocol, number, data, at, size):
        more, part = at + size < len(data), data[at:at + size].ljust(size, b"\0")
        if family == 4:
            return self.packet(4, protocol, part, source, destination, link, number=number, word=at // 8 | (0x2000 if more else 0))
        return self.packet(6, 44, struct.pack("!BBHI", protocol, 0, at | more, number) + part, source, destination, link)

    def options(self):
        if self.random.random() < 0.4:
            return [self.packet(4, TCP, tcp(self.port(), 80, 2), options=b"\1" * 4 * self.random.randrange(1, 11))]
        kinds = [self.random.choice((60, 43, 0, 60, 44)) for _ in range(self.random.randrange(1, 11))]
        if self.random.random() < 0.8:
            kinds = [kind for kind in kinds if kind not in (0, 44)] or [60]
        body = b""
        for kind, following in zip(kinds, kinds[1:] + [TCP]):
            body += bytes((following, 0)) + (bytes(6) if kind == 44 else bytes((self.random.choice((0, 0, 4)), 0, 0, 0, 0, 0)))
        return [self.packet(6, kinds[0], body + tcp(self.port(), 80, 2))]

    def elsewhere(self):
        family = self.family()
        known = [address for address in cluster.DEDICATED if len(address) == (4 if family == 4 else 16)]
        groups = ((b"\xe0\0\0\xfb", b"\xff" * 4, cluster.SUBNET_BROADCAST, OUTSIDERS[0]) if family == 4
                  else (b"\xff\2" + bytes(13) + b"\xfb", OUTSIDER6))
        return [self.packet(family, UDP, udp(self.port(), 5353), destination=self.random.choice(known + list(groups)))]

    def link_local(self):
        destination = self.random.choice((*cluster.STATIONS, CLUSTER_MAC))
        inside = ipaddress.ip_address("fe80::b00:1").packed
        solicited = bytes.fromhex("ff0200000000000000000001ff") + inside[13:]
        kind = self.random.choice((UDP, 135, 135, 136))
        if kind == UDP:
            return [destination + ethernet(ip6(OUTSIDER6, inside, UDP, udp(547, 546)), 0x86DD)[6:]]
        to = self.random.choice((inside, inside, solicited)) if kind == 135 else inside
        return [destination + self.message(OUTSIDER6, to, kind, inside if kind == 135 else OUTSIDER6, b"", 0x60 * (kind == 136), 255)[6:]]

    def martian(self):
        family = self.family()
        source = self.random.choice(MARTIANS if family == 4 else MARTIANS6)
        destination = self.random.choices((None, b"\x7f\0\0\1" if family == 4 else bytes(15) + b"\1"), (8, 1))[0]
        return [self.packet(family, TCP, tcp(self.port(), 80, 2), source, destination)]

    def arp(self):
        addresses = [address for address in (*cluster.VIPS, *cluster.DEDICATED, *OUTSIDERS, bytes(4)) if len(address) == 4]
        sender = self.random.choice(addresses + [self.client(4)] * 10)
        body = b"\0\1\x08\0\6\4" + struct.pack("!H", self.random.choice((1, 1, 1, 2, 2, 3))) + CLIENT_MAC + sender + bytes(6)
        return [ethernet(body + self.random.choice(addresses + [sender]), 0x0806, BROADCAST_MAC)]

    def neighbour(self):
        targets = [address for address in (*cluster.VIPS, *cluster.DEDICATED, OUTSIDER6) if len(address) == 16]
        target, kind = self.random.choice(targets), self.random.choice((135, 135, 136))
        group = bytes.fromhex("ff0200000000000000000001ff") + target[13:]
        destination = group if kind == 135 else self.random.choice(targets + [b"\xff\2" + bytes(13) + b"\1"])
        source = self.random.choices((self.client(6), bytes(16)), (4, 1))[0]
        option = self.random.choice((b"", bytes((1 if kind == 135 else 2, 1)) + CLIENT_MAC, b"\1\0" + CLIENT_MAC))
        flags = self.random.choice((0, 0x60, 0x20)) if kind == 136 else 0
        return [self.message(source, destination, kind, target, option, flags, self.random.choice((255, 255, 255, 64)))]

    def message(self, source, destination, kind, target, option, flags, hops):
        """A neighbour solicitation or advertisement, now and then with a wrong checksum."""
        message = struct.pack("!BBHI", kind, 0, 0, flags << 24) + target + option
        pseudo = source + destination + struct.pack("!II", len(message), ICMP6)
        total = ~ones_sum(pseudo + message) & 0xFFFF
        message = message[:2] + struct.pack("!H", total ^ (self.random.random() < 0.1)) + message[4:]
        return ethernet(ip6(source, destination, ICMP6, message, hops=hops), 0x86DD)

    def stranger(self):
        kind = self.random.choice((0x88B5, 0x88B6, 0x88CC, 0x8847, 0x0026, 0x8035))
        tags = self.random.choice(((), ((0x8100, 10),), ((0x8100, 0xE000),), ((0x88A8, 1), (0x8100, 2), (0x8100, 3))))
        return [ethernet(bytes(40), kind, BROADCAST_MAC, tags)]

    # Damage.
    def broken(self, frame):
        """A frame that was cut, or some of whose bytes were changed; often with the header checksum made right again."""
        if self.random.random() < 0.25:
            return frame[:self.random.randrange(len(frame))]
        copy = bytearray(frame)
        for _ in range(self.random.randrange(1, 4)):
            telling = (0, 1, 4, 6, 17, 44, 58, 60, 255, self.random.randrange(256))
            copy[self.random.randrange(12, min(len(copy), 90))] = self.random.choice(telling)
        if copy[12:14] == b"\x08\0" and self.random.random() < 0.8:
            head = (copy[14] & 15) * 4
            if 20 <= head <= len(copy) - 14:
                copy[14:14 + head] = checked4(bytes(copy[14:14 + head]))
        return bytes(copy)


KINDS = (("flow", 30), ("question", 15), ("ping", 4), ("other", 3), ("session", 8), ("error", 8), ("datagram", 6), ("options", 5),
         ("elsewhere", 5), ("martian", 3), ("arp", 4), ("neighbour", 4), ("link_local", 2), ("stranger", 2),
         ("for_one_host", 2), ("nameless", 2), ("large", 1))
BROKEN = 0.12


def make(random, count):
    """`count` frames: the frames of a story stay in their order, but stories run into each other."""
    maker, names, weights = Maker(random), [name for name, _ in KINDS], [weight for _, weight in KINDS]
    open_stories, made = [], []
    while len(made) < count:
        while len(open_stories) < 40:
            story = getattr(maker, random.choices(names, weights)[0])()
            if len(story) == 1 and random.random() < BROKEN:
                story = [maker.broken(story[0])]
            open_stories.append(story)
        story = random.choice(open_stories)
        made.append(story.pop(0))
        if not story:
            open_stories.remove(story)
    return made
