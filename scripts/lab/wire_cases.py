"""Cases of a switch that does what it should not: priority tags, filters, a port that passes heartbeats and nothing else."""

import time

from . import stranger, view, wire
from .stranger import Case

VICTIM = "edge2"
EVERYBODY = ("edge1", "edge2", "edge3")


class PriorityTag(Case):
    """802.1Q calls id 0 a priority tag: the frame belongs to no VLAN, and is as good as untagged."""

    NAME = "vlan0"
    TITLE = "switch ports begin and cease to tag with VLAN id 0"
    SECONDS = 22.0
    # What a port does to the frames of its host, to those towards it, and what all ports do.
    TURNS = ([(VICTIM, "out")], [(VICTIM, "in")], [(host, "in") for host in EVERYBODY], [(host, "out") for host in EVERYBODY])

    def befall(self):
        for ports in self.TURNS:
            began = time.time()
            with self.switch.rules("tag", *(f"{port} {direction} tag 0" for port, direction in ports)):
                self.watch.rest(self.seconds / len(self.TURNS) / 2)
            self.watch.rest(self.seconds / len(self.TURNS) / 2)
            where = " and ".join(port for port, _ in ports)
            self.screen.line(f"at {where}, {ports[0][1]}: {len(self.watch.doubles(began))} SYNs answered by two hosts")

    def judge(self):
        super().judge()
        self.settle()


class OtherVlan(Case):
    """The port of one host is put into another VLAN: it is alone there, and nobody may answer for it but the others."""

    NAME = "vlan"
    TITLE = "all frames towards one host are tagged with another VLAN"
    SECONDS = 10.0
    TOUCHED = (VICTIM,)

    def befall(self):
        self.at = time.time()
        with self.switch.rules("tag", f"{VICTIM} out tag 7"):
            self.watch.rest(self.seconds)
            self.ask()
        self.healed = self.settle()

    def judge(self):
        self.judge_owners()
        self.judge_takeover(self.at, self.at + self.seconds)
        self.judge_bystanders()

    def judge_words(self):
        self.judge_serving_nothing(self.lab.host(VICTIM))
        self.judge_naming(self.lab.host(VICTIM), "in VLAN 7")


class FilterAtOne(Case):
    """Majority: the one who hears nobody stops, the others take over. (`serve` exempts it: two owners until they hear each other.)"""

    NAME = "filter-one"
    TITLE = "a switch port ceases to pass cluster frames, partition majority"
    KEYS = {"partition": "majority"}
    SECONDS = 10.0
    TOUCHED = (VICTIM,)
    PORTS = (VICTIM,)

    def befall(self):
        rules = [f"{port} {direction} {wire.HEARTBEATS} drop" for port in self.PORTS for direction in ("in", "out")]
        self.at = time.time()
        with self.switch.rules("filter", *rules):
            self.watch.rest(self.seconds)
            self.ask()
        self.lifted = time.time()
        self.healed = self.settle()

    def judge(self):
        self.judge_owners()
        self.judge_takeover(self.at, self.lifted)
        self.judge_bystanders()
        self.judge_healing()

    def judge_words(self):
        for name in self.TOUCHED:
            self.judge_serving_nothing(self.lab.host(name))

    def judge_healing(self):
        promised = 2 * self.silence + 1.0
        if self.healed is not None:
            self.figures["healed_s"] = round(self.healed, 2)
            self.promise(self.healed <= promised, f"all agree {self.healed:.1f} s after the filter is gone (promised: {promised:.1f} s)")


class FilterAtAll(FilterAtOne):
    NAME = "filter-all"
    TITLE = "all switch ports cease to pass cluster frames, partition majority"
    TOUCHED = EVERYBODY
    PORTS = TOUCHED

    def judge(self):
        self.judge_owners()
        self.judge_healing()


class FilterServe(FilterAtOne):
    """With `serve` both go on: nothing can tell a filter from a death. Promised is only that it ends with the filter."""

    NAME = "filter-serve"
    TITLE = "a switch port ceases to pass cluster frames, partition serve"
    KEYS = {}

    def judge(self):
        during = self.watch.doubles(self.at, self.lifted)
        self.screen.line(f"exempt: {len(during)} SYNs were answered by two hosts while the filter stood")
        self.figures["double_answers_exempt"] = len(during)
        self.judge_owners(since=self.lifted + 2 * self.silence)
        self.judge_healing()
        met = [host.name for host in self.lab.hosts if self.watch.events(host)["duplicate_cluster"]]
        self.promise(met, f"who met another part of the cluster tells duplicate_cluster: {', '.join(met) or 'nobody'}")

    def judge_words(self):
        """All serve, and know no better."""


class BlackHole(Case):
    """Heartbeats have a queue of their own in most adapters; the clients' queue may be dead beside it."""

    NAME = "black-hole"
    TITLE = "one host receives cluster frames and nothing else"
    SECONDS = 10.0
    TOUCHED = (VICTIM,)

    def befall(self):
        self.at = time.time()
        with self.switch.rules("hole", f"{VICTIM} out {wire.ALL_BUT_HEARTBEATS} drop"):
            self.watch.rest(self.seconds)
            self.ask()
        self.lifted = time.time()
        self.healed = self.settle()

    def judge(self):
        self.judge_owners()
        self.judge_bystanders()
        gap = self.watch.longest_gap_ms(self.at, self.lifted)
        promised = 2 * self.silence * 1000
        self.figures["given_up_ms"] = None if gap == float("inf") else round(gap)
        self.promise(gap <= promised, f"its clients have no answer for {gap:.0f} ms at most (promised: {promised:.0f} ms)")
        self.promise(self.healed is not None, f"it has its share again {self.healed or 0:.1f} s after the hole is gone")
        for name in self.TOUCHED:
            told = self.watch.events(self.lab.host(name))
            both = told["clients_not_heard"] and told["clients_heard"]
            self.promise(both, f"{name} tells when clients are not heard, and when they are heard again")

    def judge_words(self):
        for name in self.TOUCHED:
            self.judge_serving_nothing(self.lab.host(name))


class LearntMac(BlackHole):
    """The switch believes the cluster MAC to be at one port: all the others hear no client, and that one serves everybody."""

    NAME = "learnt-mac"
    TITLE = "the switch has learnt the cluster MAC at one port"
    TOUCHED = ("edge1", "edge3")

    def befall(self):
        self.at = time.time()
        self.switch.say("station", VICTIM, stranger.plan.CLUSTER_MAC)
        self.watch.rest(self.seconds)
        self.ask()
        self.switch.say("forget", stranger.plan.CLUSTER_MAC)
        self.lifted = time.time()
        self.healed = self.settle()


class StaleHeartbeat(Case):
    """The frame was never seen before: a recording of what was heard would be a replay."""

    NAME = "stale"
    TITLE = "a heartbeat of a dead host arrives two seconds after its death"
    TOUCHED = ("edge1",)
    SECONDS = 4.0
    DELAY_MS = 2000

    def befall(self):
        victim = self.lab.host("edge1")
        survivors = [host for host in self.lab.hosts if host is not victim]
        others = [f"{host.name} out from edge1 {wire.HEARTBEATS} delay {self.DELAY_MS}" for host in survivors]
        self.at = time.time()
        with self.switch.rules("stale", *others):
            while not self.switch.matched("stale"):
                time.sleep(0.001)
            victim.kill()
        view.wait_for_agreement(survivors, survivors)
        self.watch.rest(self.seconds)
        victim.restart()
        self.settle()

    def judge(self):
        self.judge_owners()
        self.judge_takeover(self.at, self.at + 1.5)
        gap = self.watch.longest_gap_ms(self.at + 1.5)
        self.figures["stale_gap_ms"] = None if gap == float("inf") else round(gap)
        self.promise(gap <= stranger.GAP_MS, f"the late frame costs {gap:.0f} ms (promised: {stranger.GAP_MS} ms)")
        self.judge_bystanders()


CASES = (PriorityTag, OtherVlan, FilterAtOne, FilterAtAll, FilterServe, BlackHole, LearntMac, StaleHeartbeat)
