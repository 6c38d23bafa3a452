"""What a case is: the public report it comes from, what the fault looked like there, our own input, and what must become of it here.
There is one class for each way in which the product's own code is asked. Nothing is run here.
"""

from dataclasses import dataclass, field


@dataclass
class Report:
    kind: str  # the claim; it also names the kind of fault
    source: str  # an address of the report, or of the article that tells of it
    looked_like: str  # how its author met the fault, in our words


@dataclass
class Packets(Report):
    """Frames from outside, in order: through core alone, and through the real binary of each host, which must agree."""
    packets: list
    expect: list  # an Expected of the golden cases for each packet
    answers: dict = field(default_factory=dict)  # place of the packet: {host: the frame that leaves outside}
    waits: frozenset = frozenset()  # places of packets that are delivered some time behind another one
    one_host: bool = True  # all that is accepted reaches the same host
    link: str = "unicast"


@dataclass
class FromInside(Report):
    """A frame from a server, through the real binary; `leaves` is what must be outside by host, or None."""
    packets: list
    expect: list  # for each packet {host: frame or None}
    link: str = "unicast"


@dataclass
class Flood(Report):
    """More frames than tables hold, through core alone, in a capture of their own. `expect` takes all outcomes and says what is wrong."""
    packets: list
    expect: object


@dataclass
class Check(Report):
    """A configuration, and what `nlb check` says of it: its exit status, and words of its lines (a tuple: all of one line)."""
    configuration: str
    status: int
    expect: list


@dataclass
class Plan(Report):
    """What `nlb plan` moves. `expect` takes its answer and says what is wrong with it."""
    configuration: str
    arguments: list
    expect: object
    new_configuration: str = ""


@dataclass
class Owners(Report):
    """Who owns a client's packet as members come and go: `nlb explain` for each list of members. `expect` takes the owners in order."""
    configuration: str
    packet: str
    members: list
    expect: object


@dataclass
class Script(Report):
    """Faults of a cluster, as a script of the simulator, which must break no promise. See tests/sim/scripts."""
    script: str


KINDS = (Packets, FromInside, Flood, Check, Plan, Owners, Script)
