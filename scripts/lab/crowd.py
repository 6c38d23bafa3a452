"""scripts/lab/run crowd: many hosts of one lab on few cores, started at once. How soon they agree, who resets, what each process costs.

Overload must cost the late host alone: a crowd that resets because it is late makes itself later.
"""

import dataclasses
import datetime
import os
import pathlib
import re
import statistics
import time

from . import plan, system, trial, view
from .cluster_lab import new_tag

CLIENTS = 60
CONNECTIONS = 8192
AGREEMENT_SECONDS = 3.0
SHARE_MAX = 0.01  # of a core, for each process
STATE = re.compile(r" name=(started|converging|converged|reset) ")
RESET = re.compile(r" name=(reset|fenced|deaf|peer_lost) ")
TICKS = os.sysconf("SC_CLK_TCK")


def add_options(parser):
    parser.add_argument("--hosts", type=int, default=16, choices=range(2, 33), metavar="2..32")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they are watched after they agree")
    parser.add_argument("--patience", type=float, default=60.0, help="how long their agreement is awaited")
    parser.add_argument("--kill", action="store_true", help="then kill one, and see how soon the others agree")
    parser.add_argument("--period", default="100ms")
    parser.add_argument("--tolerance", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, everything else on standard error")


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def machine_seconds():
    """Of all cores together, idle time not counted."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(fields[:8]) - fields[3] - fields[4]) / TICKS


class Crowd(trial.Trial):
    @staticmethod
    def title(options):
        return f"{options.hosts} hosts at {options.period} x {options.tolerance} started at once on {len(os.sched_getaffinity(0))} cores"

    @staticmethod
    def plan_of(options):
        keys = {"connections": {"max": CONNECTIONS, "closing": "2s"}}
        timing = {"period": options.period, "tolerance": options.tolerance}
        return plan.Plan(tag=new_tag("crowd"), hosts=options.hosts, clients=CLIENTS, cluster_keys=keys, **timing)

    @staticmethod
    def facts(options, seconds):
        return {"hosts": options.hosts, "period": options.period, "tolerance": options.tolerance, "seconds": seconds}

    @staticmethod
    def start(lab, options):
        """Devices and addresses first: DPDK's own start takes a core a second for each host. The control planes are what starts."""
        for host in lab.hosts:
            host.run_directory.mkdir(mode=0o755, exist_ok=True)
            host.start_dataplane()

    def tell(self, options):
        began = time.time()
        for host in self.lab.hosts:
            host.start_controlplane()
        self.judge_agreement(began, self.lab.hosts, options.patience)
        self.watch(options.seconds)
        if options.kill:
            self.kill()

    def judge_agreement(self, began, hosts, patience, promised=AGREEMENT_SECONDS, name="agreed_s"):
        seconds = self.agree(began, hosts, patience)
        self.figures[name] = seconds and round(seconds, 2)
        said = "not" if seconds is None else f"after {seconds:.1f} s"
        self.promise(seconds is not None and seconds <= promised, f"{len(hosts)} hosts agree: {said} (promised: {promised:.1f} s)")
        counts = self.events(lambda log: log.read_text(errors="replace"))
        self.screen.line(f"until then: {counts or 'no reset'}")
        self.figures[f"{name}_events"] = counts

    def agree(self, began, hosts, patience):
        """Seconds until the last host said `converged` with all of these, by their logs: asking 32 hosts takes a core."""
        wanted = ",".join(str(host.id) for host in hosts)

        def agreed():
            said = [last_word(host.controlplane.log) for host in hosts]
            if any(word is None or word.members != wanted or word.epoch != said[0].epoch for word in said):
                return None
            return max(word.time for word in said)

        try:
            end = system.wait_until(agreed, patience, "agreement", interval=0.1)
            view.wait_for_agreement(hosts, hosts, patience)
        except system.LabError as error:
            self.screen.line(str(error)[:400])
            return None
        return end - began

    def events(self, read):
        """Resets and the like of all hosts together, from what `read` gives of each log."""
        found = {}
        for host in self.lab.hosts:
            for process in (host.controlplane, host.dataplane):
                for name in RESET.findall(read(process.log)):
                    found[name] = found.get(name, 0) + 1
        return found

    def watch(self, seconds):
        logs = [process.log for host in self.lab.hosts for process in (host.controlplane, host.dataplane)]
        begin = {log: log.stat().st_size for log in logs}
        before = {host.name: (cpu_seconds(host.controlplane), cpu_seconds(host.dataplane)) for host in self.lab.hosts}
        machine, began = machine_seconds(), time.monotonic()
        time.sleep(seconds)
        lasted = time.monotonic() - began
        busy = (machine_seconds() - machine) / lasted
        shares = {"controlplane": [], "dataplane": []}
        for host in self.lab.hosts:
            for kind, process, then in zip(shares, (host.controlplane, host.dataplane), before[host.name]):
                shares[kind].append((cpu_seconds(process) - then) / lasted)
        counts = self.events(lambda log: log.read_bytes()[begin[log] :].decode(errors="replace"))
        self.figures["events"] = counts
        self.figures["busy_cores"] = round(busy, 2)
        self.promise(not counts, f"{seconds:.0f} s without a reset {counts or ''}".rstrip())
        for kind, values in shares.items():
            self.figures[kind] = {"mean": round(statistics.mean(values), 4), "max": round(max(values), 4)}
            said = f"{statistics.mean(values):.2%} of a core in the mean, {max(values):.2%} at most"
            self.promise(max(values) <= SHARE_MAX, f"each {kind}: {said} (promised: {SHARE_MAX:.0%})")
        self.screen.line(f"the machine was busy with {busy:.2f} of its {os.cpu_count()} cores")

    def kill(self):
        victim, *others = self.lab.hosts
        killed = time.time()
        victim.kill()
        self.judge_agreement(killed, others, 60, self.lab.plan.silence() + 1.0, "agreed_after_kill_s")


@dataclasses.dataclass
class Word:
    time: float
    epoch: str
    members: str


def last_word(log):
    """What a host said when it last converged; None when something else came after it."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if STATE.search(line)] if log.exists() else []
    if not lines or " name=converged " not in lines[-1]:
        return None
    stamp, words = lines[-1].split(" ", 1)
    values = dict(word.split("=", 1) for word in words.split() if "=" in word)
    instant = datetime.datetime.fromisoformat(stamp.rstrip("Z") + "+00:00").timestamp()
    return Word(instant, values["epoch"], values["members"])


def main(options):
    return trial.conduct(Crowd, options)
