"""A capture of everything that hosts and clients send into the bridge, and a reader of such captures.

One tcpdump on all ports of the bridge, inbound only: each frame appears once, with the port (that is: the host) it came from.
The reader needs no library: the files are classic pcap with LINUX_SLL2 headers, which carry the port's number.
"""

import dataclasses
import ipaddress
import json
import signal
import struct
import time

from . import plan, system

# What failovers are judged by: opening packets of TCP, neighbour discovery, heartbeats, echoes. Data would only cost time.
OPENINGS = "(tcp[tcpflags] & tcp-syn != 0) or (ip6[6] == 6 and ip6[53] & 2 != 0) or arp or icmp or icmp6 or ether proto 0x88b5"
EVERYTHING = ""
# What chaos is judged by: how connections of the web server begin and end. Half a minute of it is a megabyte.
TURNS = "(tcp port 80 and tcp[tcpflags] & (tcp-syn|tcp-fin) != 0) or (src port 80 and tcp[tcpflags] & tcp-rst != 0)"
HEARTBEATS = "ether proto 0x88b5"
LINKTYPE_LINUX_SLL2 = 276
HEADER_BYTES = 24  # of the file
BROADCAST = b"\xff" * 6


class Capture:
    """Runs from start() to finish(); the file then belongs to whoever reads it, and goes with the lab."""

    def __init__(self, lab, name, expression=OPENINGS, length=128, at_once=True):
        self.file = lab.estate.directory / f"{name}.pcap"
        self.namespace = lab.network.switch
        arguments = ["tcpdump", "-i", "any", "-y", "LINUX_SLL2", "-Q", "in", "-n", "-B", "16384"]
        arguments += ["--immediate-mode"] if at_once else []  # else in batches: a wake-up per frame costs much of a core
        arguments += ["-s", length, "-Z", "root", "-w", self.file] + ([expression] if expression else [])
        self.process = lab.process(f"capture-{name}", self.namespace, arguments)
        self.read_to = HEADER_BYTES

    def __enter__(self):
        links = json.loads(system.run("ip", "-j", "-n", self.namespace, "link", "show"))
        self.ports = {link["ifindex"]: link["ifname"] for link in links if link["ifname"] not in ("lo", "bridge")}
        self.process.start()
        system.wait_until(self._listens, 10, "the capture's start")
        return self

    def _listens(self):
        self.process.require_running()
        return "listening on" in self.process.log.read_text(errors="replace")

    def __exit__(self, *_):
        time.sleep(0.1)
        self.process.signal(signal.SIGINT)
        self.process.wait()

    def frames(self):
        """Everything that was sent; a capture with holes proves nothing and is refused."""
        if self.lost():
            raise system.LabError(f"the capture missed {self.lost()} frames: this machine is too busy to judge by it")
        return list(read(self.file, self.ports))

    def follow(self):
        """Frames that were written since the last call; what was read is given back to the disk, so that a capture may last for hours."""
        with open(self.file, "rb") as stream:
            stream.seek(self.read_to)
            content = stream.read()
        frames, at = [], 0
        for frame, at in records(content, self.ports):
            if frame is not None:
                frames.append(frame)
        self.read_to += at
        if at:
            system.run("fallocate", "--punch-hole", "--offset", HEADER_BYTES, "--length", self.read_to - HEADER_BYTES, self.file)
        return frames

    def lost(self):
        """Frames that tcpdump itself admits to have missed."""
        for line in self.process.log.read_text(errors="replace").splitlines():
            if "dropped by kernel" in line:
                return int(line.split()[0])
        return 0


@dataclasses.dataclass(slots=True)
class Frame:
    time: float  # seconds, the machine's wall clock
    port: str
    source_mac: bytes
    ethertype: int
    payload: bytes  # after the Ethernet header, cut at the capture's length


def read(file, ports):
    """Every whole frame of a capture that came in on a known port."""
    with open(file, "rb") as stream:
        content = stream.read()
    if len(content) < HEADER_BYTES:
        return
    magic, linktype = struct.unpack_from("<I", content)[0], struct.unpack_from("<I", content, 20)[0]
    if magic != 0xA1B2C3D4 or linktype & 0xFFFF != LINKTYPE_LINUX_SLL2:
        raise system.LabError(f"{file} is not a pcap file of type LINUX_SLL2")
    for frame, _ in records(content[HEADER_BYTES:], ports):
        if frame is not None:
            yield frame


def records(content, ports):
    """(frame or None, where the next record begins) for each whole record; None is a frame from no known port."""
    record, link = struct.Struct("<IIII"), struct.Struct(">HHIHBB8s")
    at, end = 0, len(content)
    while at + 16 <= end:
        seconds, micros, held, _ = record.unpack_from(content, at)
        start, at = at + 16, at + 16 + held
        if at > end or held < 20:
            return  # the last record of a file that is still being written
        ethertype, _, index, _, _, length, address = link.unpack_from(content, start)
        port = ports.get(index)
        yield port and Frame(seconds + micros / 1e6, port, address[:length], ethertype, content[start + 20 : at]), at


@dataclasses.dataclass(slots=True)
class Opening:
    """A SYN, or the SYN-ACK that answers it; both name the flow from the client's side."""

    time: float
    port: str
    is_answer: bool
    client: str
    client_port: int
    server: str
    server_port: int
    isn: int

    def key(self):
        return (self.client, self.client_port, self.server, self.server_port, self.isn)


def openings(frames):
    for frame in frames:
        found = _opening(frame)
        if found is not None:
            yield found


def _opening(frame):
    packet = frame.payload
    if frame.ethertype == 0x0800 and len(packet) >= 20 and packet[9] == 6:
        start = (packet[0] & 15) * 4
        source, destination = _ipv4(packet[12:16]), _ipv4(packet[16:20])
    elif frame.ethertype == 0x86DD and len(packet) >= 40 and packet[6] == 6:
        start = 40
        source, destination = _ipv6(packet[8:24]), _ipv6(packet[24:40])
    else:
        return None
    if len(packet) < start + 14:
        return None
    from_port, to_port, sequence, acknowledged, _, flags = struct.unpack_from(">HHIIBB", packet, start)
    if not flags & 2:
        return None
    if flags & 16:
        return Opening(frame.time, frame.port, True, destination, to_port, source, from_port, (acknowledged - 1) & 0xFFFFFFFF)
    return Opening(frame.time, frame.port, False, source, from_port, destination, to_port, sequence)


def _ipv4(raw):
    return "%d.%d.%d.%d" % tuple(raw)


def _ipv6(raw):
    return str(ipaddress.IPv6Address(raw))


@dataclasses.dataclass(slots=True)
class Heartbeat:
    """Of a heartbeat or map frame only what its header says; docs/protocol.md draws it."""

    time: float
    port: str
    type: int
    host: int
    epoch: tuple


def heartbeats(frames):
    for frame in frames:
        if frame.ethertype == plan.HEARTBEAT_ETHERTYPE and len(frame.payload) >= 61 and frame.payload[:4] == b"NLBH":
            counter, coordinator = struct.unpack_from(">QB", frame.payload, 52)
            yield Heartbeat(frame.time, frame.port, frame.payload[5], frame.payload[32], (counter, coordinator))
