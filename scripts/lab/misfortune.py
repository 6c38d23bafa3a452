"""Makes the events of chaos_plan.py happen to a lab, and writes down when what began and whose connections it may have ended.

It judges nothing; that every event is survived (all hosts agree again) is the only thing it insists on.
"""

import dataclasses
import time

from . import chaos_plan, plan, system

HEARTBEATS = f"ether type {plan.HEARTBEAT_ETHERTYPE:#x}"
RETURN, COMPOUND, QUIET = "return", "compound", "quiet"
SETTLE_SECONDS = 30


@dataclasses.dataclass(slots=True)
class Phase:
    """From `begin` to the next phase, whatever happens is put down to this."""

    begin: float
    sort: str
    event: chaos_plan.Event | None


@dataclasses.dataclass(slots=True)
class Touch:
    """A span in which this host's own connections may end."""

    host: str
    begin: float
    end: float = float("inf")


class Misfortune:
    def __init__(self, lab):
        self.lab = lab
        self.phases = [Phase(0.0, QUIET, None)]
        self.touches = []
        self._begin = {
            "stop": lambda host, _: self.say(host, "stop", "--force"),
            "drainstop": lambda host, _: self.say(host, "drainstop", "--force"),
            "weight": lambda host, event: self.weigh(host, {plan.RULE: event.percent}),
            "depart": lambda host, _: host.controlplane.terminate(),
            "kill": lambda host, _: host.kill(),
            "kill-controlplane": lambda host, _: host.controlplane.kill(),
            "kill-dataplane": lambda host, _: host.dataplane.kill(),
            "freeze": lambda host, _: (host.controlplane.stop(), host.dataplane.stop()),
            "freeze-controlplane": lambda host, _: host.controlplane.stop(),
            "freeze-dataplane": lambda host, _: host.dataplane.stop(),
            "mute": lambda host, _: lab.network.lose(f'iifname "{host.name}" {HEARTBEATS}'),
            "deaf": lambda host, _: lab.network.lose(f'oifname "{host.name}" {HEARTBEATS}'),
            "hears-nothing": lambda host, _: lab.network.lose(f'oifname "{host.name}"'),
            "lossy": self._lose_some,
            "cable": lambda host, _: lab.network.cut(host.name),
            "isolated": lambda host, _: lab.network.lose(f'iifname "{host.name}"', f'oifname "{host.name}"'),
            "pair-one-way": lambda host, event: lab.network.lose(self._between(event.host, event.other)),
            "pair": lambda host, event: lab.network.lose(
                self._between(event.host, event.other), self._between(event.other, event.host)
            ),
        }
        self._end = {
            "stop": lambda host: self.say(host, "start"),
            "drainstop": lambda host: self.say(host, "start"),
            "weight": lambda host: self.weigh(host, None),
            "depart": lambda host: host.start_controlplane(),
            "kill": lambda host: host.restart(),
            "kill-controlplane": lambda host: host.start_controlplane(),
            "kill-dataplane": lambda host: host.start_dataplane(),
            "freeze": lambda host: (host.dataplane.resume(), host.controlplane.resume()),
            "freeze-controlplane": lambda host: host.controlplane.resume(),
            "freeze-dataplane": lambda host: host.dataplane.resume(),
            "cable": lambda host: lab.network.mend(host.name),
        }

    def happen(self, event):
        """One event from its beginning to the agreement of all hosts after it; returns the seconds that the agreement took."""
        time.sleep(event.quiet)
        sort = COMPOUND if event.second else event.sort()
        began = time.time()
        everybody = event.touches_all(self.lab.plan.cluster_keys.get("partition") == "majority")
        touched = range(len(self.lab.hosts)) if everybody else sorted(event.hosts())
        touches = [Touch(self.lab.hosts[index].name, began) for index in touched]
        self.touches += touches
        for due, act, what in sorted(_acts(event), key=lambda entry: entry[0]):
            time.sleep(max(0.0, began + due - time.time()))
            self._phase(sort if act == "begin" or sort in (COMPOUND, chaos_plan.PLANNED) else RETURN, event)
            self._begin_one(what) if act == "begin" else self._end_one(what)
        healed = time.monotonic()
        self.lab.settle(seconds=SETTLE_SECONDS)
        for touch in touches:
            touch.end = time.time()
        self._phase(QUIET, None)
        return time.monotonic() - healed

    def phase_at(self, instant):
        """What was going on; phases are few, and mostly the last ones are asked for."""
        return next(phase for phase in reversed(self.phases) if phase.begin <= instant)

    def excuses(self, host, begin, end):
        """Whether something befell a host in a span of time that may end its connections."""
        return any(touch.host == host and touch.begin <= end and begin <= touch.end for touch in self.touches)

    def _phase(self, sort, event):
        self.phases.append(Phase(time.time(), sort, event))

    def _begin_one(self, event):
        self._begin[event.kind](self.lab.hosts[event.host], event)

    def _end_one(self, event):
        self._end.get(event.kind, lambda _: self.lab.network.heal())(self.lab.hosts[event.host])

    def _between(self, one, other):
        hosts = self.lab.hosts
        return f'iifname "{hosts[one].name}" oifname "{hosts[other].name}" {HEARTBEATS}'

    def _lose_some(self, host, event):
        chance = f"{HEARTBEATS} numgen random mod 100 < {event.percent}"
        self.lab.network.lose(f'iifname "{host.name}" {chance}', f'oifname "{host.name}" {chance}')

    def weigh(self, host, weights):
        """Another weight for one host (None: the rule's again), taken over by every host as an operator would."""
        former = {key: value for key, value in self.lab.plan.host_keys.get(host.name, {}).items() if key != "weights"}
        self.lab.plan.host_keys = self.lab.plan.host_keys | {host.name: former | ({"weights": weights} if weights else {})}
        self.lab.write_configuration()
        for one in self.lab.hosts:
            self.say(one, "reload")

    @staticmethod
    def say(host, *words):
        code, said, complaint = host.nlb(*words)
        if code != 0:
            raise system.LabError(f"`nlb {' '.join(words)}` on {host.name} ended with {code}: {(complaint or said).strip()}")


def _acts(event):
    """(seconds after the beginning, "begin" or "end", event) of an event and the one that happens meanwhile."""
    yield 0.0, "begin", event
    yield event.hold, "end", event
    if event.second:
        yield event.second_after, "begin", event.second
        yield event.second_after + event.second.hold, "end", event.second
