"""What goes wrong when: events drawn from a seed. The same seed gives the same events; making them happen is misfortune.py's.

Durations are drawn in multiples of T*P, the silence after which a host is buried, so that every profile sees absences that nobody
should notice, absences about as long as a lease, and absences of the dead.
"""

import dataclasses
import random

PLANNED, FAILURE = "planned", "failure"


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    sort: str  # PLANNED or FAILURE
    chance: int  # relative to the other kinds
    hold: tuple  # shortest and longest duration, in T*P
    cuts: bool  # whether connections of the host may end by it
    majority_only: bool = False  # both directions are lost while clients reach both: `partition: serve` exempts that
    majority_hold: tuple | None = None


KINDS = (
    Kind("stop", PLANNED, 10, (1, 4), True),
    Kind("drainstop", PLANNED, 10, (1, 5), False),
    Kind("weight", PLANNED, 8, (1, 3), False),
    Kind("depart", PLANNED, 5, (0, 3), True),
    Kind("kill", FAILURE, 12, (0, 4), True),
    Kind("kill-controlplane", FAILURE, 10, (0, 3), True),
    Kind("kill-dataplane", FAILURE, 10, (0, 3), True),
    Kind("freeze", FAILURE, 8, (0.05, 4), True),
    Kind("freeze-controlplane", FAILURE, 10, (0.05, 4), True),
    Kind("freeze-dataplane", FAILURE, 8, (0.05, 4), True),
    Kind("mute", FAILURE, 8, (0.1, 4), True),
    # Deaf for longer it would begin a cluster of its own beside one that it cannot hear: serve exempts that too.
    Kind("deaf", FAILURE, 6, (0.1, 1.8), True, majority_hold=(0.1, 4)),
    Kind("hears-nothing", FAILURE, 6, (0.1, 4), True),
    Kind("lossy", FAILURE, 6, (1, 5), True),
    Kind("cable", FAILURE, 6, (0.1, 4), True),
    # Without any cable pulled, both sides go on and meet again: exempt under serve as soon as they bury one another.
    Kind("isolated", FAILURE, 6, (0.1, 0.8), True, majority_hold=(0.1, 4)),
    Kind("pair-one-way", FAILURE, 6, (0.1, 4), True),
    Kind("pair", FAILURE, 6, (0.1, 4), True, majority_only=True),
)
BY_NAME = {kind.name: kind for kind in KINDS}
# What may befall another host meanwhile: no network of its own, so that two faults never add up to what serve exempts.
SECOND = ("kill", "kill-controlplane", "kill-dataplane", "freeze-controlplane", "freeze-dataplane")
SECOND_CHANCE = 0.12


@dataclasses.dataclass(frozen=True)
class Event:
    number: int
    kind: str
    host: int  # which of the hosts, from 0
    other: int  # for pairs
    hold: float  # seconds
    percent: int  # frames lost, new weight
    quiet: float  # seconds of peace before it
    second: "Event | None" = None
    second_after: float = 0.0

    def sort(self):
        return BY_NAME[self.kind].sort

    def hosts(self):
        """Those whose own connections may end by it."""
        touched = {self.host} if BY_NAME[self.kind].cuts else set()
        if self.kind.startswith("pair"):
            touched.add(self.other)
        return touched | (self.second.hosts() if self.second else set())

    def touches_all(self, majority):
        """A host that hears clients and no heartbeat cannot be told anything: under serve it is the others who must stop."""
        return self.kind == "deaf" and not majority

    def words(self):
        text = f"{self.kind} edge{self.host + 1}"
        if self.kind.startswith("pair"):
            text += f" -> edge{self.other + 1}"
        if self.kind in ("lossy", "weight"):
            text += f" {self.percent} %"
        text += f" for {self.hold * 1000:.0f} ms"
        return text + (f", meanwhile {self.second.words()}" if self.second else "")


def draw(seed, count, hosts, silence, majority):
    """Events 1 to count. `silence` is T*P in seconds."""
    chance = random.Random(f"chaos {seed}")
    kinds = [kind for kind in KINDS if majority or not kind.majority_only]
    return [_draw_one(chance, number, kinds, hosts, silence, majority) for number in range(1, count + 1)]


def _draw_one(chance, number, kinds, hosts, silence, majority):
    kind = chance.choices(kinds, [one.chance for one in kinds])[0]
    host, other = chance.sample(range(hosts), 2)
    event = _event(chance, number, kind, host, other, silence, majority)
    # Two of three hosts at once are a majority: the third may not serve then, and its connections end.
    if not majority and kind.sort == FAILURE and not kind.name.startswith("pair") and chance.random() < SECOND_CHANCE:
        second = _event(chance, number, BY_NAME[chance.choice(SECOND)], other, host, silence, majority)
        event = dataclasses.replace(event, second=second, second_after=chance.uniform(0, silence))
    return event


def _event(chance, number, kind, host, other, silence, majority):
    low, high = kind.majority_hold if majority and kind.majority_hold else kind.hold
    return Event(
        number=number,
        kind=kind.name,
        host=host,
        other=other,
        hold=chance.uniform(low, high) * silence,
        percent=chance.choice((10, 20, 30, 40)),
        quiet=chance.uniform(0.2, 0.6),
    )
