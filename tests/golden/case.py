"""What a golden case is: frames in order, and what each of the four hosts must do with each of them.
An outcome is a verdict and a reason as `nlb explain` words them, such as "accept new_flow".
"""

from dataclasses import dataclass, field

import cluster


@dataclass
class Expected:
    """Outcomes by host. With `anyone` exactly one host, whichever, must have that outcome, and the others `rest`."""
    by_host: dict = field(default_factory=dict)
    anyone: str = ""
    rest: str = ""

    def but(self, host, outcome):
        return Expected({**self.by_host, host: outcome})

    def mistake(self, outcomes):
        """Empty when the outcomes are as expected."""
        if not self.anyone:
            wrong = [f"{name}: expected {self.by_host[name]}, got {outcomes.get(name)}" for name in cluster.HOSTS
                     if outcomes.get(name) != self.by_host[name]]
            return "; ".join(wrong)
        takers = [name for name in cluster.HOSTS if outcomes.get(name) == self.anyone]
        others = {outcomes.get(name) for name in cluster.HOSTS if name not in takers}
        if len(takers) == 1 and others == {self.rest}:
            return ""
        return f"expected {self.anyone} at exactly one host and {self.rest} at the others, got {outcomes}"


def everyone(outcome):
    return Expected(dict.fromkeys(cluster.HOSTS, outcome))


def only(host, outcome, rest="reject not_owner"):
    return Expected({name: outcome if name == host else rest for name in cluster.HOSTS})


def someone(outcome, rest="reject not_owner"):
    return Expected(anyone=outcome, rest=rest)


def default_host(outcome="accept owner"):
    return only(cluster.DEFAULT_HOST, outcome)


@dataclass
class Step:
    frame: bytes
    expected: Expected
    answers: dict = field(default_factory=dict)  # by host: the frame that leaves outside
    waits: bool = False  # a fragment that comes before the first one of its datagram: it is delivered some time behind it


@dataclass
class Case:
    claim: str
    steps: list
    one_host: bool = False  # all accepted frames of the case must reach the same host


def case(claim, frame, expected, **answers):
    return Case(claim, [Step(frame, expected, answers)])


def story(claim, *steps, one_host=True):
    return Case(claim, [step if isinstance(step, Step) else Step(*step) for step in steps], one_host)


def waiting(frame, expected):
    return Step(frame, expected, waits=True)
