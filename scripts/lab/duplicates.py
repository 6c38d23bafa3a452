"""Cases of two machines that claim one id. Expected: who serves goes on; who comes later stays out and says so."""

import time

from . import plan, stranger, system, wire
from .stranger import Case

TURNS = 6


class Twin(Case):
    """The holder's control plane stalls just when the other machine knocks."""

    NAME = "duplicate"
    TITLE = "a second machine claims a host's id while the holder stalls"
    HOLDER = "edge2"
    TOUCHED = ("edge2",)
    SECONDS = 3.0  # each machine's life beside the holder
    MACHINE = "twin"

    @classmethod
    def begin(cls, lab, screen, options):
        case = cls(lab, screen, options)
        holder = lab.host(cls.HOLDER)
        case.holder = holder
        case.twin = lab.add_machine(cls.MACHINE, holder.plan, cls.file(lab))
        return case

    @classmethod
    def file(cls, lab):
        return lab.configuration

    def machines(self):
        return [*self.lab.hosts, self.twin]

    def befall(self):
        self.stalls = []
        for turn in range(TURNS):
            self.visit(turn)
        self.screen.line(f"the holder stood still for {', '.join(map(str, self.stalls))} ms")

    def begin_twin(self):
        """Its dataplane takes a while to start, and says nothing."""
        self.twin.run_directory.mkdir(mode=0o755, exist_ok=True)
        if not self.twin.server.runs():
            self.twin.server.start()
        self.twin.start_dataplane()

    def visit(self, turn):
        """One life of the twin. The holder stands still from before its first frame on, for another time in each visit: less than the
        silence after which it would be dead."""
        stall = plan.seconds_of(self.lab.plan.period) * (0.5 + 0.5 * turn)
        name = f"{self.MACHINE}{turn}"
        self.switch.record(name, self.lab.estate.directory / f"{name}.pcap", f"port {self.MACHINE} {wire.HEARTBEATS}")
        self.begin_twin()
        stopped = time.monotonic()
        self.holder.controlplane.stop()
        try:
            self.twin.start_controlplane()
            system.wait_until(lambda: self.switch.status()["recording"][name], 10, "the twin's first frame", interval=0.001)
            time.sleep(stall)
        finally:
            self.holder.controlplane.resume()
        self.stalls.append(round((time.monotonic() - stopped) * 1000))
        self.watch.rest(self.seconds)
        if turn == TURNS - 1:
            self.ask()
        self.twin.kill()
        self.watch.rest(self.silence + 0.5)

    def judge(self):
        self.judge_owners()
        self.judge_bystanders()
        taken = [entry for entry in self.watch.requests() if entry["host"] == self.MACHINE]
        self.figures["stalls_ms"] = self.stalls
        # A holder that stands still for as long as the dead are silent is dead.
        late = max(self.stalls) > (self.silence - 1.5 * plan.seconds_of(self.lab.plan.period)) * 1000
        if late:
            self.screen.line(f"this machine was late: a holder stood still for {max(self.stalls)} ms, and its id is free after T*P")
        self.promise(late or not taken, f"the second machine answered {len(taken)} requests (promised: 0)")
        gap = self.watch.longest_gap_ms()
        self.promise(gap <= self.limit_ms, f"probed clients: no answer for {gap:.0f} ms at most (promised: {self.limit_ms:.0f} ms)")
        self.settle()

    def judge_words(self):
        self.judge_event(self.holder, "id_in_use", f"host={self.holder.name}")


class TwinOfAnotherFile(Twin):
    """The second machine's file calls it by another name and does not know the holder; nobody stalls."""

    NAME = "duplicate-file"
    TITLE = "a machine with the id of another, from a file that lacks that host"
    TOUCHED = ()
    SECONDS = 10.0

    @classmethod
    def file(cls, lab):
        changed = {cls.HOLDER: "edge9", "192.0.2.12": "192.0.2.19", "2001:db8::12": "2001:db8::19"}

        def change(text):
            for old, new in changed.items():
                text = text.replace(old, new)
            return text

        return stranger.own_file(lab, "other", change)

    @classmethod
    def begin(cls, lab, screen, options):
        case = cls(lab, screen, options)
        case.holder = lab.host(cls.HOLDER)
        case.twin = lab.add_machine(cls.MACHINE, plan.HostPlan("edge9", case.holder.id, "192.0.2.19", "2001:db8::19"), cls.file(lab))
        return case

    def befall(self):
        self.twin.start()
        self.watch.rest(self.seconds)
        self.ask()
        self.twin.kill()

    def judge(self):
        Case.judge(self)


CASES = (Twin, TwinOfAnotherFile)
