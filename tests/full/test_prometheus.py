"""A real Prometheus over a cluster: the shipped rules are loaded, each alert is fired by causing it, each panel has data.

Only waiting is shortened: every `for` is a second, and hosts are asked each second. Metrics are asked over a management
network of the lab's own, as operators do: a host whose dataplane is dead must still tell so.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest
import urllib.parse

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "e2e"))

import lab_case
from lab import cluster_lab, plan, system, view
from lab.process import Process

SHIPPED = system.ROOT / "config" / "prometheus"
DASHBOARD = system.ROOT / "config" / "grafana" / "nlb.json"
MANAGEMENT = "10.99.0"
CHECK = {"check": "http", "path": "/health", "interval": "300ms", "timeout": "200ms", "fall": 2, "rise": 1}
# Nothing listens there: nobody may serve it.
NOBODY = {"check": "tcp", "port": 9, "interval": "300ms", "timeout": "200ms", "all_failed": "drop"}
RULES = [
    {"name": plan.RULE, "vip": "all", "ports": 80, "protocol": "tcp", "affinity": "none", "health": CHECK},
    {"name": "gone", "vip": "all", "ports": 8080, "protocol": "tcp", "affinity": "none", "health": NOBODY},
]
# A gratuitous ARP request for an address, as a machine sends that was given it by mistake.
CLAIM = """\
import socket, sys
port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
port.bind((sys.argv[1], 0))
mac, address = port.getsockname()[4], socket.inet_aton(sys.argv[2])
port.send(b"\\xff" * 6 + mac + bytes.fromhex("0806 0001 0800 06 04 0001") + mac + address + bytes(6) + address + bytes(18))
"""
HOLD = """\
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
held = [socket.create_connection((sys.argv[1], 80), 5) for _ in range(int(sys.argv[2]))]
print(len(held), flush=True)
time.sleep(30)
"""


class Prometheus(lab_case.LabCase):
    OPTIONS = {
        "period": "1s",  # so slow that buckets without an owner are there to be seen
        "cluster_keys": {"port_rules": RULES, "connections": {"max": 1024, "closing": "2s"}},
        "host_keys": {f"edge{i}": {"metrics": {"listen": f"{MANAGEMENT}.{i}:9780"}} for i in (1, 2, 3)},
    }
    START = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connect_management()
        cls.lab.start(seconds=60)
        cls.server = cls.start_prometheus()

    @classmethod
    def connect_management(cls):
        network, cls.watcher = cls.lab.network, f"{cls.lab.plan.tag}-watch"
        network._make_namespace(cls.watcher)
        network._ip(cls.watcher, "link add net type bridge forward_delay 0")
        network._ip(cls.watcher, f"address add {MANAGEMENT}.100/24 dev net")
        network._ip(cls.watcher, "link set net up")
        for host in cls.lab.hosts:
            network._ip(cls.watcher, f"link add {host.name} type veth peer name management netns {host.namespace}")
            network._ip(cls.watcher, f"link set {host.name} master net up")
            network._ip(host.namespace, f"address add {MANAGEMENT}.{host.id}/24 dev management")
            network._ip(host.namespace, "link set management up")

    @classmethod
    def start_prometheus(cls):
        folder = cls.lab.estate.directory / "prometheus"
        folder.mkdir()
        for file in ("rules.yaml", "alerts.yaml"):
            (folder / file).write_text(re.sub(r"\bfor: \S+", "for: 1s", (SHIPPED / file).read_text()))
        targets = json.dumps([f"{MANAGEMENT}.{host.id}:9780" for host in cls.lab.hosts])
        text = re.sub(r"targets: \[.*\]", f"targets: {targets}", (SHIPPED / "scrape.yaml").read_text())
        text = text.replace("/etc/prometheus/nlb/", "").replace("scrape_interval: 5s", "scrape_interval: 1s\n  evaluation_interval: 1s")
        (folder / "prometheus.yml").write_text(text)
        server = Process(
            cls.lab.estate, "prometheus", cls.watcher,
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             "--web.listen-address=127.0.0.1:9090"],
        )
        server.start()
        system.wait_until(lambda: len(cls.ask("up == 1")) == 3, 30, f"three targets; {server.log.read_text()[-500:]}", 0.5)
        return server

    @classmethod
    def ask(cls, expression):
        """The samples of an instant query; none while Prometheus does not answer."""
        url = "http://127.0.0.1:9090/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            answer = json.loads(system.run("curl", "-s", "-m", "5", url, namespace=cls.watcher, check=False))
        except json.JSONDecodeError:
            return []
        if answer["status"] != "success":
            raise AssertionError(f"{expression}: {answer.get('error')}")
        return answer["data"]["result"]

    def firing(self):
        return {sample["metric"]["alertname"] for sample in self.ask('ALERTS{alertstate="firing"}')}

    def expect(self, *alerts, seconds=30):
        began = time.monotonic()
        seen = set()
        system.wait_until(lambda: seen.update(self.firing()) or set(alerts) <= seen, seconds, f"{alerts}", 0.3)
        print(f"# {', '.join(alerts)}: fires {time.monotonic() - began:.1f} s after its cause")
        fired.update(alerts)

    def settle(self):
        view.wait_for_agreement(self.lab.hosts, self.lab.hosts, seconds=60)

    def ill(self, host, ill):
        mark = self.lab.estate.directory / f"{host.name}.ill"
        mark.touch() if ill else mark.unlink(missing_ok=True)

    def test_1_a_sound_cluster_alerts_of_nothing_but_the_rule_that_has_no_server(self):
        time.sleep(6)
        self.assertLessEqual(self.firing(), {"NlbServerDown", "NlbAllServersDown"})
        self.assertTrue(all(s["metric"]["rule"] == "gone" for s in self.ask('ALERTS{alertname="NlbServerDown",alertstate="firing"}')))
        self.expect("NlbServerDown", "NlbAllServersDown")

    def test_2_a_server_that_fails_is_named(self):
        self.ill(self.lab.hosts[0], True)
        try:
            wanted = f'ALERTS{{alertname="NlbServerDown",alertstate="firing",rule="{plan.RULE}",instance="{MANAGEMENT}.1:9780"}}'
            system.wait_until(lambda: self.ask(wanted), 20, "the alert of edge1's server", 0.5)
        finally:
            self.ill(self.lab.hosts[0], False)
        self.settle()

    def test_3_a_full_table_and_panels_have_data(self):
        with subprocess.Popen(
            system.inside(self.lab.client, [sys.executable, "-c", HOLD, plan.VIP, "3600"]), stdout=subprocess.PIPE, text=True
        ) as holder:
            try:
                self.assertEqual("3600\n", holder.stdout.readline())
                self.expect("NlbConnectionTableFull")
                self.look_at_panels()
            finally:
                holder.kill()

    def look_at_panels(self):
        for panel in json.loads(DASHBOARD.read_text())["panels"]:
            for target in panel.get("targets", []):
                expression = target["expr"].replace("$cluster", "web").replace("$rule", plan.RULE)
                samples = [value for value in self.ask(expression) if value["value"][1] != "NaN"]
                # These show nothing while all is well, which is their sense.
                if not expression.endswith("> 0"):
                    self.assertTrue(samples, f"{panel['title']}: {expression} gives nothing")
                panels.append(panel["title"])
        print(f"# {len(panels)} expressions of the dashboard gave data or, where they say so, nothing")

    def test_4_a_stranger_at_an_address_and_one_with_another_key(self):
        system.run(sys.executable, "-c", CLAIM, "eth0", plan.VIP, namespace=self.lab.client)
        self.expect("NlbAddressConflict")
        host, directory = self.lab.hosts[2], self.lab.estate.directory
        system.run(system.COMMAND, "keygen", directory / "other.key")
        other = directory / "other.yaml"
        other.write_text(self.lab.configuration.read_text().replace("web.key", "other.key"))
        self.restart_with(host, other)
        self.expect("NlbStrangerHeard")
        self.restart_with(host, self.lab.configuration)
        self.settle()

    def test_5_another_configuration_is_a_mismatch(self):
        host = self.lab.hosts[2]
        other = self.lab.estate.directory / "mismatch.yaml"
        other.write_text(self.lab.configuration.read_text().replace("ports: 8080", "ports: 8081"))
        self.restart_with(host, other)
        self.expect("NlbConfigMismatch", "NlbConvergingLong")
        self.restart_with(host, self.lab.configuration)
        self.settle()

    def restart_with(self, host, configuration):
        for process in (host.controlplane, host.dataplane):
            process.terminate()
        host.use(configuration)
        host.restart()

    def test_6_a_loop_that_lacks_time(self):
        host = self.lab.hosts[1]
        for _ in range(8):
            host.controlplane.stop()
            time.sleep(1.0)
            host.controlplane.resume()
            time.sleep(0.3)
        self.expect("NlbLoopLate")
        self.settle()

    def test_7_a_cable_a_dataplane_and_a_host(self):
        one, two, three = self.lab.hosts
        self.lab.network.cut(one.name)
        self.expect("NlbFenced")
        self.lab.network.mend(one.name)
        self.settle()
        two.dataplane.kill()
        self.expect("NlbDataplaneMissing")
        two.start_dataplane()
        self.settle()
        three.kill()
        self.expect("NlbHostDown", "NlbOrphanedBuckets")
        three.restart()
        self.settle()

    def test_8_every_alert_has_fired(self):
        names = set(re.findall(r"- alert: (\w+)", (SHIPPED / "alerts.yaml").read_text()))
        self.assertEqual(names, fired)
        self.assertGreater(len(panels), 10)


fired, panels = set(), []

if __name__ == "__main__":
    lab_case.main()
