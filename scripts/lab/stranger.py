"""What the cases of `strangers` share: the lab, its clients, and the promises that are the same for all."""

import contextlib
import os
import shutil
import subprocess
import time

from . import configuration, plan, system, trial
from .cluster_lab import new_tag
from .watch import Watch

CLIENTS = 400
GAP_MS = 150  # probes come every 10 ms, and a busy machine is late; whoever is fenced is missed for longer
LATE_SECONDS = 5.0


class Case(trial.Trial):
    """Subclasses state NAME, TITLE and SECONDS, and say in befall() what happens while clients are served."""

    NAME = TITLE = None
    SECONDS = 20.0
    HOSTS = 3
    FIRST = None  # names of the hosts that run before the case begins; None: all
    KEYS = {}  # of the cluster
    TOUCHED = ()  # hosts that may stop serving: something befalls them

    def __init__(self, lab, screen, options):
        super().__init__(lab, screen)
        self.options = options
        self.seconds = options.seconds or self.SECONDS
        self.switch = lab.network.program

    @classmethod
    def title(cls, options):
        return f"{cls.NAME}: {cls.TITLE}, {cls.HOSTS} hosts at {options.period} x {options.tolerance}"

    @classmethod
    def plan_of(cls, options):
        keys = {"connections": {"max": 60000, "closing": "2s"}} | cls.KEYS
        timing = {"period": options.period, "tolerance": options.tolerance}
        return plan.Plan(tag=new_tag(cls.NAME[:8]), hosts=cls.HOSTS, clients=CLIENTS, switch="program", cluster_keys=keys, **timing)

    @classmethod
    def facts(cls, options, seconds):
        return {"case": cls.NAME, "period": options.period, "tolerance": options.tolerance, "seconds": seconds}

    @classmethod
    def begin(cls, lab, screen, options):
        return cls(lab, screen, options)

    @classmethod
    def start(cls, lab, options):
        cls.prepare(lab)
        lab.start(hosts=cls.first(lab))

    @staticmethod
    @contextlib.contextmanager
    def around(lab, options):
        try:
            yield
        finally:
            if options.logs:
                os.makedirs(options.logs, exist_ok=True)
                for log in lab.estate.directory.glob("*.log"):
                    shutil.copy(log, options.logs)

    @classmethod
    def prepare(cls, lab):
        """Before the first host starts: other files for some of them."""

    @classmethod
    def first(cls, lab):
        return [host for host in lab.hosts if cls.FIRST is None or host.name in cls.FIRST]

    @property
    def silence(self):
        return self.lab.plan.silence()

    @property
    def limit_ms(self):
        """What a death may cost: the lease and two periods."""
        return (0.9 * self.silence + 2 * plan.seconds_of(self.lab.plan.period)) * 1000

    def bystanders(self):
        """Hosts that nothing befalls."""
        return [host for host in self.first(self.lab) if host.name not in self.TOUCHED]

    def tell(self, options):
        with Watch(self.lab, self.NAME, self.machines()) as watch:
            self.watch = watch
            self.befall()
        self.judge()
        if not options.without_words:
            self.judge_words()

    def machines(self):
        """All whose logs are read."""
        return self.lab.hosts

    def befall(self):
        raise NotImplementedError

    def judge(self):
        self.judge_owners()
        self.judge_requests()
        self.judge_bystanders()

    def judge_words(self):
        """What `nlb query` should say meanwhile; ask() took it down."""

    # The promises.
    def judge_owners(self, since=0.0):
        doubles = self.watch.doubles(since)
        syns = self.watch.answers.transmissions
        self.figures.update(syns=syns, double_answers=len(doubles))
        self.promise(not doubles, f"{syns} SYNs, {len(doubles)} of them answered by two hosts")
        if doubles:
            span = doubles[-1].time - doubles[0].time
            pairs = sorted({" and ".join(double.hosts) for double in doubles})
            self.figures["double_ms"] = round(span * 1000)
            self.screen.line(f"two owners from {doubles[0].time - self.watch.begin:.3f} s on, for {span * 1000:.0f} ms: {'; '.join(pairs)}")

    def judge_requests(self, since=0.0, until=float("inf")):
        entries = self.watch.requests(since, until)
        failed = [entry for entry in entries if entry["error"] is not None]
        gap = self.watch.longest_gap_ms(since, until)
        self.figures.update(requests=len(entries), failed=len(failed), longest_gap_ms=_finite(gap))
        self.promise(entries and not failed, f"{len(entries)} requests, {len(failed)} failed")
        self.promise(gap <= GAP_MS, f"probed clients: no answer for {gap:.0f} ms at most (promised: {GAP_MS} ms)")

    def judge_takeover(self, since, until=float("inf")):
        """A host is lost: its clients are missed for the lease and two periods at most."""
        gap = self.watch.longest_gap_ms(since, until)
        self.figures["takeover_ms"] = _finite(gap)
        self.promise(gap <= self.limit_ms, f"probed clients: no answer for {gap:.0f} ms at most (promised: {self.limit_ms:.0f} ms)")

    def judge_bystanders(self):
        self.figures["stops"] = {}
        for host in self.watch.hosts:
            stops = self.watch.stops(host)
            self.figures["stops"][host.name] = stops
            if host in self.bystanders():
                self.promise(not stops, f"{host.name}, whom nothing befell, never stopped serving {stops or ''}".rstrip())
            elif stops:
                self.screen.line(f"{host.name}: {stops}")

    def judge_naming(self, host, *words):
        """`nlb query` of a host names a condition by one of these words."""
        said = self.asked[host.name]
        named = any(word.lower() in said["text"].lower() for word in words)
        but = "" if named else f" (it says: {said['first']})"
        self.promise(named, f"`nlb query` of {host.name} names {' or '.join(words)}{but}")

    def judge_event(self, host, name, word):
        """The host's log has an event of that name with this word."""
        told = any(f" name={name} " in line and word in line for line in host.controlplane.log.read_text().splitlines())
        self.promise(told, f"the event {name} of {host.name} names {word}")

    def judge_serving_nothing(self, host):
        """`nlb query` exits 1 on a host that serves nothing that it should."""
        said = self.asked[host.name]
        self.promise(said["code"] == 1, f"`nlb query` of {host.name}, which serves nothing, exits with {said['code']}: {said['first']}")

    def ask(self):
        """What all that run say of themselves now, in words and in JSON."""
        self.asked = {}
        for host in self.machines():
            if not host.controlplane.runs():
                continue
            code, words, complaint = self._asked(host)
            _, told, _ = self._asked(host, "--json")
            first = (words or complaint).splitlines()[:1]
            self.asked[host.name] = {"code": code, "text": words + complaint + told, "first": first[0] if first else "nothing"}
            self.screen.line(f"{host.name} says: {self.asked[host.name]['first']} (exit {code})")

    @staticmethod
    def _asked(host, *options):
        try:
            return host.nlb("query", *options, timeout=LATE_SECONDS)
        except subprocess.TimeoutExpired:
            return 3, "", "no answer"

    def settle(self, members=None, seconds=20.0):
        """Until all (or these) agree; returns the seconds, and breaks a promise when they do not."""
        began = time.monotonic()
        try:
            self.lab.settle(members, seconds)
        except system.LabError as error:
            self.promise(False, f"all agree in the end: {error}")
            return None
        return time.monotonic() - began

    def file_of(self, name, change):
        """A configuration of its own for some host: the lab's, changed."""
        return own_file(self.lab, name, change)


def own_file(lab, name, change):
    file = lab.estate.directory / f"{name}.yaml"
    file.write_text(change(configuration.text_of(lab.plan, lab.key_file)))
    return file


def key(lab, name):
    """Another key."""
    file = lab.estate.directory / name
    system.run(system.COMMAND, "keygen", file)
    return file


def mac_of(host):
    """The masked source MAC of a host's frames."""
    return f"02:{host.id:02x}:c0:00:02:50"


def _finite(milliseconds):
    return None if milliseconds == float("inf") else round(milliseconds)
