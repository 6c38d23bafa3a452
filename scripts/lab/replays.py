"""Cases of an attacker who records and replays cluster frames of former lives, without the key. Expected: nobody notices."""

import time

from . import wire
from .stranger import Case

RECORD_SECONDS = 20.0
RATES = (None, 10, 100, 1000, 10_000)
ORDER = ("edge3", "edge1", "edge2", "edge3")  # a rolling restart, and one host twice


class Replay(Case):
    NAME = "replay"
    TITLE = "recordings of former lives are played after a rolling restart"
    SECONDS = 60.0  # at each rate
    RATES = RATES
    RECORD_SECONDS = RECORD_SECONDS

    def tell(self, options):
        file = self.lab.estate.directory / "former.pcap"
        self.switch.record("former", file, wire.HEARTBEATS)
        # Two lives of the first one, one of each other: all of them are over when the recording is played.
        time.sleep(self.RECORD_SECONDS)
        self.restart(ORDER[0])
        self.figures["recorded"] = self.switch.recorded("former")
        for name in ORDER[1:]:
            self.restart(name)
        self.file = file
        super().tell(options)

    def restart(self, name):
        host = self.lab.host(name)
        host.controlplane.terminate()
        host.dataplane.terminate()
        host.restart()
        self.settle()

    def befall(self):
        self.played = {}
        for rate in self.RATES:
            name = f"rate{rate or 'own'}"
            self.switch.play(name, self.file, self.seconds, rate)
            self.watch.rest(self.seconds + 0.5)
            pace = f"{rate} a second" if rate else "their own pace"
            self.played[pace] = self.switch.played(name)
            told = {host.name: self.watch.stops(host) for host in self.lab.hosts if self.watch.stops(host)}
            self.screen.line(f"{self.played[pace]} frames at {pace}; stopped serving so far: {told or 'nobody'}")

    def judge(self):
        self.figures["played"] = self.played
        super().judge()


class ShortReplay(Replay):
    """The same, short enough for each change."""

    NAME = "replay-short"
    TITLE = "a recording of former lives is played for seconds after a rolling restart"
    SECONDS = 6.0
    RATES = (None, 1000)
    RECORD_SECONDS = 6.0


CASES = (Replay, ShortReplay)
