"""Says of each frame what every host of the cluster must do with it, and why; it remembers flows, sessions and datagrams as the
specification tells. It shares no code with the product and never looks at its answers.
"""

from dataclasses import dataclass, replace

import cluster
import frames
from frames import Nobody

WAIT_NS = 1_000_000_000
FRAME_ROOM = 2048  # of a buffer, at an MTU of 1,500
SYN, FIN, RST, ACK = 2, 1, 4, 16
TABLE = {"datagrams": 512, "waiting": 256, "frames": 64}  # what a host remembers at most; the packets must stay below


@dataclass
class Answer:
    """With an owner: it does `verdict` `reason`, and the others reject (or else `rest_verdict`) with `rest`. Without: all do the same."""
    verdict: str
    reason: str
    owner: str = ""
    rest: str = ""
    rule: str = ""
    bucket: int = -1
    rest_verdict: str = "reject"
    station: str = ""  # the only host that the frame was sent to

    def at(self, host):
        if self.station not in ("", host):
            return "drop", "other_station"
        if not self.owner:
            return self.verdict, self.reason
        return (self.verdict, self.reason) if host == self.owner else (self.rest_verdict, self.rest)

    def follower(self):
        """What the later fragments of a datagram become whose first one has this answer."""
        if not self.owner:
            return Answer(self.verdict, self.reason, rule=self.rule, bucket=self.bucket)
        return Answer("accept", "fragment_followed", self.owner, self.rest, self.rule, self.bucket)


def drop(reason, like=None):
    return Answer("drop", reason, rule=like.rule if like else "", bucket=like.bucket if like else -1)


def is_link_local(address):
    return len(address) == 16 and address[0] == 0xFE and address[1] & 0xC0 == 0x80


class Datagram:
    def __init__(self, born):
        self.born, self.answer, self.waiting = born, None, []
        self.pieces, self.end, self.spoiled = {}, None, False

    def add(self, offset, size, last):
        """"fresh", "duplicate" or "conflict"; pieces are compared one by one."""
        until = offset + size
        if self.pieces.get(offset) == (until, last):
            return "duplicate"
        for start, (stop, _) in self.pieces.items():
            if offset < -(-stop // 8) * 8 and start < -(-until // 8) * 8:
                return "conflict"
        if self.end is not None and (last or until > self.end):
            return "conflict"
        if last and any(stop > until for stop, _ in self.pieces.values()):
            return "conflict"
        self.pieces[offset] = (until, last)
        if last:
            self.end = until
        return "fresh"

    def whole(self):
        return self.end is not None and sum(stop - start for start, (stop, _) in self.pieces.items()) == self.end


class Oracle:
    def __init__(self):
        self.answers = []  # by packet; those of fragments that wait are put in later
        self.stations = []  # by packet
        self.flows, self.sessions, self.datagrams = set(), set(), {}

    def see(self, frame, now):
        self.answers.append(None)
        try:
            answer = self.decide(frame, now)
        except Nobody as nobody:
            answer = Answer(nobody.verdict, nobody.reason)
        self.answers[-1] = answer
        self.stations.append(cluster.STATIONS.get(frame[:6], "") if len(frame) >= 14 else "")

    def finish(self):
        for datagram in self.datagrams.values():
            self.release(datagram, drop("fragment_unmatched"))
        self.answers = [replace(answer, station=station) for answer, station in zip(self.answers, self.stations)]

    def decide(self, frame, now):
        if len(frame) > FRAME_ROOM:
            raise Nobody("too_large")
        if len(frame) < 14:
            raise Nobody("truncated")
        if not frame[0] & 1 and frame[:6] != cluster.CLUSTER_MAC and frame[:6] not in cluster.STATIONS:
            raise Nobody("other_station")
        kind, data, vlan = frames.link(frame)
        if kind == 0x88B5:
            return Answer("consume", "heartbeat_other_vlan" if vlan else "heartbeat")
        if vlan:
            raise Nobody("other_vlan")
        if kind == 0x0806:
            return self.arp(data)
        if kind not in (0x0800, 0x86DD):
            raise Nobody("ethertype")
        packet = frames.ipv4(data) if kind == 0x0800 else frames.ipv6(data)
        packet.station = cluster.STATIONS.get(frame[:6], "")
        if packet.neighbour:
            return self.neighbour(packet)
        return self.destination(packet, now)

    def destination(self, packet, now):
        if not packet.error and packet.source == cluster.SUBNET_BROADCAST:
            raise Nobody("martian_broadcast")
        to = packet.destination
        if to[0] >> 4 == 14 if len(to) == 4 else to[0] == 0xFF:
            return Answer("accept", "multicast")
        if to in (b"\xff" * 4, cluster.SUBNET_BROADCAST):
            return Answer("accept", "broadcast")
        if to in cluster.DEDICATED:
            return Answer("accept", "dedicated", cluster.DEDICATED[to], "other_host")
        if to not in cluster.VIPS:
            return self.link_local(packet, "not_our_address")
        if packet.fragment and packet.fragment.offset:
            return self.later_fragment(packet, now)
        answer = self.balanced(packet)
        if packet.fragment and not packet.error:
            return self.first_fragment(packet, answer, now)
        return answer

    def balanced(self, packet):
        """Rule, bucket, owner and descriptor."""
        if packet.session:
            rule = cluster.rule_of(packet.destination, *(("udp", 500) if packet.session == "ipsec" else ("tcp", frames.PPTP_PORT)))
        elif packet.has_ports:
            rule = cluster.rule_of(packet.destination, {frames.TCP: "tcp", frames.UDP: "udp"}[packet.protocol], packet.port)
        else:
            rule = None
        name = rule.name if rule else "default"
        if rule and rule.mode == "disabled":
            return Answer("drop", "rule_disabled", rule=name)
        affinity = rule.affinity if rule else "single"
        client = cluster.network_of(packet.client) if affinity == "network" else packet.client
        spread = affinity == "none" and not packet.session
        bucket = cluster.bucket_of(client, packet.client_port if spread else 0)
        owner = cluster.OWNERS[name][bucket]
        return Answer("accept", self.track(packet, affinity), owner, "not_owner", name, bucket)

    def track(self, packet, affinity):
        """The owner's reason. Buckets do not move here, so no other host has descriptors."""
        if packet.session:
            key = (packet.session, packet.client, packet.destination)
            if packet.error or key in self.sessions:
                return "owner"
            self.sessions.add(key)
            return "new_flow"
        if packet.protocol != frames.TCP or not packet.has_ports:
            return "owner"
        key = (packet.client, packet.client_port, packet.destination, packet.port)
        if packet.error:
            return "owner"
        if packet.flags & (SYN | ACK | RST | FIN) == SYN:
            if packet.port == frames.PPTP_PORT and affinity != "none":
                self.sessions.add(("gre", packet.client, packet.destination))
            known = key in self.flows
            self.flows.add(key)
            return "owner" if known else "new_flow"
        if packet.flags & RST:
            self.flows.discard(key)
        return "owner"

    # Fragments.
    def datagram(self, packet, now):
        key = (packet.source, packet.destination, packet.fragment.number, packet.protocol if packet.family == 4 else 0)
        for old, datagram in list(self.datagrams.items()):
            if datagram.answer is None and not datagram.spoiled and datagram.born + WAIT_NS <= now:
                self.release(datagram, drop("fragment_unmatched"))
                del self.datagrams[old]
        if key not in self.datagrams:
            self.datagrams[key] = Datagram(now)
            assert len(self.datagrams) < TABLE["datagrams"], "the packets overfill the table; make fewer broken datagrams"
        return key, self.datagrams[key]

    def release(self, datagram, answer):
        for place in datagram.waiting:
            self.answers[place] = answer
        datagram.waiting = []

    def spoil(self, datagram):
        datagram.spoiled = True
        self.release(datagram, drop("fragment_overlap", datagram.answer))

    def first_fragment(self, packet, answer, now):
        key, datagram = self.datagram(packet, now)
        fit = "conflict" if datagram.spoiled else datagram.add(0, packet.fragment.size, False)
        if fit == "duplicate":
            return drop("fragment_duplicate", answer)
        if fit == "conflict":
            self.spoil(datagram)
            return drop("fragment_overlap", answer)
        datagram.answer = answer.follower()
        self.release(datagram, datagram.answer)
        if datagram.whole():
            del self.datagrams[key]
        return answer

    def later_fragment(self, packet, now):
        key, datagram = self.datagram(packet, now)
        fragment = packet.fragment
        fit = "conflict" if datagram.spoiled else datagram.add(fragment.offset, fragment.size, fragment.last)
        if fit == "duplicate":
            return drop("fragment_duplicate")
        if fit == "conflict":
            self.spoil(datagram)
            return drop("fragment_overlap")
        if datagram.answer is None:
            datagram.waiting.append(len(self.answers) - 1)
            assert len(datagram.waiting) <= TABLE["frames"]
            return None
        if datagram.whole():
            del self.datagrams[key]
        return datagram.answer

    @staticmethod
    def link_local(packet, unknown, address=None):
        """Inside stacks have link-local addresses of their own; whose one is meant is told by the frame's destination."""
        if not packet.station or not is_link_local(address or packet.destination):
            raise Nobody(unknown)
        return Answer("accept", "link_local", packet.station, unknown, rest_verdict="drop")

    # Neighbours.
    @staticmethod
    def who_answers(target, answered, unknown):
        if target in cluster.VIPS:
            return Answer("consume", answered, cluster.DEFAULT_HOST, "not_default_host")
        if target in cluster.DEDICATED:
            return Answer("consume", answered, cluster.DEDICATED[target], "other_host")
        raise Nobody(unknown)

    def arp(self, data):
        if len(data) < 28 or data[:6] != b"\0\1\x08\0\6\4" or data[6:8] not in (b"\0\1", b"\0\2"):
            raise Nobody("arp_malformed")
        reply, sender, target = data[7] == 2, data[14:18], data[24:28]
        if not reply and sender != target:
            return self.who_answers(target, "arp_answered", "arp_not_ours")
        if sender in cluster.VIPS:
            raise Nobody("virtual_announcement")
        if sender == target:
            return Answer("accept", "neighbour_reply")
        if target in cluster.VIPS:
            return Answer("accept", "neighbour_reply")
        if target in cluster.DEDICATED:
            return Answer("accept", "neighbour_reply", cluster.DEDICATED[target], "arp_not_ours", rest_verdict="drop")
        raise Nobody("arp_not_ours")

    def neighbour(self, packet):
        message, hops = packet.neighbour
        malformed = Nobody("nd_malformed")
        if packet.fragment or len(message) < 24 or hops != 255 or message[1] or message[8] == 0xFF:
            raise malformed
        pseudo = packet.source + packet.destination + len(message).to_bytes(4, "big") + bytes(3) + bytes((frames.ICMP6,))
        if frames.ones_sum(pseudo + message) != 0xFFFF:
            raise malformed
        asks, at, has_option = message[0] == 135, 24, False
        while at < len(message):
            size = message[at + 1] * 8 if at + 2 <= len(message) else 0
            if not size or at + size > len(message):
                raise malformed
            has_option |= message[at] == (1 if asks else 2) and size == 8
            at += size
        if asks:
            return self.solicitation(packet, message[8:24], has_option)
        return self.advertisement(packet, message[8:24], bool(message[4] & 0x40))

    def solicitation(self, packet, target, has_option):
        group = bytes.fromhex("ff0200000000000000000001ff")
        if packet.source == bytes(16) and (has_option or packet.destination[:13] != group):
            raise Nobody("nd_malformed")
        if not is_link_local(target):
            return self.who_answers(target, "nd_answered", "nd_not_ours")
        if packet.destination[0] == 0xFF:
            return Answer("accept", "multicast")
        return self.link_local(packet, "nd_not_ours", target)

    @staticmethod
    def advertisement(packet, target, solicited):
        to_group = packet.destination[0] == 0xFF
        if to_group and solicited:
            raise Nobody("nd_malformed")
        if target in cluster.VIPS:
            raise Nobody("virtual_announcement")
        if to_group or packet.destination in cluster.VIPS:
            return Answer("accept", "neighbour_reply")
        if packet.destination in cluster.DEDICATED:
            return Answer("accept", "neighbour_reply", cluster.DEDICATED[packet.destination], "other_host")
        return Oracle.link_local(packet, "nd_not_ours")
