"""scripts/lab/run chaos: events drawn from a seed befall a lab under load, and a capture of the switch is judged against promises.

The load: wrk with a connection per request, long downloads in parallel, and a raw SYN from each of some probed clients every other
millisecond or so, because TCP itself would ask again only after a second.
"""

import collections
import contextlib
import os
import shutil
import socket
import time

from . import chaos_plan, judge, lateness, logs, misfortune, plan, prober, system, traffic, trial
from .capture import TURNS, Capture

CLIENTS = 400
WRK_CLIENTS = 120
WRK_RATE = 200
DOWNLOADS = 24
DOWNLOAD_RATE = "60k"
PROBED = 9
PROBE_MS = 2.5
PLANNED_MS = 10
TAIL_SECONDS = 1.5
ON_THE_WAY_SECONDS = 0.003
PORTS_END = prober.PORTS.stop


def add_options(parser):
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--partition", default="serve", choices=("serve", "majority"), help="majority adds partitions between pairs")
    parser.add_argument("--only", default=None, metavar="KIND,KIND", help="draw as ever, but let only these kinds of events happen")
    parser.add_argument("--logs", default=None, metavar="FOLDER", help="copy what every program said to a folder before the lab goes")
    trial.add_options(parser)


def cluster_keys(partition):
    """What the YAML of a lab for chaos says beside the usual: probes leave many half-open connections behind."""
    return {"partition": partition, "connections": {"max": 60000, "closing": "2s"}}


def events_of(options):
    silence = plan.seconds_of(options.period) * options.tolerance
    events = chaos_plan.draw(options.seed, options.events, options.hosts, silence, options.partition == "majority")
    kinds = set(options.only.split(",")) if options.only else set(chaos_plan.BY_NAME)
    if unknown := kinds - set(chaos_plan.BY_NAME):
        raise system.LabError(f"--only: there is no {', '.join(sorted(unknown))}; there are {', '.join(chaos_plan.BY_NAME)}")
    return [event for event in events if event.kind in kinds]


class Chaos(trial.Trial):
    def __init__(self, lab, screen):
        super().__init__(lab, screen)
        self.untold = []
        self.misfortune = misfortune.Misfortune(lab)
        self.answers = judge.Answers()
        self.cuts = judge.Cuts(PORTS_END)
        self.lateness = lateness.Lateness()

    @staticmethod
    def title(options):
        profile = f"{options.period} x {options.tolerance}, partition {options.partition}"
        return f"{len(events_of(options))} events of seed {options.seed} on {options.hosts} hosts, {profile}"

    @staticmethod
    def plan_of(options):
        return trial.lab_plan(options, "chaos", clients=CLIENTS, cluster_keys=cluster_keys(options.partition))

    @staticmethod
    def facts(options, seconds):
        return {"seed": options.seed, "events": len(events_of(options)), "period": options.period, "seconds": seconds}

    @staticmethod
    def around(lab, options):
        return logs_kept(lab, options.logs)

    def tell(self, options):
        self.run(events_of(options))
        self.judge()

    def run(self, events):
        addresses = self.lab.plan.client_addresses()
        buckets = traffic.buckets_of(self.lab, addresses)
        wrk_clients, downloaders = addresses[:WRK_CLIENTS], addresses[WRK_CLIENTS : WRK_CLIENTS + DOWNLOADS]
        probed = self.spread_evenly(buckets)
        self.windows = judge.Windows([socket.inet_aton(address) for address in probed], PORTS_END)
        self.capture = Capture(self.lab, "chaos", TURNS, 96, at_once=False)
        self.downloads = traffic.Downloads(self.lab, downloaders, DOWNLOAD_RATE)
        self.wrk = traffic.Wrk(self.lab, wrk_clients, WRK_RATE)
        with self.capture:
            with contextlib.ExitStack() as stack:
                for program in (self.lateness, self.wrk, self.downloads, traffic.Probes(self.lab, probed, PROBE_MS)):
                    stack.enter_context(program)
                time.sleep(1.0)
                self.began = time.time()
                for event in events:
                    seconds = self.misfortune.happen(event)
                    self.untold.append((time.time(), event, seconds))
                    self.listen()
                    self.report(len(events), time.time() - TAIL_SECONDS)  # the capture comes in batches, up to a second late
                time.sleep(TAIL_SECONDS)
                self.listen()
                self.report(len(events), time.time())
        if self.capture.lost():
            raise system.LabError(f"the capture missed {self.capture.lost()} frames: this machine is too busy to judge by it")
        self.listen()
        self.windows.finish()

    @staticmethod
    def spread_evenly(buckets):
        """A client for each of PROBED buckets, from the second network, which nobody else uses."""
        clients = {bucket: address for address, bucket in buckets.items() if address.startswith("203.0.113.")}
        known = sorted(clients)
        return [clients[known[len(known) * place // PROBED]] for place in range(PROBED)]

    def listen(self):
        for segment in judge.segments(self.capture.follow()):
            self.answers.feed(segment)
            self.windows.feed(segment)
            self.cuts.feed(segment)

    def report(self, total, until):
        while self.untold and self.untold[0][0] <= until:
            _, event, seconds = self.untold.pop(0)
            spans = [window.milliseconds() for window in self.windows.windows if self.phase_of(window).event is event]
            longest = f"{max(spans):.0f} ms" if spans else "none"
            text = f"{event.number}/{total} {event.words()}: agreed {seconds:.1f} s later; longest span without an answer {longest}"
            self.screen.line(text + (f"; {len(self.answers.doubles)} DOUBLE ANSWERS" if self.answers.doubles else ""))

    def judge(self):
        self.screen.step("=", "what the capture says")
        self.judge_answers()
        self.judge_windows()
        self.judge_connections()
        self.judge_resets()

    def judge_answers(self):
        doubles = self.answers.doubles
        self.figures.update(syns=self.answers.transmissions, answered=self.answers.answered, double_answers=len(doubles))
        self.promise(not doubles, f"{self.answers.transmissions} SYNs, {len(doubles)} of them answered by two hosts")
        for double in doubles[:5]:
            phase = self.misfortune.phase_at(double.time)
            client = f"{show(double.client)}:{double.client_port}"
            self.screen.line(f"{' and '.join(double.hosts)} answered {client}, {words_of(phase, double.time)}")

    def limit_ms(self):
        """Lease and two periods."""
        return (0.9 * self.lab.plan.silence() + 2 * plan.seconds_of(self.lab.plan.period)) * 1000

    def punctual_milliseconds(self, window):
        """Without the time in which the machine let nobody run."""
        return max(window.milliseconds() - self.lateness.within(window.begin, window.end) * 1000, 0.0)

    def judge_windows(self):
        self.figures["machine_late_ms"] = round(self.lateness.worst() * 1000, 1)
        self.screen.line(f"this machine let a program wait for {self.figures['machine_late_ms']} ms at most; spans are judged without it")
        by_sort = collections.defaultdict(list)
        for window in self.windows.windows:
            by_sort[self.phase_of(window).sort].append(window)
        self.figures["orphans_ms"] = {}
        for sort, windows in sorted(by_sort.items()):
            spans = [self.punctual_milliseconds(window) for window in windows]
            numbers = {f"p{percent}": round(judge.percentile(spans, percent), 1) for percent in (50, 99)}
            self.figures["orphans_ms"][sort] = {"count": len(spans), **numbers, "max": round(max(spans), 1)}
            worst = max(windows, key=self.punctual_milliseconds)
            said = f"{len(spans)} moves or gaps, p50 {numbers['p50']} ms, p99 {numbers['p99']} ms, longest {max(spans):.1f} ms"
            self.screen.line(f"{sort}: {said} ({words_of(self.phase_of(worst), worst.begin)})")
        figures = self.figures["orphans_ms"]
        p99 = figures.get(chaos_plan.PLANNED, {"p99": 0.0})["p99"]
        self.promise(p99 < PLANNED_MS, f"planned: nobody answered for {p99} ms (p99; promised: {PLANNED_MS} ms)")
        # Whoever was away for less than a lease may be missed only when he is back.
        for sort in (chaos_plan.FAILURE, misfortune.RETURN):
            longest = figures.get(sort, {"max": 0.0})["max"]
            bound = self.limit_ms()
            self.promise(longest <= bound, f"{sort}: nobody answered for {longest} ms at most (promised: {bound:.0f} ms)")
        ended = self.windows.never_ended
        self.promise(not ended, f"{len(ended)} probed clients had no answer at the end")
        for client, begin in ended.items():
            self.screen.line(f"{show(client)} had none, {words_of(self.misfortune.phase_at(begin), begin)}")

    def phase_of(self, window):
        """A SYN that was on its way when an event began is lost to it too."""
        return self.misfortune.phase_at(window.begin + ON_THE_WAY_SECONDS)

    def judge_connections(self):
        excused = self.misfortune.excuses
        cut = [one for one in self.cuts.cuts if not excused(one.owner, one.since, one.time)]
        for one in cut[:5]:
            where = words_of(self.misfortune.phase_at(one.time), one.time)
            client = f"{show(one.client)}:{one.client_port} of {one.owner}"
            self.screen.line(f"{client} was reset by {one.by} after {one.time - one.since:.1f} s, {where}")
        results = self.downloads.results()
        whole = [entry for entry in results if entry["error"] is None and entry["digest"] == self.lab.big_digest]
        broken = [entry for entry in results if entry not in whole and entry["error"] != "stopped" and entry["connected"]]
        lost = [entry for entry in broken if not excused(self.owner_of(entry), entry["connected"], entry["end"])]
        for entry in lost[:5]:
            phase = self.misfortune.phase_at(entry["heard"] or entry["connected"])
            what = f"the download of {entry['source']} from {self.owner_of(entry)} ended with {entry['error']}"
            self.screen.line(f"{what}, {words_of(phase, entry['heard'] or entry['connected'])}")
        self.figures.update(connections=self.cuts.connections, cut_on_survivors=len(cut) + len(lost))
        self.figures["downloads"] = {"whole": len(whole), "ended_with_their_host": len(broken) - len(lost), "cut": len(lost)}
        text = f"{len(cut)} connections of hosts that nothing befell were reset, {len(lost)} downloads from them ended early"
        self.promise(not cut and not lost, f"{self.cuts.connections} connections: {text}")
        self.screen.line(f"downloads: {len(whole)} whole, {len(broken) - len(lost)} ended with their hosts; wrk: {self.wrk.said()}")

    def judge_resets(self):
        """Who was not touched had no cause to stop serving."""
        needless = []
        for host in self.lab.hosts:
            stops = [event for event in logs.stops(host) if event.time >= self.began]
            needless += [(host, event) for event in stops if not self.misfortune.excuses(host.name, event.time, event.time)]
        self.figures["needless_resets"] = len(needless)
        for host, event in needless[:5]:
            self.screen.line(f"{host.name}: {event.name}, {words_of(self.misfortune.phase_at(event.time), event.time)}")
        self.screen.line(f"{len(needless)} times a host that nothing befell stopped serving")

    def owner_of(self, entry):
        """Who held a download: its own header says so, else who answered its SYN."""
        return entry["host"] or self.cuts.owners.get((socket.inet_aton(entry["source"]), entry["port"]))


def show(client):
    return socket.inet_ntoa(client)


def words_of(phase, instant):
    if phase.event is None:
        return f"{(instant - phase.begin) * 1000:.0f} ms into a time of peace"
    return f"{(instant - phase.begin) * 1000:.0f} ms into the {phase.sort} of event {phase.event.number}: {phase.event.words()}"


@contextlib.contextmanager
def logs_kept(lab, folder):
    try:
        yield
    finally:
        if folder:
            os.makedirs(folder, exist_ok=True)
            for log in lab.estate.directory.glob("*.log"):
                shutil.copy(log, folder)


def main(options):
    return trial.conduct(Chaos, options)
