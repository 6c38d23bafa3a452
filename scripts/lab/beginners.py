"""Cases of hosts that begin where others serve, and cannot be understood by them: keys, versions, a filter in the switch.

Expected of each: the newcomer looks before it serves, so nobody notices it but in `nlb query`.
"""

import time

from . import stranger, wire
from .stranger import Case


class Beginner(Case):
    """One host begins beside the others that serve."""

    SECONDS = 22.0  # at 150 requests a second: 3,000 and some
    NEWCOMER = "edge3"
    FIRST = ("edge1", "edge2")

    @property
    def newcomer(self):
        return self.lab.host(self.NEWCOMER)

    def befall(self):
        self.hinder()
        self.newcomer.start()
        self.watch.rest(self.seconds)
        self.ask()

    def hinder(self):
        """What the switch does to the newcomer."""

    def judge(self):
        super().judge()
        taken = [entry for entry in self.watch.requests() if entry["host"] == self.NEWCOMER]
        self.figures["answered_by_newcomer"] = len(taken)
        self.promise(not taken, f"{self.NEWCOMER} answered {len(taken)} requests (promised: 0)")

    def judge_words(self):
        self.judge_serving_nothing(self.newcomer)
        for host in self.bystanders():
            self.judge_event(host, "frame_refused", stranger.mac_of(self.newcomer))
        self.judge_naming(self.newcomer, *(stranger.mac_of(host) for host in self.bystanders()))
        self.judge_event(self.newcomer, "waits_to_begin", "")


class WrongKey(Beginner):
    NAME = "wrong-key"
    TITLE = "a host begins with a key of its own"

    @classmethod
    def prepare(cls, lab):
        other = stranger.key(lab, "other.key")
        lab.host(cls.NEWCOMER).use(stranger.own_file(lab, "other", lambda text: text.replace(str(lab.key_file), str(other))))


class FormerKey(Beginner):
    """The newcomer was off while the key was changed. It has the lowest id: two clusters that meet go on with its side."""

    NAME = "former-key"
    TITLE = "a host begins with the former key, which the others still accept"
    NEWCOMER = "edge1"
    FIRST = ("edge2", "edge3")

    @classmethod
    def prepare(cls, lab):
        new = stranger.key(lab, "new.key")
        line = f"key_file: {lab.key_file}"
        quoted = f'key_file: "{lab.key_file}"'

        def rotated(text):
            former = f'key_file: "{new}"\n    former_key_files: ["{lab.key_file}"]'
            return text.replace(quoted, former).replace(line, former)

        file = stranger.own_file(lab, "rotated", rotated)
        for host in cls.first(lab):
            host.use(file)
        lab.configuration = file


class Version(Beginner):
    """The switch changes the version in each cluster frame from and to the newcomer."""

    NAME = "version"
    TITLE = "a host begins that speaks another version of the frames"
    VERSION_OFFSET = 18

    def hinder(self):
        for direction in ("in", "out"):
            self.switch.rule("version", self.NEWCOMER, direction, wire.HEARTBEATS, "set", self.VERSION_OFFSET, "7f")


class Filtered(Beginner):
    """No frame of the cluster is heard by the newcomer, nor any of its own by others; only its probes can find out."""

    NAME = "filter-begin"
    TITLE = "a host begins behind a switch port that lets no cluster frame through"

    def hinder(self):
        for direction in ("in", "out"):
            self.switch.rule("filter", self.NEWCOMER, direction, wire.HEARTBEATS, "drop")

    def judge_words(self):
        self.judge_serving_nothing(self.newcomer)
        self.judge_naming(self.newcomer, "answers for this cluster's addresses")


class Alone(Beginner):
    """Nobody serves: whoever hears only strangers begins at last."""

    NAME = "wrong-key-alone"
    TITLE = "a host with a key of its own begins and nobody serves; in the end it does"
    SECONDS = 65.0
    FIRST = ()

    @classmethod
    def start(cls, lab, options):
        """Nobody runs yet."""

    def befall(self):
        began = time.monotonic()
        self.newcomer.start()
        self.settle([self.newcomer], self.seconds)
        self.figures["alone_after_s"] = round(time.monotonic() - began, 1)

    def judge(self):
        self.judge_owners()
        self.promise(self.figures["alone_after_s"] <= 4.0, f"it serves {self.figures['alone_after_s']} s after its start (promised: 4 s)")

    def judge_words(self):
        """It has served for a while, as it should."""


CASES = (WrongKey, FormerKey, Version, Filtered, Alone)
