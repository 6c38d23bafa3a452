"""Two workers behind a port of one queue: the one that has the queue spreads flows, and what `nlb trace` shows is how."""

import collections
import json
import pathlib
import signal
import subprocess

import lab_case
from lab import analysis, plan, system, traffic
from lab.capture import Capture

KEYS = {"lcores": "0-1", "outside": "net_af_packet0,iface=outside,qpairs=1"}


class BehindOneQueue(lab_case.LabCase):
    OPTIONS = {"host_keys": {f"edge{number}": KEYS for number in (1, 2, 3)}}

    def said(self, name):
        return self.lab.estate.directory / f"{name}-trace.json"

    def trace(self, host):
        command = [system.COMMAND, "trace", "--config", host.configuration, "--run-dir", host.run_directory, "--json", "--rate", "20000",
                   "--filter", f"tcp and (dst host {plan.VIP} or src host {plan.VIP})"]
        log = pathlib.Path(host.dataplane.log)
        with open(self.said(host.name), "w") as said:  # a pipe that nobody reads would hold it up
            process = subprocess.Popen(system.inside(host.namespace, command), stdout=said)
        self.addCleanup(process.kill)
        system.wait_until(lambda: "state=on" in log.read_text(), 5, "the trace to run")
        return process

    def test_flows_are_spread_each_stays_with_its_worker_and_none_fails(self):
        self.lab.settle()
        traces = {host.name: self.trace(host) for host in self.lab.hosts}
        with Capture(self.lab, "spread") as capture, traffic.Load(self.lab, "spread", 100, 300) as load:
            load.wait(60)
        self.assertEqual([], traffic.failed(load.results()))
        self.assertEqual({"edge1", "edge2", "edge3"}, set(traffic.per_host(load.results())))
        self.assertEqual({}, analysis.double_answers(capture.frames()))
        for name, process in traces.items():
            self.assert_spread(name, process)

    def assert_spread(self, name, process):
        """Both directions of a flow have one lane, and both lanes have flows."""
        process.send_signal(signal.SIGINT)
        self.assertEqual(0, process.wait(20))
        lanes = collections.defaultdict(set)
        for line in map(json.loads, self.said(name).read_text().splitlines()):
            if line.get("verdict") not in ("accept", "send"):
                continue
            ends = line["packet"].split()
            lanes[frozenset((ends[1], ends[3]))].add(line["lane"])
        shares = collections.Counter(lane for flow in lanes.values() for lane in flow)
        print(f"# {name}: {len(lanes)} flows, by worker {dict(shares)}")
        self.assertGreater(len(lanes), 50, name)
        self.assertEqual({1}, {len(flow) for flow in lanes.values()}, f"{name}: a flow was settled by two workers")
        self.assertGreater(min(shares[0], shares[1]), len(lanes) // 5, name)

    def test_a_drain_under_load_fails_nobody(self):
        host = self.lab.hosts[1]
        with traffic.Load(self.lab, "drained", 150, 450) as load:
            self.assertEqual(0, host.nlb("drainstop")[0])
            load.wait(60)
        self.assertEqual([], traffic.failed(load.results()))
        self.assertEqual(0, host.nlb("start")[0])
        self.lab.settle()


if __name__ == "__main__":
    lab_case.main()
