"""scripts/lab/run questions: how soon `nlb query --host all` answers on a member, with all hosts there and with some gone.

All hosts share this machine's cores, so that a question waits for them in turns; real hosts answer at the same time.
"""

import json
import os
import statistics
import time

from . import crowd, plan, system, trial
from .cluster_lab import new_tag

PORT = 2504
PROMISED_SECONDS = 0.5
SETTLE_SECONDS = 3.0


def add_options(parser):
    parser.add_argument("--hosts", type=int, default=32, choices=range(2, 33), metavar="2..32")
    parser.add_argument("--rules", type=int, default=8, choices=range(1, 33), metavar="1..32")
    parser.add_argument("--rounds", type=int, default=20, help="how often each question is asked")
    parser.add_argument("--gone", type=int, default=1, help="hosts that are then killed, before it is asked again")
    parser.add_argument("--show", action="store_true", help="print each view once, as people see it")
    parser.add_argument("--period", default="100ms")
    parser.add_argument("--tolerance", type=int, default=5)
    parser.add_argument("--patience", type=float, default=60.0, help="how long the hosts' agreement is awaited")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output, everything else on standard error")


VIEWS = (("query",), ("query", "--ports"), ("query", "--hosts"), ("query", "--host", "all"), ("display",), ("query", "--watch"))


class Questions(crowd.Crowd):
    @staticmethod
    def title(options):
        cores = len(os.sched_getaffinity(0))
        return f"`nlb query --host all` of {options.hosts} hosts and {options.rules} rules on {cores} cores, {options.rounds} times"

    @staticmethod
    def plan_of(options):
        remote = {"enabled": True, "port": PORT, "key_file": "remote.key"}
        rules = [{"name": f"service{i:02}", "ports": 80 + i, "protocol": "tcp", "affinity": "single"} for i in range(options.rules)]
        rules[0]["name"] = plan.RULE
        keys = {"connections": {"max": crowd.CONNECTIONS}, "remote_control": remote, "port_rules": rules}
        timing = {"period": options.period, "tolerance": options.tolerance}
        return plan.Plan(tag=new_tag("questions"), hosts=options.hosts, clients=crowd.CLIENTS, cluster_keys=keys, **timing)

    @staticmethod
    def facts(options, seconds):
        return {"hosts": options.hosts, "rules": options.rules, "rounds": options.rounds, "seconds": seconds}

    @staticmethod
    def start(lab, options):
        system.run(system.COMMAND, "keygen", lab.estate.directory / "remote.key")
        crowd.Crowd.start(lab, options)

    def tell(self, options):
        began = time.time()
        for host in self.lab.hosts:
            host.start_controlplane()
        self.judge_agreement(began, self.lab.hosts, options.patience, options.patience)
        time.sleep(SETTLE_SECONDS)
        asker, *others = self.lab.hosts
        self.ask("all_there", asker, options, len(self.lab.hosts))
        self.ask("one_host", asker, options, 1, others[-1].name)
        if options.show:
            self.show(asker)
        gone = others[len(others) - options.gone :] if options.gone else []
        for host in gone:
            host.kill()
        if gone:
            time.sleep(self.lab.plan.silence() + SETTLE_SECONDS)
            self.ask("some_gone", asker, options, len(self.lab.hosts) - len(gone))

    def ask(self, name, asker, options, expected, whom="all"):
        """Each round is one command, from its start to its end."""
        milliseconds, answered = [], []
        for _ in range(options.rounds):
            began = time.monotonic()
            _, printed, complaint = asker.nlb("query", "--host", whom, "--json", timeout=30)
            milliseconds.append((time.monotonic() - began) * 1000)
            answer = json.loads(printed or "{}")
            hosts = answer.get("hosts", [])
            answered.append(sum(host["answered"] for host in hosts) if whom == "all" else len(answer.get("clusters", [])))
            if answered[-1] != expected and complaint:
                self.screen.line(complaint.splitlines()[0][:200])
        milliseconds.sort()
        median, most = statistics.median(milliseconds), milliseconds[-1]
        self.figures[name] = {"p50_ms": round(median), "max_ms": round(most), "answered": min(answered)}
        said = f"{name}: half of {options.rounds} within {median:.0f} ms, all within {most:.0f} ms"
        self.promise(most < PROMISED_SECONDS * 1000, f"{said} (promised: {PROMISED_SECONDS * 1000:.0f} ms)")
        self.promise(min(answered) == expected, f"{name}: {min(answered)} of {expected} hosts answer each time")

    def show(self, host):
        for view in VIEWS:
            options = ("env", "COLUMNS=100", "CLICOLOR_FORCE=1", "timeout", "1.5") if "--watch" in view else ("env", "COLUMNS=100")
            command = [*options, system.COMMAND, *view, "--run-dir", host.run_directory, "--config", self.lab.configuration]
            self.screen.line(f"$ nlb {' '.join(view)}")
            self.screen.line(host.run("sh", "-c", f"{' '.join(map(str, command))} || true"))


def main(options):
    return trial.conduct(Questions, options)
