"""Mistakes an operator makes: each is one clear line and the right exit code, and what runs goes on running."""

import os
import subprocess

import lab_case
from lab import configuration, plan, system, view

REFUSED, MISTAKEN, UNREACHABLE = 1, 2, 3


class BadInput(lab_case.LabCase):
    """One healthy host stays up beside all of this; the second host of its plan is where mistakes are made."""

    OPTIONS = {"hosts": 2}
    START = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.healthy, cls.victim = cls.lab.hosts
        cls.healthy.start()
        view.wait_for_agreement([cls.healthy], [cls.healthy])

    def tearDown(self):
        self.assertEqual("converged", self.healthy.state(), "the healthy host went on")

    def run_program(self, program, text=None, namespace=None, wrapper=(), run_directory=None, seconds=20):
        """Runs a program of the victim's to its end; returns exit code and what it wrote to standard error."""
        file = self.lab.estate.directory / "mistaken.yaml"
        file.write_text(self.text() if text is None else text)
        directory = run_directory or self.lab.estate.directory / "mistaken"
        directory.mkdir(exist_ok=True)
        command = [*wrapper, str(program), "--config", str(file), "--host", self.victim.name, "--run-dir", str(directory)]
        done = subprocess.run(system.inside(namespace or self.victim.namespace, command), capture_output=True, text=True, timeout=seconds)
        return done.returncode, done.stderr.strip().splitlines()

    def text(self, host_keys=None, **cluster_keys):
        changed = plan.Plan(tag="mistaken", hosts=2, cluster_keys=cluster_keys, host_keys={self.victim.name: host_keys or {}})
        return configuration.text_of(changed, self.lab.key_file)

    def assert_one_line(self, outcome, code, *words):
        found, lines = outcome
        self.assertEqual(code, found, lines)
        self.assertEqual(1, len(lines), lines)
        for word in words:
            self.assertIn(word, lines[0])

    def test_a_mistake_in_the_yaml_is_named_by_line_and_column(self):
        text = self.text().replace("ports: 80", "ports: http")
        place = "mistaken.yaml:" + str(1 + text[: text.index("ports: http")].count("\n")) + ":"
        for program in (system.DATAPLANE, system.CONTROLPLANE):
            with self.subTest(program=program.name):
                self.assert_one_line(self.run_program(program, text), MISTAKEN, place, "clusters[0].port_rules[0].ports: expected", "http")

    def test_check_names_the_same_mistake(self):
        file = self.lab.estate.directory / "checked.yaml"
        file.write_text(self.text().replace("ports: 80", "ports: http"))
        done = subprocess.run([system.COMMAND, "check", file], capture_output=True, text=True)
        self.assertEqual(MISTAKEN, done.returncode)
        self.assertIn("clusters[0].port_rules[0].ports: expected", done.stderr + done.stdout)

    def test_a_host_that_the_file_does_not_name(self):
        text = self.text().replace("name: edge2", "name: other")
        for program in (system.DATAPLANE, system.CONTROLPLANE):
            with self.subTest(program=program.name):
                self.assert_one_line(self.run_program(program, text), MISTAKEN, "edge2", "edge1")

    def test_a_missing_file(self):
        for program in (system.DATAPLANE, system.CONTROLPLANE):
            with self.subTest(program=program.name):
                done = subprocess.run([program, "--config", "/nowhere/nlb.yaml", "--host", "edge2"], capture_output=True, text=True)
                self.assertEqual(MISTAKEN, done.returncode, done.stderr)
                self.assertIn("/nowhere/nlb.yaml", done.stderr)
                self.assertEqual(1, len(done.stderr.strip().splitlines()))

    def test_an_unreadable_key(self):
        key = self.lab.estate.directory / "wrong.key"
        wrong = (("open", bytes(32), 0o644, "chmod 600"), ("short", bytes(16), 0o600, "32"), ("missing", None, 0, "keygen"))
        for what, content, mode, word in wrong:
            key.unlink(missing_ok=True)
            if content is not None:
                key.write_bytes(content)
                key.chmod(mode)
            for program in (system.DATAPLANE, system.CONTROLPLANE):
                with self.subTest(key=what, program=program.name):
                    self.assert_one_line(self.run_program(program, self.text(key_file=str(key))), MISTAKEN, "wrong.key", word)

    def test_a_device_that_cannot_be_opened(self):
        text = self.text(host_keys={"outside": "net_af_packet0,iface=nosuch"})
        self.assert_one_line(self.run_program(system.DATAPLANE, text), REFUSED, "nosuch", "no such interface")

    def test_a_port_that_no_cluster_frame_passes(self):
        def set_mtu(mtu):
            system.run("ip", "-n", self.victim.namespace, "link", "set", "outside", "mtu", mtu)

        set_mtu(1000)
        try:
            outcome = self.run_program(system.DATAPLANE)
        finally:
            set_mtu(1500)
        code, lines = outcome
        self.assertEqual(REFUSED, code, lines)
        for word in ("MTU is 1000", "mtu: 1280"):
            self.assertIn(word, lines[-1])

    def test_a_driver_that_does_not_exist(self):
        text = self.text(host_keys={"outside": "net_nosuch0"})
        code, lines = self.run_program(system.DATAPLANE, text)
        self.assertIn(code, (REFUSED, MISTAKEN))
        self.assertEqual(1, len(lines), lines)
        self.assertIn("net_nosuch", lines[0])

    def test_too_little_memory(self):
        text = self.text(connections={"max": 4000000}).replace("eal: {hugepages: false}", "eal: {hugepages: false, memory: 64}")
        code, lines = self.run_program(system.DATAPLANE, text)
        self.assertEqual(REFUSED, code, lines)
        self.assertEqual(1, len(lines), lines)
        self.assertIn("memory", lines[0])

    def test_a_missing_tun_device(self):
        hidden = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh")
        self.assert_one_line(self.run_program(system.DATAPLANE, wrapper=hidden), REFUSED, "/dev/net/tun")

    def test_a_second_instance_on_the_same_run_directory(self):
        for program in (system.DATAPLANE, system.CONTROLPLANE):
            with self.subTest(program=program.name):
                outcome = self.run_program(program, run_directory=self.healthy.run_directory)
                self.assert_one_line(outcome, REFUSED, str(self.healthy.run_directory))
        self.assertTrue(self.healthy.dataplane.runs() and self.healthy.controlplane.runs())

    def test_a_control_plane_without_a_dataplane_waits_and_says_so(self):
        self.victim.run_directory.mkdir(exist_ok=True)
        self.victim.start_controlplane()
        try:
            system.wait_until(lambda: self.victim.query(), 5, "an answer to nlb query")
            answer = self.victim.query()
            self.assertEqual("disconnected", answer["clusters"][0]["dataplane"])
            self.assertEqual(set(), {owner for owner in self.view_owners(answer) if owner == self.victim.id})
            log = self.victim.controlplane.log
            system.wait_until(lambda: "dataplane" in log.read_text(), 3, "a line in the log that names the missing dataplane")
            self.assertTrue(self.victim.controlplane.runs())
        finally:
            self.victim.controlplane.terminate()

    @staticmethod
    def view_owners(answer):
        return [owner for rule in answer["clusters"][0]["rules"] for owner in rule["owners"]]

    def test_a_dataplane_without_a_control_plane_serves_its_dedicated_address_alone(self):
        self.victim.run_directory.mkdir(exist_ok=True)
        self.victim.server.start()
        self.victim.start_dataplane()
        try:
            printed = system.run("curl", "-s", "-m", "5", f"http://{self.victim.plan.address}/", namespace=self.lab.client)
            self.assertEqual("edge2\n", printed)
            code, printed, complaint = self.victim.nlb("query")
            self.assertEqual(UNREACHABLE, code, printed)
            self.assertEqual(1, len(complaint.strip().splitlines()), complaint)
            self.assertTrue(self.victim.dataplane.runs())
        finally:
            self.victim.dataplane.terminate()
            self.victim.server.terminate()

    def test_programs_end_with_0_when_told_to(self):
        self.victim.start()
        self.lab.settle()
        self.assertEqual(0, self.victim.controlplane.terminate())
        self.assertEqual(0, self.victim.dataplane.terminate())
        self.victim.server.terminate()
        view.wait_for_agreement([self.healthy], [self.healthy])

    def test_an_option_that_does_not_exist(self):
        for program in (system.DATAPLANE, system.CONTROLPLANE, system.COMMAND):
            with self.subTest(program=program.name):
                done = subprocess.run([program, "--nosuch"], capture_output=True, text=True, env={**os.environ})
                self.assertEqual(MISTAKEN, done.returncode, done.stderr)


if __name__ == "__main__":
    lab_case.main()
