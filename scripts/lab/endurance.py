"""scripts/lab/run downloads: many long downloads while hosts are drained, reweighted, stopped, killed and come back.

All hosts but the last live through it and are drained and weighed; the last one is stopped, killed and sent away as well, and only
its own connections may end by that. Promised: of all others none is reset and none pauses for more than a second.
"""

import json
import time

from . import judge, plan, system, traffic, trial, view
from .capture import TURNS, Capture
from .changes import Changes
from .steady import PAUSE_SECONDS, RAMP_SECONDS

CLIENTS = 500
RATE = "4k"
CLUSTER_KEYS = {"connections": {"max": 20000, "closing": "2s"}}
SETTLE_SECONDS = 3.0
QUIET = (0.6, 2.0)  # seconds from one change to the next


def add_options(parser):
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--downloads", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=100, help="weights, drains, stops, kills and returns")
    trial.add_options(parser)


class SteadyDownloads(traffic.Program):
    """Downloads that go on until the block ends (see steady.py)."""

    def __init__(self, lab, sources, count, rate=RATE, path="/slow"):
        self.output = lab.estate.directory / "steady.jsonl"
        addresses = lab.estate.directory / "steady.sources"
        addresses.write_text("\n".join(sources))
        content = lab.estate.directory / "big"
        arguments = ["--target", plan.VIP, "--sources", addresses, "--count", count, "--rate", rate, "--path", path]
        arguments += ["--content", content, "--output", self.output]
        super().__init__(lab.python("steady", "steady", *arguments))

    def results(self):
        with open(self.output) as lines:
            return [json.loads(line) for line in lines]

    def samples(self):
        """(time, bytes that all downloads together have received, how many are open) twice a second."""
        for line in self.process.log.read_text().splitlines():
            if line.startswith('{"time"') and line.endswith("}"):
                sample = json.loads(line)
                yield sample["time"], sample["bytes"], sample["open"]

    def goodput(self, begin, end):
        """Bytes a second between two moments."""
        inside = [(when, count) for when, count, _ in self.samples() if begin <= when <= end]
        (first, before), (last, after) = inside[0], inside[-1]
        return (after - before) / (last - first)

    def lateness(self):
        return json.loads(self.process.last_line())["lateness"]


class Endurance(trial.Trial):
    def __init__(self, lab, screen):
        super().__init__(lab, screen)
        self.answers = judge.Answers()
        self.cuts = judge.Cuts(0)

    @staticmethod
    def title(options):
        changes = f"{options.changes} changes of seed {options.seed}"
        return f"{options.downloads} downloads, {changes}, {options.hosts} hosts, {options.period} x {options.tolerance}"

    @staticmethod
    def plan_of(options):
        return trial.lab_plan(options, "downloads", clients=CLIENTS, cluster_keys=CLUSTER_KEYS)

    @staticmethod
    def facts(options, seconds):
        return {"seed": options.seed}

    def tell(self, options):
        self.run(options.downloads, options.changes, options.seed)

    def run(self, count, changes, seed):
        addresses = self.lab.plan.client_addresses()
        self.downloads = SteadyDownloads(self.lab, addresses, count)
        self.changes = Changes(self.lab, seed)
        with Capture(self.lab, "downloads", TURNS, 96, at_once=False) as capture:
            with self.downloads:
                time.sleep(RAMP_SECONDS + SETTLE_SECONDS)
                self.began = time.time()
                for number in range(1, changes + 1):
                    began = time.monotonic()
                    words = self.changes.happen()
                    seconds = time.monotonic() - began
                    self.listen(capture)
                    self.screen.line(f"{number}/{changes} {words}: agreed after {seconds:.1f} s; {self.changes.moved} buckets moved so far")
                    time.sleep(max(0.0, self.changes.chance.uniform(*QUIET) - (time.monotonic() - began)))
                self.ended = time.time()
                time.sleep(SETTLE_SECONDS)
                self.elsewhere = self.count_elsewhere(addresses)
            time.sleep(0.5)
        if capture.lost():
            raise system.LabError(f"the capture missed {capture.lost()} frames: this machine is too busy to judge by it")
        self.listen(capture)
        self.judge(count, changes)

    def listen(self, capture):
        for segment in judge.segments(capture.follow()):
            self.answers.feed(segment)
            self.cuts.feed(segment)

    def count_elsewhere(self, addresses):
        """Connections that are held by a host other than the owner of their bucket: what a descriptor alone keeps alive."""
        agreed = view.view_of(self.changes.up()[0])
        owner = {source: agreed.members[agreed.owners[bucket]] for source, bucket in traffic.buckets_of(self.lab, addresses).items()}
        count = 0
        for host in self.lab.hosts:
            for line in host.run("ss", "-Htn", "state", "established", "sport = :80").splitlines():
                client = line.split()[-1].rsplit(":", 1)[0]
                count += owner.get(client, host.name) != host.name
        return count

    def judge(self, count, changes):
        self.screen.step("=", "what the clients and the capture say")
        excused = self.changes.misfortune.excuses
        entries = self.downloads.results()
        connected = [entry for entry in entries if entry["connected"]]
        for entry in connected:
            entry["host"] = entry["host"] or self.cuts.owners.get((_packed(entry["source"]), entry["port"]))
        survivors = [entry for entry in connected if not excused(entry["host"], entry["connected"], entry["heard"])]
        lost = [entry for entry in survivors if entry["error"] != "stopped"]
        resets = [one for one in self.cuts.cuts if not excused(one.owner, one.since, one.time)]
        stalls = [(entry, pause) for entry in survivors for pause in entry["pauses"]]
        whole_run = [entry for entry in survivors if entry["connected"] < self.began and entry["error"] == "stopped"]
        longest = max((entry["longest"] for entry in survivors), default=0.0)
        self.name_the_first(lost, stalls)
        self.figures.update(
            downloads=count, changes=changes, connections=len(connected), survivors=len(survivors), whole_run=len(whole_run),
            resets=len(resets), lost=len(lost), stalls=len(stalls), longest_pause_ms=round(longest * 1000),
            moved_buckets=self.changes.moved, kinds=self.changes.counts,
            kept_by_descriptor=self.elsewhere, double_answers=len(self.answers.doubles), megabytes=_megabytes(connected),
            ended_with_their_host=len(connected) - len(survivors), client_lateness_ms=round(self.downloads.lateness() * 1000),
        )
        said = f"{len(whole_run)} ran from before the first change until after the last, {self.ended - self.began:.0f} s"
        self.screen.line(f"{changes} changes, {len(connected)} connections: {len(survivors)} of hosts that nothing befell, {said}")
        self.screen.line(f"{self.changes.moved} buckets moved; {self.elsewhere} connections end at a host that does not own their bucket")
        self.promise(not resets and not lost, f"{len(resets)} resets, {len(lost)} downloads ended early on hosts that nothing befell")
        self.promise(not stalls, f"{len(stalls)} pauses of more than {PAUSE_SECONDS:g} s; the longest took {longest * 1000:.0f} ms")
        wrong = [entry for entry in connected if entry["wrong"]]
        self.promise(not wrong, f"{_megabytes(connected)} MB, {len(wrong)} downloads with a wrong byte")
        self.promise(not self.answers.doubles, f"{self.answers.transmissions} SYNs, {len(self.answers.doubles)} answered by two hosts")
        self.promise(len(whole_run) > count // 4, f"{len(whole_run)} of {count} downloads lasted through all changes")

    def name_the_first(self, lost, stalls):
        for entry in lost[:5]:
            client = f"{entry['source']}:{entry['port']} of {entry['host']}"
            self.screen.line(f"{client} ended with {entry['error']}, {self.changes.words_at(entry['heard'])}")
        for entry, (begin, end) in stalls[:5]:
            client = f"{entry['source']}:{entry['port']} of {entry['host']}"
            self.screen.line(f"{client} heard nothing for {end - begin:.1f} s, {self.changes.words_at(begin)}")


def _packed(source):
    return bytes(map(int, source.split(".")))


def _megabytes(entries):
    return round(sum(entry["bytes"] for entry in entries) / 1e6)


def main(options):
    return trial.conduct(Endurance, options)
