"""2,000 filters over the golden frames: what a worker's trace takes must be what tcpdump takes of the same capture. The filters are the
ones that operators write and random ones; NLB_FILTERS_SEED names another draw.
"""

import functools
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap

import capture
import cases
import cases_egress
import cases_links

SEED, COUNT = int(os.environ.get("NLB_FILTERS_SEED", "1")), 2000
ORDINARY = ("", "tcp", "udp port 53", "host 192.0.2.80", "tcp[13] & 2 != 0", "tcp[13] = 2", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
            "tcp[tcpflags] == tcp-syn", "dst host 192.0.2.80 and tcp port 80", "arp", "icmp or icmp6", "vlan 10", "vlan and ip", "ip6",
            "ether proto 0x88b5", "ether broadcast", "ether multicast", "ip[6:2] & 0x1fff != 0", "greater 100", "less 60", "not ip",
            "ip proto 47 or ip proto 50", "udp portrange 500-4500", "src net 198.51.100.0/24", "ip6 host 2001:db8::80",
            "port 80 or port 443",
            "icmp[icmptype] == icmp-echo", "ether[0] & 1 = 0", "len % 2 = 1", "tcp[2:2] / 2 = 40", "ip[8] << 1 > 100", "-ip[0] != 0")
PRIMITIVES = ("tcp", "udp", "icmp", "icmp6", "arp", "ip", "ip6", "vlan", "ether broadcast", "ether multicast")
PROTOCOLS = ("ether", "ip", "tcp", "udp", "icmp", "arp", "ip6")


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def address(self):
        return f"{self.random.choice(('192.0.2', '198.51.100'))}.{self.random.randrange(1, 255)}"

    def number(self):
        return self.random.choice((0, 1, 2, 4, 6, 17, 0x45, 80, 0x7F, 0x80, 0xFF, 0x800, 0xFFFF, self.random.randrange(1 << 16)))

    def load(self):
        size = self.random.choice(("", ":2", ":4"))
        return f"{self.random.choice(PROTOCOLS)}[{self.random.choice((0, 1, 2, 6, 8, 9, 12, 13, 16, 20, 40))}{size}]"

    def sum(self):
        kind = self.random.randrange(4)
        if kind == 0:
            return self.load()
        if kind == 1:
            return f"({self.load()} {self.random.choice('+-*&|^')} {self.number()})"
        if kind == 2:
            return f"({self.load()} {self.random.choice(('/', '%', '<<', '>>'))} {self.random.randrange(1, 16)})"
        return f"({self.load()} {self.random.choice('+-*&|/%')} {self.load()})"

    def primitive(self):
        kind = self.random.randrange(9)
        if kind == 0:
            return self.random.choice(PRIMITIVES)
        if kind == 1:
            return f"{self.random.choice(('', 'src ', 'dst '))}host {self.address()}"
        if kind == 2:
            protocol, side = self.random.choice(("", "tcp ", "udp ")), self.random.choice(("", "src ", "dst "))
            return f"{protocol}{side}port {self.random.choice((53, 80, 500, 8443, 40020))}"
        if kind == 3:
            side, network = self.random.choice(("src", "dst")), self.random.choice(("192.0.2", "198.51.100"))
            return f"{side} net {network}.0/{self.random.choice((24, 25, 28))}"
        if kind == 4:
            return f"{self.random.choice(('greater', 'less'))} {self.random.randrange(14, 400)}"
        if kind == 5:
            return f"ip6 host 2001:db8:c::{self.random.randrange(1, 255):x}"
        relation = self.random.choice(("=", "!=", "<", ">", "<=", ">="))
        return f"{self.sum()} {relation} {self.random.choice((str(self.number()), self.sum()))}"

    def filter(self, depth=3):
        if depth == 0 or self.random.random() < 0.3:
            return self.primitive()
        kind = self.random.randrange(3)
        if kind == 0:
            return f"not ({self.filter(depth - 1)})"
        return f"({self.filter(depth - 1)}) {('and', 'or')[kind - 1]} ({self.filter(depth - 1)})"


def frames():
    links = [case.frame for of in (cases_links.INGRESS, cases_links.EGRESS) for link in cases_links.LINKS for case in of[link]]
    return [frame for frame in cases.FRAMES + cases_egress.FRAMES + links if frame]


def filters():
    maker, made = Maker(SEED), list(ORDINARY)
    while len(made) < COUNT:
        made.append(maker.filter())
    return made


def tcpdumps(path, expression):
    """The numbers of the frames that tcpdump takes; None when it takes no such filter."""
    done = subprocess.run(["tcpdump", "-r", path, "-w", "-", *(["--", expression] if expression else [])], capture_output=True)
    if done.returncode != 0:
        return None
    numbers, at = [], 24
    while at < len(done.stdout):
        _, number, held, _ = struct.unpack_from("<IIII", done.stdout, at)
        numbers.append(number)
        at += 16 + held
    return numbers


@functools.cache
def answers():
    """By filter: what a worker takes (None: refused), and what tcpdump does."""
    build = pathlib.Path(os.environ.get("NLB_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
    with tempfile.TemporaryDirectory(prefix="trace-filters-") as name:
        path = pathlib.Path(name) / "frames.pcap"
        capture.write(path, frames())
        done = subprocess.run([build / "tests/golden/trace-filters", path], input="\n".join(filters()) + "\n", capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
        ours = [None if line.startswith("!") else [int(number) for number in line.split()] for line in done.stdout.split("\n")[:-1]]
        return list(zip(filters(), ours, [tcpdumps(path, each) for each in filters()]))


class TraceFilters(unittest.TestCase):
    longMessage = False

    def setUp(self):
        if shutil.which("tcpdump") is None:
            self.skipTest("tcpdump is not installed; run scripts/install")

    def test_a_trace_takes_what_tcpdump_takes(self):
        wrong = [f"\"{text}\": a worker {ours}, tcpdump {theirs}" for text, ours, theirs in answers() if ours != theirs]
        self.assertFalse(wrong, f"seed {SEED}: {len(wrong)} of {COUNT} filters differ:\n" + "\n".join(wrong[:5]))

    def test_the_filters_tell_frames_apart(self):
        whole = len(frames())
        telling = sum(ours is not None and 0 < len(ours) < whole for _, ours, _ in answers())
        refused = sum(ours is None for _, ours, _ in answers())
        print(f"# {COUNT} filters over {whole} frames: {telling} take some of them, {refused} are refused by both")
        self.assertGreater(telling, COUNT // 2)
        self.assertLess(refused, COUNT // 6)


if __name__ == "__main__":
    tap.main()
