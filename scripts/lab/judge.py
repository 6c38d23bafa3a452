"""Reads a capture as it grows and judges it: SYNs that two hosts answered, spans without an answer, connections that were cut.

Pure: segments in, findings out. It believes nothing that a program says of itself; who was touched by which event is asked
only when a finding is to be explained (see chaos.py).
"""

import collections
import dataclasses
import struct

SYN, RST, FIN, ACK = 2, 4, 1, 16
SERVER_PORT = 80
ANSWER_SECONDS = 1.0  # a SYN that nobody answered for so long stays unanswered
LAST_SECONDS = 0.1
MEMORY_SECONDS = 5.0  # a SYN is remembered that long after its last transmission


@dataclasses.dataclass(slots=True)
class Segment:
    """A TCP packet over IPv4 between a client and the cluster; `host` is None when the client sent it."""

    time: float
    host: str | None
    client: bytes
    client_port: int
    flags: int
    sequence: int
    acknowledged: int
    stamp: int | None = None  # a SYN's time stamp, or the one that its answer echoes (RFC 7323): it tells transmissions of one SYN apart


def segments(frames, client_bridge_port="clients"):
    for frame in frames:
        packet = frame.payload
        if frame.ethertype != 0x0800 or len(packet) < 20 or packet[9] != 6:
            continue
        start = (packet[0] & 15) * 4
        if len(packet) < start + 14:
            continue
        source, destination, sequence, acknowledged, _, flags = struct.unpack_from(">HHIIBB", packet, start)
        if frame.port == client_bridge_port and destination == SERVER_PORT:
            stamp = _stamp(packet, start, 4) if flags & SYN else None
            yield Segment(frame.time, None, packet[12:16], source, flags, sequence, acknowledged, stamp)
        elif frame.port != client_bridge_port and source == SERVER_PORT:
            stamp = _stamp(packet, start, 8) if flags & SYN else None
            yield Segment(frame.time, frame.port, packet[16:20], destination, flags, sequence, acknowledged, stamp)


def _stamp(packet, start, offset):
    """Four bytes of the time stamp option of a TCP header; None when it bears none."""
    at, end = start + 20, min(len(packet), start + (packet[start + 12] >> 4) * 4)
    while at + 1 < end and packet[at] != 0:
        if packet[at] == 8 and at + 10 <= end:
            return struct.unpack_from(">I", packet, at + offset - 2)[0]
        at += 1 if packet[at] == 1 else max(2, packet[at + 1])
    return None


@dataclasses.dataclass(slots=True)
class Double:
    """One transmission of a SYN that several hosts answered, each with a SYN-ACK or an RST."""

    time: float
    client: bytes
    client_port: int
    hosts: list


class Answers:
    """Who answered each transmission of each SYN.

    A repeated SYN is a transmission of its own: whom a fault kept from being heard may have answered the first, and his successor
    the second. Time stamps say which one was answered, however late. Where there are none only a host's first answer counts, to the
    last transmission before it, because kernels repeat SYN-ACKs on their own; probes are never repeated.
    """

    def __init__(self):
        self.doubles = []
        self.transmissions = 0
        self.answered = 0
        self._known = collections.OrderedDict()  # key: [time, hosts so far, hosts of the last transmission, {stamp: its hosts}]

    def feed(self, segment):
        if segment.host is None:
            if segment.flags & (SYN | ACK) == SYN:
                self._sent(segment)
        elif segment.flags & (SYN | RST):
            self._answered(segment)

    def _sent(self, segment):
        key = (segment.client, segment.client_port, segment.sequence)
        self.transmissions += 1
        entry = self._known.pop(key, None) or [0.0, set(), set(), {}]
        hosts = set()
        if segment.stamp is not None:
            entry[3][segment.stamp] = hosts
        self._known[key] = [segment.time, entry[1], hosts, entry[3]]
        while self._known and next(iter(self._known.values()))[0] < segment.time - MEMORY_SECONDS:
            self._known.popitem(last=False)

    def _answered(self, segment):
        key = (segment.client, segment.client_port, (segment.acknowledged - 1) & 0xFFFFFFFF)
        entry = self._known.get(key)
        if entry is None:
            return
        hosts = entry[3].get(segment.stamp)
        if hosts is None:
            if segment.host in entry[1]:
                return
            hosts = entry[2]
        if segment.host in hosts:
            return
        self.answered += not hosts
        entry[1].add(segment.host)
        hosts.add(segment.host)
        if len(hosts) > 1:
            self.doubles.append(Double(segment.time, segment.client, segment.client_port, sorted(hosts)))


@dataclasses.dataclass(slots=True)
class Window:
    """A client's span without an answer, or its change from one host to another, which may cost no answer at all.

    It lasts from the first SYN that nobody answered to the next one that somebody did: at most one probe interval longer than the
    truth, and at most one shorter."""

    begin: float
    end: float
    client: bytes
    before: str | None
    after: str
    lost: int

    def milliseconds(self):
        return (self.end - self.begin) * 1000 if self.lost else 0.0


class Windows:
    """Follows probed clients, each of which sends a new SYN every few milliseconds from a port below `ports_end`."""

    def __init__(self, clients, ports_end):
        self.windows = []
        self.never_ended = {}
        self._ports_end = ports_end
        self._pending = {client: collections.OrderedDict() for client in clients}  # (port, sequence): [time, host or None]
        self._last_host = dict.fromkeys(clients)
        self._lost = {client: [] for client in clients}  # times of the SYNs of the present span without an answer

    def feed(self, segment):
        pending = self._pending.get(segment.client)
        if pending is None or segment.client_port >= self._ports_end:
            return
        if segment.host is None:
            if segment.flags & (SYN | ACK) == SYN:
                pending[(segment.client_port, segment.sequence)] = [segment.time, None]
                self._settle(segment.client, segment.time - ANSWER_SECONDS)
        elif segment.flags & SYN:
            entry = pending.get((segment.client_port, (segment.acknowledged - 1) & 0xFFFFFFFF))
            if entry is not None and entry[1] is None:
                entry[1] = segment.host

    def _settle(self, client, until):
        """Judges SYNs in the order of their sending, as soon as they are answered or were sent before `until`."""
        pending = self._pending[client]
        while pending:
            key, (time, host) = next(iter(pending.items()))
            if host is None and time >= until:
                return
            del pending[key]
            if host is None:
                self._lost[client].append(time)
            else:
                self._served(client, time, host)

    def _served(self, client, time, host):
        lost, before = self._lost[client], self._last_host[client]
        if lost or before not in (None, host):
            self.windows.append(Window(lost[0] if lost else time, time, client, before, host, len(lost)))
        self._lost[client] = []
        self._last_host[client] = host

    def finish(self):
        """Judges what is left; clients that were without an answer at the very end are in `never_ended`. Answers to the very last
        SYNs may have come after the capture."""
        newest = max((time for pending in self._pending.values() for time, _ in pending.values()), default=0.0)
        for client in self._pending:
            self._settle(client, newest - LAST_SECONDS)
            if self._lost[client]:
                self.never_ended[client] = self._lost[client][0]


@dataclasses.dataclass(slots=True)
class Cut:
    """A connection that a host ended with an RST before both sides had said FIN."""

    time: float
    since: float
    client: bytes
    client_port: int
    owner: str
    by: str


class Cuts:
    """Follows connections from their SYN-ACK on; probes (ports below `ports_begin`) are none."""

    def __init__(self, ports_begin):
        self.cuts = []
        self.connections = 0
        self._ports_begin = ports_begin
        self.owners = {}  # (client, port): who answered the last SYN
        self._open = {}  # (client, port): [owner, since, client said FIN, owner said FIN]

    def feed(self, segment):
        if segment.client_port < self._ports_begin:
            return
        key = (segment.client, segment.client_port)
        if segment.flags & SYN:
            if segment.host is not None and segment.flags & ACK and key not in self._open:
                self.connections += 1
                self.owners[key] = segment.host
                self._open[key] = [segment.host, segment.time, False, False]
            elif segment.host is None:
                self._open.pop(key, None)  # a new connection takes the port
            return
        entry = self._open.get(key)
        if entry is None:
            return
        if segment.flags & RST:
            del self._open[key]
            if segment.host is not None:
                self.cuts.append(Cut(segment.time, entry[1], segment.client, segment.client_port, entry[0], segment.host))
        elif segment.flags & FIN:
            entry[2 if segment.host is None else 3] = True
            if entry[2] and entry[3]:
                del self._open[key]


def percentile(values, percent):
    """Of a list that may be empty; the nearest rank."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
