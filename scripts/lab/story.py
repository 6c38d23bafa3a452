"""The main job as a story of six steps (a) to (f), each with what it promises. What is promised is judged by captures and clients' logs.

Nothing here prints or makes namespaces: a Screen shows, a Lab is given.
"""

import time

from . import analysis, plan, system, traffic, trial, view
from .capture import Capture

REQUESTS = 3000
LOAD_RATE = 150
DOWNLOAD_RATE = "1200k"  # 8 MiB in about 7 s: longer than what happens meanwhile
FENCE_SLACK = 0.03
STOP_SECONDS = 30  # closed connections are forgotten after connections.closing and a pass of the sweep over the table


class Story(trial.Trial):
    def __init__(self, lab, screen):
        super().__init__(lab, screen)
        # The keys that programs rely on; more are added on the way.
        self.figures = {"requests": 0, "failed": None, "per_host": {}, "failover_ms": None}
        self.figures.update(rejoin_failed=None, drain_ok=False, double_answers=0)

    def judge_answers(self, frames):
        doubles = analysis.double_answers(frames)
        self.figures["double_answers"] += len(doubles)
        self.promise(not doubles, f"{len(analysis.answers(frames))} SYNs answered in the capture, none of them by two hosts")
        for key, hosts in list(doubles.items())[:3]:
            self.screen.line(f"two answers: {key} by {hosts}")

    def limit_ms(self):
        """The time a takeover may last: detection, then two message delays and the map's install with room for shared cores."""
        return (self.lab.plan.tolerance + 4) * plan.seconds_of(self.lab.plan.period) * 1000

    def lease(self):
        return 0.9 * self.lab.plan.silence()

    # (a)
    def converge(self):
        names = ", ".join(host.name for host in self.lab.hosts)
        self.screen.step("a", f"{names} start, find one another and share {plan.VIP}")
        agreed, seconds = self.lab.start()
        self.buckets = traffic.buckets_of(self.lab, self.lab.plan.client_addresses())
        self.screen.buckets(agreed, "who owns which bucket")
        self.figures["convergence_ms"] = round(seconds * 1000)
        counts = agreed.shares().values()
        equal = max(counts) - min(counts) <= 1
        self.promise(equal, f"converged {seconds:.1f} s after the first start, shares as equal as 60 buckets allow")
        return agreed

    # (b)
    def serve(self, agreed):
        clients = len(self.buckets)
        self.screen.step("b", f"{REQUESTS} HTTP requests from {clients} client addresses to http://{plan.VIP}/")
        with Capture(self.lab, "serve") as capture:
            with traffic.Load(self.lab, "serve", 400, REQUESTS) as load:
                while load.process.runs():
                    self.screen.progress(load.done(), REQUESTS, "requests")
                    time.sleep(0.2)
                self.screen.progress_done()
                load.wait(30)
        results = load.results()
        served = traffic.per_host(results)
        lost = traffic.failed(results)
        self.figures.update(requests=len(results), failed=len(lost) + REQUESTS - len(results), per_host=served)
        self.promise(len(results) == REQUESTS and not lost, f"{len(results)} requests, {len(lost)} failed{_first_error(lost)}")
        self._compare_shares(agreed, served)
        strayed = [entry for entry in results if entry["host"] and entry["host"] != self.owner_of(agreed, entry["source"])]
        self.promise(not strayed, "every request was answered by the owner of its client's bucket")
        self.judge_answers(capture.frames())

    def owner_of(self, agreed, address):
        return agreed.members[agreed.owners[self.buckets[address]]]

    def _compare_shares(self, agreed, served):
        total = max(1, sum(served.values()))
        owned = [agreed.owners[bucket] for bucket in self.buckets.values()]
        for number, name in sorted(agreed.members.items()):
            buckets = agreed.owners.count(number) / len(agreed.owners)
            clients = owned.count(number) / len(owned)
            requests = served.get(name, 0) / total
            self.screen.line(f"{name}: {buckets:.1%} of the buckets, {clients:.1%} of the client addresses, {requests:.1%} of the requests")

    # (c)
    def kill(self, victim, name="kill"):
        """Kills both processes of a host under load; returns the Takeover and the load's results."""
        others = [host for host in self.lab.hosts if host is not victim]
        before = self.lab.settle()
        probed = traffic.one_per_bucket(self.buckets, before.buckets_of(victim.id))
        watch = 0.4 + 2 * self.limit_ms() / 1000 + 0.5
        with Capture(self.lab, name) as capture:
            with traffic.Load(self.lab, name, LOAD_RATE) as load:
                probes = traffic.probe(self.lab, name, probed, watch, self.probe_interval())
                system.wait_until(lambda: load.done() > 20, 10, "the load's start")
                time.sleep(0.3)
                instant = time.time()
                victim.kill()
                after, _ = view.wait_for_agreement(others, others)
                probes.wait(watch + 20)
                time.sleep(max(0.0, instant + 2.5 - time.time()))  # TCP's first and second retries
        frames = capture.frames()
        return before, after, analysis.takeover(frames, instant, victim.name, probed), load.results(), frames, instant

    def probe_interval(self):
        return 8 if self.lab.plan.silence() >= 0.3 else 5

    def survive(self, victim):
        self.screen.step("c", f"kill -9 of both processes of {victim.name} under load")
        before, after, takeover, results, frames, instant = self.kill(victim)
        self.screen.buckets(before, "before")
        self.screen.buckets(after, "after")
        self.report_takeover(takeover)
        lost, late = traffic.failed(results), traffic.slow(results)
        longest = max((entry["end"] - entry["start"] for entry in results), default=0)
        self.screen.line(
            f"clients' view: {len(results)} requests, {len(lost)} failed{_first_error(lost)}, {len(late)} slower than 0.5 s, "
            f"the longest took {longest:.2f} s (TCP itself repeats a lost SYN after 1 s)"
        )
        seen = {"requests": len(results), "failed": len(lost), "slow": len(late), "longest_request_ms": round(longest * 1000)}
        self.figures["kill"] = seen | {"detection_ms": _rounded(takeover.detection), "median_ms": _rounded(takeover.median())}
        # An established connection dies with its host; what began after the takeover must not fail.
        new = [entry for entry in lost if entry["start"] > instant + self.limit_ms() / 1000]
        self.promise(not new, "no request that began after the takeover failed")
        self.judge_answers(frames)

    def report_takeover(self, takeover):
        milliseconds = takeover.milliseconds()
        self.figures["failover_ms"] = _rounded(milliseconds)
        if takeover.detection is not None:
            self.screen.line(f"capture: the survivors stated a new epoch after {takeover.detection:.0f} ms")
        served = "never all" if milliseconds is None else f"after {milliseconds:.0f} ms"
        kept = milliseconds is not None and milliseconds <= self.limit_ms()
        probed = f"all {len(takeover.served)} client addresses that were probed are served again"
        self.promise(kept, f"{probed}: {served} (promised: {self.limit_ms():.0f} ms)")

    # (d)
    def rejoin(self, victim):
        self.screen.step("d", f"{victim.name} comes back under load; a long download on another host goes on")
        agreed = view.view_of(next(host for host in self.lab.hosts if host is not victim))
        bystander = next(host for host in self.lab.hosts if host is not victim)
        source = self.client_of(agreed, bystander)
        with Capture(self.lab, "rejoin") as capture, traffic.Load(self.lab, "rejoin", LOAD_RATE) as load:
            download = traffic.Download(self.lab, "rejoin", source, DOWNLOAD_RATE).start()
            time.sleep(0.5)
            victim.restart()
            after = self.lab.settle()
            moved_during = download.process.runs()
            whole = download.wait()
            time.sleep(0.5)
        lost = traffic.failed(load.results())
        self.screen.buckets(after, "after")
        self.figures["rejoin_failed"] = len(lost)
        self.promise(not lost, f"{len(load.results())} requests, {len(lost)} failed{_first_error(lost)}")
        self.promise(whole and moved_during, f"the download on {bystander.name} ran through it and every byte arrived")
        self.judge_answers(capture.frames())
        return after

    def client_of(self, agreed, host):
        return traffic.one_per_bucket(self.buckets, agreed.buckets_of(host.id))[0]

    # (e)
    def drain(self, leaver, agreed):
        self.screen.step("e", f"drainstop of {leaver.name} while a client downloads from it")
        others = [host for host in self.lab.hosts if host is not leaver]
        with Capture(self.lab, "drain") as capture, traffic.Load(self.lab, "drain", LOAD_RATE) as load:
            download = traffic.Download(self.lab, "drain", self.client_of(agreed, leaver), DOWNLOAD_RATE).start()
            system.wait_until(lambda: download.bytes() > 200_000, 10, "the download's start")
            code, _, complaint = leaver.nlb("drainstop")
            system.wait_until(lambda: self.owns_nothing(leaver, others), 10, f"{leaver.name}'s handing over")
            instant = time.time()
            handed_during = download.process.runs()
            after = view.view_of(others[0])
            whole = download.wait()
        system.wait_until(lambda: leaver.state() == "stopped", STOP_SECONDS, f"{leaver.name}'s stop after its last connection")
        self.screen.buckets(after, f"{leaver.name} drains")
        results = load.results()
        lost = traffic.failed(results)
        strayed = [entry for entry in results if entry["host"] == leaver.name and entry["start"] > instant]
        right_host = whole and download.host() == leaver.name
        self.figures["drain_ok"] = code == 0 and whole and right_host and handed_during and not lost and not strayed
        self.promise(code == 0, f"nlb drainstop was accepted{': ' + complaint.strip() if code else ''}")
        ended_well = whole and handed_during and right_host
        self.promise(ended_well, f"the download from {leaver.name} went on and ended well; then {leaver.name} stopped")
        self.promise(not strayed, f"{len(strayed)} new requests went to {leaver.name} after it had handed over")
        self.promise(not lost, f"{len(results)} requests, {len(lost)} failed{_first_error(lost)}")
        self.judge_answers(capture.frames())
        leaver.nlb("start")
        self.screen.buckets(self.lab.settle(), f"{leaver.name} was started again")

    @staticmethod
    def owns_nothing(leaver, others):
        views = [view.view_of(host) for host in others]
        return all(one and one.state == "converged" and one.owners and not {leaver.id, 0} & set(one.owners) for one in views)

    # (f)
    def freeze(self, sleeper):
        self.screen.step("f", f"SIGSTOP of {sleeper.name}'s control plane: its dataplane closes by itself when the lease ends")
        others = [host for host in self.lab.hosts if host is not sleeper]
        before = self.lab.settle()
        probed = traffic.one_per_bucket(self.buckets, before.buckets_of(sleeper.id))
        watch = 0.4 + 2 * self.limit_ms() / 1000 + 1.0
        with Capture(self.lab, "freeze") as capture:
            probes = traffic.probe(self.lab, "freeze", probed, watch, self.probe_interval())
            time.sleep(0.4)
            instant = time.time()
            sleeper.controlplane.stop()
            after, _ = view.wait_for_agreement(others, others)
            probes.wait(watch + 20)
            woken = time.time()
            sleeper.controlplane.resume()
            again = self.lab.settle()
        frames = capture.frames()
        self.screen.buckets(after, f"{sleeper.name} is stopped")
        self.screen.buckets(again, f"{sleeper.name} was continued")
        before_waking = [frame for frame in frames if frame.time < woken]
        last = analysis.last_answer(before_waking, sleeper.name, instant)
        closed = 0.0 if last is None else last
        bound = (self.lease() + FENCE_SLACK) * 1000
        lease = f"lease: {self.lease() * 1000:.0f} ms"
        self.promise(closed <= bound, f"{sleeper.name} answered no SYN later than {closed:.0f} ms after the stop ({lease})")
        takeover = analysis.takeover(frames, instant, sleeper.name, probed)
        milliseconds = takeover.milliseconds()
        self.figures["fence_ms"], self.figures["freeze_takeover_ms"] = _rounded(closed), _rounded(milliseconds)
        served = "never all" if milliseconds is None else f"after {milliseconds:.0f} ms"
        self.promise(milliseconds is not None, f"its {len(probed)} probed client addresses are served by the others: {served}")
        self.judge_answers(frames)

    def check_switch(self):
        """The bridge's own table: one frame with the cluster MAC as its source would have ended the flooding."""
        learnt = system.run("bridge", "fdb", "show", namespace=self.lab.network.switch)
        self.promise(plan.CLUSTER_MAC not in learnt, "the switch never learnt the cluster MAC")


def _first_error(lost):
    return f" (first: {lost[0]['error']})" if lost else ""


def _rounded(value):
    return None if value is None else round(value, 1)
