"""What operators do and what befalls a host is told by its event, once it has happened: in the program's log, and by `nlb events`."""

import contextlib
import json
import pathlib
import shutil
import signal
import socket
import tempfile
import time

import broken_peers
import lab_case
from lab import logs, plan, system, view

HTTP = {"name": plan.RULE, "vip": "all", "ports": 80, "protocol": "tcp", "mode": "multiple", "affinity": "single"}
DNS = {"name": "dns", "vip": "all", "ports": 53, "protocol": "both", "mode": "multiple", "affinity": "none"}
STICKY = {**HTTP, "affinity": {"kind": "single", "timeout": "20m"}}


class Events(lab_case.LabCase):
    OPTIONS = {"hosts": 2, "cluster_keys": {"port_rules": [HTTP], "notify": ["/bin/false"]}}

    def setUp(self):
        self.first, self.second = self.lab.hosts
        self.lab.settle()

    def tearDown(self):
        self.restore()

    def restore(self):
        """Whatever a test changed: both hosts run by the common file, with all rules enabled."""
        self.lab.plan.cluster_keys["port_rules"] = [HTTP]
        self.lab.plan.host_keys.clear()
        self.lab.write_configuration()
        for host in self.lab.hosts:
            if host.configuration != self.lab.configuration:
                host.controlplane.terminate()
                host.use(self.lab.configuration)
            if not host.dataplane.runs():
                host.start_dataplane()
            if not host.controlplane.runs():
                host.start_controlplane()
            system.wait_until(host.query, 5, f"{host.name} to answer")
            for words in (("resume",), ("start",), ("reload",), ("enable", "all")):
                host.nlb(*words)
        self.lab.settle()

    @contextlib.contextmanager
    def told(self, process, *names, within=5):
        """What is done meanwhile is told in the program's log by these events, in any order."""
        start = logs.size(process.log)
        yield
        missing = set(names)

        def all_told():
            missing.difference_update(event.name for event in logs.events(process.log, start))
            return not missing

        with contextlib.suppress(system.LabError):
            system.wait_until(all_told, within, "the events")
        self.assertFalse(missing, f"{process.name} did not tell of it")

    def nlb(self, host, *words, code=0):
        found, printed, complaint = host.nlb(*words)
        self.assertEqual(code, found, f"nlb {' '.join(words)}: {printed}{complaint}")

    def write(self, rules, **host_keys):
        self.lab.plan.cluster_keys["port_rules"] = rules
        self.lab.plan.host_keys.update(host_keys)
        self.lab.write_configuration()

    def test_rules(self):
        self.write([DNS, HTTP])
        for host in self.lab.hosts:
            self.nlb(host, "reload")
        self.lab.settle()
        for words, name in (("disable http", "rule_disabled"), ("enable http", "rule_enabled"), ("drain http", "rule_draining"),
                            ("enable http", "rule_enabled"), ("disable all", "all_rules_disabled"), ("drain all", "all_rules_draining"),
                            ("enable all", "all_rules_enabled")):
            with self.subTest(command=words), self.told(self.second.controlplane, name):
                self.nlb(self.second, *words.split())
        with self.told(self.second.controlplane, "rule_draining", "rule_drained"):
            self.nlb(self.second, "drain", plan.RULE)
        with self.told(self.second.controlplane, "rule_not_found"):
            self.nlb(self.second, "enable", "nosuch", code=1)

    def test_the_host(self):
        for words, *names in (("stop", "stopped", "left"), ("stop", "already_stopped"), ("start", "started"), ("suspend", "suspended"),
                              ("resume", "resumed"), ("start", "started"), ("drainstop", "draining", "drained")):
            with self.subTest(command=words), self.told(self.second.controlplane, *names):
                self.nlb(self.second, words)
            if words == "start":
                self.lab.settle()

    def test_a_host_that_left_and_then_ends(self):
        self.nlb(self.second, "stop")
        self.lab.settle([self.first])
        with self.told(self.first.controlplane, "peer_gone"):
            self.second.kill()
        self.second.restart()
        with self.told(self.first.controlplane, "peer_lost"):
            self.lab.settle()
            self.second.kill()
        self.second.restart()

    def test_a_drain_that_is_interrupted(self):
        with contextlib.ExitStack() as connections:
            for address in self.lab.plan.client_addresses()[:16]:
                with broken_peers.inside(self.lab.client):
                    made = connections.enter_context(socket.socket())
                made.bind((address, 0))
                made.settimeout(5)
                made.connect((plan.VIP, 80))
            with self.told(self.second.controlplane, "draining"):
                self.nlb(self.second, "drainstop")
            with self.told(self.second.controlplane, "drain_interrupted"):
                self.nlb(self.second, "start")

    def test_a_file_that_is_read_again(self):
        with self.told(self.second.controlplane, "reloaded"):
            self.nlb(self.second, "reload")
        good = self.lab.configuration.read_text()
        self.lab.configuration.write_text(good.replace("ports: 80", "ports: http"))
        with self.told(self.second.controlplane, "reload_refused"):
            self.nlb(self.second, "reload", code=1)
        self.write([HTTP], edge2={"weights": {plan.RULE: 20}})
        with self.told(self.second.controlplane, "rule_adjusted"):
            self.nlb(self.second, "reload")

    def test_a_configuration_that_waits_for_the_others(self):
        self.write([DNS, HTTP])
        with self.told(self.first.controlplane, "configuration_held"), self.told(self.second.controlplane, "config_mismatch"):
            self.nlb(self.first, "reload")
        self.write([HTTP])
        with self.told(self.first.controlplane, "configuration_given_up"), self.told(self.second.controlplane, "config_agrees"):
            self.nlb(self.first, "reload")
        self.write([DNS, HTTP])
        self.nlb(self.first, "reload")
        with self.told(self.first.controlplane, "configuration_in_use"), self.told(self.second.controlplane, "configuration_in_use"):
            self.nlb(self.second, "reload")

    def test_a_host_that_has_read_another_file(self):
        other = self.lab.estate.directory / "other.yaml"
        other_ports = {**HTTP, "ports": "80-81"}
        for what, rules in (("another number of rules", [DNS, HTTP]), ("other ports", [other_ports]), ("a time-out", [STICKY])):
            with self.subTest(difference=what):
                self.write(rules)
                shutil.copy(self.lab.configuration, other)
                self.write([HTTP])
                self.second.use(other)
                self.second.controlplane.terminate()
                with self.told(self.first.controlplane, "config_mismatch"), self.told(self.second.controlplane, "config_mismatch"):
                    self.second.start_controlplane()
                self.restore()

    def test_a_control_plane_that_dies_and_comes_back(self):
        with self.told(self.second.dataplane, "controlplane_disconnected", "fenced"), self.told(self.first.controlplane, "peer_lost"):
            self.second.controlplane.kill()
            system.wait_until(lambda: view.agreed_view([self.first], [self.first]), 10, "the end of the silent host")
        with self.told(self.second.dataplane, "controlplane_connected", "tables", "unfenced"), \
                self.told(self.second.controlplane, "dataplane_found"), self.told(self.first.controlplane, "peer_heard"):
            self.second.start_controlplane()
            self.lab.settle()

    def test_a_dataplane_that_ends_and_comes_back(self):
        with self.told(self.second.dataplane, "stopped"), self.told(self.second.controlplane, "dataplane_lost"):
            self.second.dataplane.terminate()
        self.second.controlplane.terminate()
        with self.told(self.second.controlplane, "dataplane_missing"):
            self.second.start_controlplane()
        with self.told(self.second.dataplane, "inside_addresses", "ready"), self.told(self.second.controlplane, "dataplane_found"):
            self.second.start_dataplane()

    def test_a_program_that_is_told_and_fails(self):
        with self.told(self.second.controlplane, "notify_failed"):
            self.nlb(self.second, "disable", plan.RULE)

    def test_a_loop_that_stood_still_for_less_than_a_lease(self):
        with self.told(self.second.controlplane, "loop_on_time", within=25):
            with self.told(self.second.controlplane, "loop_late"):
                self.second.controlplane.signal(signal.SIGSTOP)
                time.sleep(0.2)
                self.second.controlplane.signal(signal.SIGCONT)

    def test_a_metrics_address_that_is_taken(self):
        self.second.controlplane.terminate()
        with broken_peers.inside(self.second.namespace):
            taken = socket.socket()
        with taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", 9780))
            taken.listen()
            with self.told(self.second.controlplane, "metrics_not_served"):
                self.second.start_controlplane()
        self.second.controlplane.terminate()

    def test_nlb_query_shows_the_ports_of_a_host_that_runs(self):
        code, printed, complaint = self.second.nlb("query", "--ports")
        self.assertEqual(0, code, complaint)
        for word in ("outside", "inside", "net_af_packet"):
            self.assertIn(word, printed)

    def test_nlb_events_shows_the_same(self):
        self.nlb(self.second, "disable", plan.RULE)
        code, printed, complaint = self.second.nlb("events", "--last", "50", "--json")
        self.assertEqual(0, code, complaint)
        told = [json.loads(line).get("name") for line in printed.splitlines()]
        self.assertIn("rule_disabled", told[-10:])


class LastState(lab_case.LabCase):
    """`initial_state: last` says how it came to the state that it begins with."""

    START = False

    @classmethod
    def setUpClass(cls):
        cls.state = pathlib.Path(tempfile.mkdtemp(prefix="nlb-events-"))
        cls.OPTIONS = {"hosts": 1, "top_keys": {"state_dir": str(cls.state)}, "host_keys": {"edge1": {"initial_state": "last"}},
                       "cluster_keys": {"heartbeat": {"period": "100ms", "tolerance": 4}}}
        cls.addClassCleanup(shutil.rmtree, cls.state)
        super().setUpClass()

    told = Events.told

    def test_it_is_told(self):
        host = self.lab.hosts[0]
        with self.told(host.controlplane, "state_not_found", "config_warning"):
            host.start()
        view.wait_for_agreement([host])
        for command, name in ((("stop", "--force"), "state_stopped"), (("start",), "state_started")):
            with self.subTest(command=command[0]):
                self.assertEqual(0, host.nlb(*command)[0])
                host.controlplane.terminate()
                with self.told(host.controlplane, name):
                    host.start_controlplane()
                system.wait_until(host.query, 5, "an answer")


if __name__ == "__main__":
    lab_case.main()
