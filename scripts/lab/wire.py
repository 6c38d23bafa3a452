"""A lab's wires by `lab-switch`: a switch in user space that also tags, delays, loses, filters, records and plays frames.

The ports are the same veth ends that the kernel's bridge would have, so captures are taken as ever. What the switch does to a frame
is done behind the capture of its coming in, and before nothing: a capture shows what was sent, a rule decides what arrives.
"""

import contextlib
import json
import re
import socket

from . import network, plan, system
from .process import Process

SWITCH = system.BUILD / "scripts" / "lab" / "switch" / "lab-switch"
HEARTBEATS = f"type {plan.HEARTBEAT_ETHERTYPE:x}"
ALL_BUT_HEARTBEATS = f"type not {plan.HEARTBEAT_ETHERTYPE:x}"
ANSWER_BYTES_MAX = 65536
LOSSES = "losses"  # the name of the rules that lose() makes
CONDITION = re.compile(
    r'(iifname "(?P<into>\w+)" ?)?(oifname "(?P<out>\w+)" ?)?(ether type 0x(?P<type>\w+) ?)?(numgen random mod 100 < (?P<percent>\d+))?'
)


class Switch:
    """The program and the connection to it; each command is one word of switch/README.md."""

    def __init__(self, estate, namespace):
        self.path = estate.directory / "switch.socket"
        self.process = Process(estate, "switch", namespace, [SWITCH, self.path])
        self.connection = None

    def start(self):
        if not SWITCH.exists():
            raise system.LabError(f"{SWITCH} is not built; run scripts/build")
        self.process.start()
        self.connection = system.wait_until(self._connect, 5, "the switch's socket")

    def _connect(self):
        self.process.require_running()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(5)
        try:
            connection.connect(str(self.path))
        except OSError:
            connection.close()
            return None
        return connection

    def say(self, *words):
        """What the switch answers behind its `ok`; LabError when it refuses."""
        command = " ".join(map(str, words))
        try:
            self.connection.send(command.encode())
            verdict, _, said = self.connection.recv(ANSWER_BYTES_MAX).decode().partition(" ")
        except OSError as error:
            raise system.LabError(f"the switch did not answer `{command}`: {error}") from None
        if verdict != "ok":
            raise system.LabError(f"the switch refused `{command}`: {said or verdict}")
        return said

    def rule(self, name, port, direction, *words):
        self.say("rule", name, port, direction, *words)

    def remove(self, name):
        """Rules of that name act no more."""
        return int(self.say("remove", name))

    @contextlib.contextmanager
    def rules(self, name, *rules):
        """Rules, each as words behind its name, that act while the block lasts."""
        for rule in rules:
            self.say("rule", name, rule)
        try:
            yield
        finally:
            self.remove(name)

    def status(self):
        return json.loads(self.say("status"))

    def matched(self, name):
        """On how many frames the rules of a name acted."""
        return sum(rule["matched"] for rule in self.status()["rules"] if rule["name"] == name)

    def record(self, name, file, condition=""):
        self.say("record", name, file, condition)

    def recorded(self, name):
        """Ends a recording; how many frames it has."""
        return int(self.say("recorded", name))

    def play(self, name, file, seconds=None, rate=None, port=None):
        """From no port, or as if by one: once through, or again and again for some seconds; at a rate, or at its own pace."""
        words = ["from", port] if port else []
        words += ["rate", rate] if rate else []
        words += ["seconds", seconds] if seconds else []
        self.say("play", name, file, *words)

    def played(self, name):
        """Ends a player, if it has not ended; how many frames it sent."""
        return int(self.say("played", name))


class SwitchedNetwork(network.Network):
    """The same namespaces and cables as with the bridge; `program` is the switch between them."""

    def __init__(self, lab_plan, estate):
        super().__init__(lab_plan, estate)
        self.program = Switch(estate, self.switch)

    def _make_switch(self):
        self.program.start()

    def _join(self, port):
        self._ip(self.switch, f"link set {port} up")
        self.program.say("port", port, port)

    def lose(self, *conditions):
        """As the bridge does; of nftables' language the words that labs use."""
        for condition in conditions:
            self.program.say("rule", LOSSES, rule_of(condition))

    def heal(self):
        self.program.remove(LOSSES)


def rule_of(condition):
    """A switch's rule that loses what a condition of nftables matches."""
    found = CONDITION.fullmatch(condition)
    if found is None or not (found["into"] or found["out"]):
        raise system.LabError(f"the lab's switch does not know the condition `{condition}`")
    place = f"{found['out']} out" if found["out"] else f"{found['into']} in"
    whence = f"from {found['into']}" if found["into"] and found["out"] else ""
    kind = f"type {found['type']}" if found["type"] else ""
    return " ".join(f"{place} {whence} {kind} loss {found['percent'] or 100}".split())
