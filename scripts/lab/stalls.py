"""Cases of processes that stand still. Expected: the lease ends by itself, the others take over once, and the sleeper joins anew."""

import time

from .stranger import Case

VICTIM = "edge1"


class PausedControlPlane(Case):
    NAME = "paused-controlplane"
    TITLE = "a control plane stands still and goes on"
    SECONDS = 3.0
    TOUCHED = (VICTIM,)
    TURNS = 3

    def process(self):
        return self.lab.host(VICTIM).controlplane

    def befall(self):
        self.at = time.time()
        for _ in range(self.TURNS):
            process = self.process()
            process.stop()
            self.watch.rest(self.seconds)
            self.ask_sleeper()
            process.resume()
            self.settle()
            self.watch.rest(1.0)

    def ask_sleeper(self):
        """Its control plane gives no answer."""

    def judge(self):
        self.judge_owners()
        self.judge_takeover(self.at)
        self.judge_bystanders()
        entries = self.watch.requests()
        self.screen.line(f"{len(entries)} requests, {sum(entry['error'] is not None for entry in entries)} failed")


class PausedDataplane(PausedControlPlane):
    NAME = "paused-dataplane"
    TITLE = "a dataplane stands still and goes on"

    def process(self):
        return self.lab.host(VICTIM).dataplane

    def ask_sleeper(self):
        self.ask()

    def judge_words(self):
        self.judge_serving_nothing(self.lab.host(VICTIM))


class PausedHost(PausedControlPlane):
    """Both at once, for times around the lease: nothing of the host runs, and what waited in its rings is judged on waking."""

    NAME = "paused-host"
    TITLE = "both processes of a host stand still and go on"
    TURNS = 6

    def befall(self):
        self.at = time.time()
        host = self.lab.host(VICTIM)
        for turn in range(self.TURNS):
            for process in (host.controlplane, host.dataplane):
                process.stop()
            self.watch.rest(self.silence * (0.4 + 0.3 * turn))
            for process in (host.dataplane, host.controlplane):
                process.resume()
            self.watch.rest(2 * self.silence)
            self.settle()


CASES = (PausedControlPlane, PausedDataplane, PausedHost)
