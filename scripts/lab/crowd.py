"""scripts/lab/run crowd: many hosts of one lab on few cores, started at once. How soon they agree, who resets, what each process costs.

Overload must cost the late host alone: a crowd that resets because it is late makes itself later.
"""

import collections
import os
import pathlib
import statistics
import time

from . import logs, plan, system, trial, view
from .cluster_lab import new_tag

CLIENTS = 60
CONNECTIONS = 8192
AGREEMENT_SECONDS = 3.0
SHARE_MAX = 0.01  # of a core, for each process
STATES = ("started", "converging", "converged", "reset")
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
        counts = self.events()
        self.screen.line(f"until then: {counts or 'no reset'}")
        self.figures[f"{name}_events"] = counts

    def agree(self, began, hosts, patience):
        """Seconds until the last host said `converged` with all of these, by their logs: asking 32 hosts takes a core."""
        wanted = ",".join(str(host.id) for host in hosts)

        def agreed():
            said = [last_word(host.controlplane.log) for host in hosts]
            if None in said or any(word.values["members"] != wanted or word.values["epoch"] != said[0].values["epoch"] for word in said):
                return None
            return max(word.time for word in said)

        try:
            end = system.wait_until(agreed, patience, "agreement", interval=0.1)
            view.wait_for_agreement(hosts, hosts, patience)
        except system.LabError as error:
            self.screen.line(str(error)[:400])
            return None
        return end - began

    def events(self, begin=None):
        """Resets and the like of all hosts together, from each log's position in `begin` on."""
        found = collections.Counter()
        for log in self.logs():
            start = begin[log] if begin else 0
            found.update(event.name for event in logs.events(log, start) if event.name in (*logs.STOPS, "peer_lost"))
        return dict(found)

    def logs(self):
        return [process.log for host in self.lab.hosts for process in (host.controlplane, host.dataplane)]

    def watch(self, seconds):
        begin = {log: logs.size(log) for log in self.logs()}
        before = {host.name: (cpu_seconds(host.controlplane), cpu_seconds(host.dataplane)) for host in self.lab.hosts}
        machine, began = machine_seconds(), time.monotonic()
        time.sleep(seconds)
        lasted = time.monotonic() - began
        busy = (machine_seconds() - machine) / lasted
        shares = {"controlplane": [], "dataplane": []}
        for host in self.lab.hosts:
            for kind, process, then in zip(shares, (host.controlplane, host.dataplane), before[host.name]):
                shares[kind].append((cpu_seconds(process) - then) / lasted)
        counts = self.events(begin)
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


def last_word(log):
    """The event when a host last converged; None when something else came after it."""
    said = [event for event in logs.events(log) if event.name in STATES]
    return said[-1] if said and said[-1].name == "converged" else None


def main(options):
    return trial.conduct(Crowd, options)
