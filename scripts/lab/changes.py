"""Changes of a cluster, drawn from a seed one after the other, each from whatever state the last one left: weights, drains, stops, kills.

All hosts but the last are only drained and weighed, so that their connections have no reason to end; what begins and ends the absence of
the last one is written down as misfortune.py does. That all hosts agree after each change is all it insists on.
"""

import random
import time

from . import misfortune, plan, system, view

WEIGHTS = (5, 10, 20, 40, None)  # None: the rule's own
SETTLE_SECONDS = 20
UP, DRAINING = "up", "draining"


class Changes:
    def __init__(self, lab, seed):
        self.lab = lab
        self.chance = random.Random(f"changes {seed}")
        self.misfortune = misfortune.Misfortune(lab)
        self.states = {host.name: UP for host in lab.hosts}
        self.moved = 0
        self.counts = {}
        self.happened = []  # (when, words)
        self._owners = view.view_of(lab.hosts[0]).owners
        self._last = lab.hosts[-1]

    def happen(self):
        """One change and the agreement after it; returns its words."""
        kind, host = self.chance.choice(self._possible())
        weight = self.chance.choice(WEIGHTS)
        words = f"{kind} {host.name}" + (f" {weight}" if kind == "weight" else "")
        self.happened.append((time.time(), words))
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind in ("stop", "depart", "kill"):
            self.misfortune.touches.append(misfortune.Touch(host.name, time.time()))
        self._make(kind, host, weight)
        time.sleep(2 * plan.seconds_of(self.lab.plan.period))  # what they agreed upon before is no agreement about this
        owners = system.wait_until(self._agreed, SETTLE_SECONDS, f"agreement after {words}").owners
        if self.states[host.name] == UP and self.misfortune.touches and host is self._last:
            touch = self.misfortune.touches[-1]
            touch.end = min(touch.end, time.time())
        self.moved += sum(one != other for one, other in zip(self._owners, owners))
        self._owners = owners
        return words

    def words_at(self, instant):
        past = [words for when, words in self.happened if when <= instant]
        return f"after change {len(past)}: {past[-1]}" if past else "before any change"

    def up(self):
        return [host for host in self.lab.hosts if self.states[host.name] == UP]

    def _possible(self):
        """Each sort of change about as often as every other; somebody always serves, and a reload needs every host."""
        up, survivors = self.up(), self.lab.hosts[:-1]
        choices = [("start", host) for host in self.lab.hosts if self.states[host.name] in (DRAINING, "stop")] * 2
        if sum(host in up for host in survivors) > 1:
            choices += [("drainstop", host) for host in survivors if host in up]
        last = self.states[self._last.name]
        if last == UP:
            choices += [(kind, self._last) for kind in ("drainstop", "stop", "depart", "kill")]
        if last in ("depart", "kill"):
            choices += [("return", self._last)] * 2
        else:
            choices += [("weight", host) for host in up]
        return choices

    def _make(self, kind, host, weight):
        if kind == "weight":
            self.misfortune.weigh(host, weight and {plan.RULE: weight})
        elif kind in ("start", "stop", "drainstop"):
            self.misfortune.say(host, kind, *([] if kind == "start" else ["--force"]))
        elif kind == "depart":
            host.controlplane.terminate()
        elif kind == "kill":
            host.kill()
        elif self.states[host.name] == "depart":
            host.start_controlplane()
        else:
            host.restart()
        if kind != "weight":
            self.states[host.name] = {"start": UP, "return": UP, "drainstop": DRAINING}.get(kind, kind)

    def _agreed(self):
        """The view that all who serve share, in which they own everything."""
        hosts = self.up()
        views = [view.view_of(host) for host in hosts]
        if any(one is None or one.state != "converged" or one.epoch != views[0].epoch for one in views):
            return None
        return views[0] if set(views[0].owners) == {host.id for host in hosts} else None
