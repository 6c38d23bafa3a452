"""`nlb trace` on running dataplanes: what it shows is what explain says and what the hosts did, and it needs no control plane."""

import json
import pathlib
import signal
import subprocess
import time

import lab_case
from lab import plan, system, traffic

CLIENT = "198.51.100.7"


class Traces(lab_case.LabCase):
    def trace(self, host, *arguments):
        """Starts a trace; waits until its tap hangs in the lanes, as the dataplane's log says."""
        log = pathlib.Path(host.dataplane.log)
        before = log.read_text().count("state=on")
        command = [system.COMMAND, "trace", "--config", host.configuration, "--run-dir", host.run_directory, *arguments]
        process = subprocess.Popen(system.inside(host.namespace, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        system.wait_until(lambda: log.read_text().count("state=on") > before or process.poll() is not None, 5, "the trace to run")
        return process

    def ask(self, source=CLIENT, count=1):
        for _ in range(count):
            system.run("curl", "-s", "-m", "5", "--interface", source, f"http://{plan.VIP}/", namespace=self.lab.client)

    def end(self, process):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        self.assertEqual(0, process.returncode, err)
        return [json.loads(line) for line in out.splitlines()]

    def test_every_host_says_what_it_did_with_a_request_and_one_accepts(self):
        self.lab.settle()
        traces = {host.name: self.trace(host, "--json", "--filter", f"tcp and src {CLIENT} and dst port 80") for host in self.lab.hosts}
        self.ask()
        time.sleep(0.5)
        said = {name: self.end(process) for name, process in traces.items()}
        bucket = traffic.buckets_of(self.lab, [CLIENT])[CLIENT]
        accepting = [name for name, lines in said.items() if lines[0]["verdict"] == "accept"]
        self.assertEqual(1, len(accepting), said)
        for name, lines in said.items():
            syn, summary = lines[0], lines[-1]
            self.assertEqual({"rule": "http", "bucket": bucket, "owner": accepting[0], "direction": "in"},
                             {key: syn[key] for key in ("rule", "bucket", "owner", "direction")}, name)
            self.assertTrue(syn["packet"].startswith(f"tcp {CLIENT}:") and syn["packet"].endswith(f"> {plan.VIP}:80 S"), syn)
            self.assertLess(abs(syn["time_ns"] / 1e9 - time.time()), 10)
            self.assertEqual(len(lines) - 1, summary["packets"])
            self.assertEqual(0, summary["passed_by"])
        self.assertEqual("new_flow", said[accepting[0]][0]["reason"])

    def test_a_rule_that_every_host_has_disabled_is_nobodys(self):
        def set_all(verb):
            for host in self.lab.hosts:
                host.nlb(verb, plan.RULE)

        set_all("disable")
        try:
            time.sleep(1.0)
            traces = {host.name: self.trace(host, "--json", "--filter", f"tcp and src {CLIENT} and dst port 80") for host in self.lab.hosts}
            system.run("curl", "-s", "-m", "1", "--interface", CLIENT, f"http://{plan.VIP}/", namespace=self.lab.client, check=False)
            for name, process in traces.items():
                first = self.end(process)[0]
                self.assertEqual(("no_owner", None), (first["reason"], first["owner"]), name)
        finally:
            set_all("enable")
            self.lab.settle()

    def test_wireshark_reads_the_decision_as_each_packets_comment(self):
        host = self.lab.hosts[0]
        target = host.run_directory / "trace.pcapng"
        process = self.trace(host, "--filter", "port 80", "--count", "6", "-w", target)
        self.ask(count=6)
        out, err = process.communicate(timeout=10)
        self.assertEqual((0, ""), (process.returncode, err))
        self.assertIn(f"6 packets in {target}", out)
        fields = ("frame.comment", "frame.packet_flags_direction", "ip.dst", "tcp.dstport", "frame.interface_name")
        printed = system.run("tshark", "-r", target, "-T", "fields", *[part for field in fields for part in ("-e", field)])
        rows = [line.split("\t") for line in printed.splitlines()]
        self.assertEqual(6, len(rows))
        for comment, direction, destination, port, interface in rows:
            self.assertRegex(comment, r"^nlb: (accept|reject|send) \w+")
            self.assertEqual("nlb web", interface)
            if int(direction, 0) == 1:
                self.assertEqual((plan.VIP, "80"), (destination, port))
                self.assertRegex(comment, r": rule http, bucket \d+, owner edge\d \(")

    def test_replies_are_shown_on_their_way_out(self):
        hosts = {host.name: host for host in self.lab.hosts}
        owner = system.run("curl", "-s", "-m", "5", "--interface", CLIENT, f"http://{plan.VIP}/", namespace=self.lab.client).strip()
        process = self.trace(hosts[owner], "--json", "--direction", "out", "--filter", f"dst {CLIENT}", "--count", "2")
        self.ask()
        lines = [json.loads(line) for line in process.communicate(timeout=10)[0].splitlines()]
        self.assertTrue(lines[0]["packet"].startswith(f"tcp {plan.VIP}:80 > {CLIENT}:"), lines)
        self.assertEqual(("send", "sent", "out"), tuple(lines[0][key] for key in ("verdict", "reason", "direction")))

    def test_more_than_the_budget_is_counted_and_harms_nobody(self):
        host = self.lab.hosts[0]
        process = self.trace(host, "--json", "--rate", "20")
        with traffic.Load(self.lab, "traced", 200, 400) as load:
            load.wait(60)
        self.assertEqual([], traffic.failed(load.results()))
        lines = self.end(process)
        print(f"# {lines[-1]['message']}")
        self.assertGreater(lines[-1]["passed_by"], 1000)
        self.assertLess(len(lines), 400)

    def test_a_second_trace_is_turned_away(self):
        host = self.lab.hosts[0]
        first = self.trace(host, "--json")
        second = self.trace(host)
        _, err = second.communicate(timeout=10)
        self.assertEqual(1, second.returncode)
        self.assertRegex(err, r"another trace runs \(process \d+\): end it first")
        self.end(first)


class WithoutAControlPlane(Traces):
    """A dead control plane is when one wants to know most."""

    def test_a_trace_shows_packets_refused_behind_the_fence(self):
        host = self.lab.hosts[2]
        host.controlplane.signal(signal.SIGKILL)
        host.controlplane.wait()
        time.sleep(1.0)
        process = self.trace(host, "--json", "--filter", f"src {CLIENT} and port 80", "--count", "1")
        self.ask()
        line = json.loads(process.communicate(timeout=10)[0].splitlines()[0])
        self.assertEqual(("reject", "fenced"), (line["verdict"], line["reason"]))


for inherited in [name for name in dir(Traces) if name.startswith("test_")]:
    setattr(WithoutAControlPlane, inherited, None)

if __name__ == "__main__":
    lab_case.main()
