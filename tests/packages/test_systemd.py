"""A real systemd with the package's units: a container booted by systemd-nspawn, so that sandbox, filters and readiness are in force.

What stays out of force is the machine's to give: `DeviceAllow=` where the container may make no control groups of devices.
"""

import contextlib
import pathlib
import shutil
import subprocess
import sys
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "packages"):
    sys.path.insert(0, str(TESTS / folder))
import built
import chroots
import tap

NAMESPACE = "nlb-systemd"
GROUPS = [pathlib.Path("/sys/fs/cgroup") / place for place in ("systemd", "unified", ".")]
CONFIGURATION = """clusters:
  - name: web
    address: 192.0.2.80/24
    key_file: /etc/nlb/web.key
    port_rules: [{name: http, ports: 80, protocol: tcp}]
    hosts:
      - {name: edge1, id: 1, addresses: [192.0.2.11/24], lcores: 1, initial_state: last,
         outside: "net_af_packet0,iface=eth1", inside: "net_tap0,iface=nlb0"}
"""


def lonely_network():
    """A namespace with an interface whose cable leads nowhere."""
    chroots.run("ip", "netns", "add", NAMESPACE)
    for words in ("link set lo up", "link add eth1 type veth peer name far", "link set far up", "link set eth1 arp off up"):
        chroots.run("ip", "-n", NAMESPACE, *words.split())


class Machine:
    """A root that its own systemd has booted."""

    def __init__(self, root):
        for place in ("dev", "sys", "proc"):  # it mounts its own
            chroots.run("umount", "--lazy", "--recursive", root.path / place)
        (root.path / "usr/sbin/policy-rc.d").unlink()
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--console=pipe", "--hostname=edge1", "--boot"]
        command += [f"--directory={root.path}", f"--network-namespace-path=/run/netns/{NAMESPACE}"]
        command.append("--capability=CAP_IPC_LOCK,CAP_NET_ADMIN")
        self.log = root.folder / "nspawn.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.first = None
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and self.process.poll() is None:
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
            self.first = children[0] if children else None
            # `degraded` is up too: something of Debian's own does not run in a container.
            if self.first and self.run("systemctl is-system-running")[1].strip() in ("running", "degraded"):
                return
            time.sleep(0.5)
        self.end()
        raise unittest.SkipTest(f"systemd does not boot in a container here: {self.log.read_text(errors='replace')[-200:]}")

    def run(self, script):
        command = ["nsenter", "--target", self.first, *"--mount --uts --ipc --net --pid --root --wd".split(), "bash", "-c", script]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200, check=False)
        return done.returncode, done.stdout

    def end(self):
        self.process.terminate()  # it passes the word on
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for place in GROUPS:
            for name in ("payload", "supervisor"):
                folders = sorted((place / name).glob("**/"), reverse=True) if (place / name).is_dir() else []
                for folder in folders:
                    with contextlib.suppress(OSError):
                        folder.rmdir()


class Systemd(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        if shutil.which("systemd-nspawn") is None:
            raise unittest.SkipTest("systemd-nspawn is missing: run scripts/install")
        package = built.package()
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        try:
            chroots.alone()
            root = stack.enter_context(chroots.Root(chroots.base_for(package), "edge1"))
        except chroots.Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        root.take(package)
        root.shell(f"apt-get install -y /root/{package.name} systemd-sysv dbus")
        root.shell("nlb keygen /etc/nlb/web.key; useradd --groups nlb bert")
        (root.path / "etc/nlb/nlb.yaml").write_text(CONFIGURATION, encoding="ascii")
        lonely_network()
        stack.callback(subprocess.run, ["ip", "netns", "delete", NAMESPACE], check=False)
        cls.machine = Machine(root)
        stack.callback(cls.machine.end)
        cls.package, cls.root = package, root

    def run_there(self, script, wanted=0):
        status, said = self.machine.run(script)
        self.assertEqual(wanted, status, f"`{script}`: {said[-1500:]}")
        return said.strip()

    def shown(self, unit, key):
        return self.run_there(f"systemctl show --property={key} --value {unit}")

    def status_becomes(self, wanted):
        deadline = time.monotonic() + 30
        while self.shown("nlb-controlplane", "StatusText") != wanted:
            self.assertLess(time.monotonic(), deadline, f"not {wanted}: {self.shown('nlb-controlplane', 'StatusText')}")
            time.sleep(0.2)

    def test_1_both_are_ready_when_enable_returns_and_serve_soon(self):
        said = self.run_there("systemctl enable --now nlb.target; systemctl is-active nlb-dataplane nlb-controlplane")
        self.assertEqual(["active", "active"], said.splitlines()[-2:])
        self.status_becomes("converged as default host, 1 host")
        self.assertEqual("web: serves", self.shown("nlb-dataplane", "StatusText"))
        self.assertEqual("SERVES" in self.run_there("nlb query"), False)

    def test_2_the_journal_has_events_with_their_priority_and_no_second_time(self):
        said = self.run_there("journalctl --no-pager -o cat -p info -u nlb-controlplane -g name=converged")
        self.assertTrue(said.splitlines()[-1].startswith("name=converged event=29 cluster=web"), said)

    def test_2_members_of_the_group_may_command(self):
        self.run_there("setpriv --reuid bert --regid bert --init-groups nlb query")
        self.run_there("setpriv --reuid nobody --regid nogroup --clear-groups nlb query", wanted=3)

    def test_2_nothing_outside_of_its_directories_can_be_written(self):
        pid = self.shown("nlb-controlplane", "MainPID")
        for place, wanted in (("/etc", 1), ("/usr", 1), ("/var/tmp/..", 1), ("/var/lib/nlb", 0), ("/run/nlb", 0)):
            self.run_there(f"nsenter --target {pid} --mount touch {place}/probe", wanted)

    def test_3_each_restarts_without_the_other_and_reload_answers(self):
        before = self.shown("nlb-controlplane", "MainPID")
        self.run_there("systemctl restart nlb-dataplane")
        self.assertEqual(before, self.shown("nlb-controlplane", "MainPID"))
        self.status_becomes("converged as default host, 1 host")
        before = self.shown("nlb-dataplane", "MainPID")
        self.run_there("systemctl restart nlb-controlplane")
        self.assertEqual(before, self.shown("nlb-dataplane", "MainPID"))
        self.status_becomes("converged as default host, 1 host")
        self.run_there("systemctl reload nlb-controlplane")
        self.run_there("cp /etc/nlb/nlb.yaml /tmp/good; echo fruit: 1 >>/etc/nlb/nlb.yaml")
        self.run_there("systemctl reload nlb-controlplane", wanted=1)
        self.run_there("cp /tmp/good /etc/nlb/nlb.yaml")

    def test_4_a_killed_dataplane_comes_back(self):
        self.run_there("systemctl kill --signal=KILL nlb-dataplane; sleep 2; systemctl start nlb-dataplane")
        self.assertEqual("1", self.shown("nlb-dataplane", "NRestarts"))
        self.status_becomes("converged as default host, 1 host")

    def test_4_a_control_plane_that_hangs_is_started_anew_by_the_watchdog(self):
        self.run_there("systemctl kill --signal=STOP nlb-controlplane")
        deadline = time.monotonic() + 40
        while self.shown("nlb-controlplane", "NRestarts") == "0":
            self.assertLess(time.monotonic(), deadline, "the watchdog did not bite")
            time.sleep(0.5)
        self.status_becomes("converged as default host, 1 host")

    def test_5_a_command_survives_a_reboot(self):
        self.run_there("nlb stop && systemctl stop nlb-controlplane nlb-dataplane && rm -rf /run/nlb")
        self.run_there("systemctl start nlb.target")
        self.status_becomes("stopped")
        self.run_there("nlb start")
        self.status_becomes("converged as default host, 1 host")

    def test_6_an_upgrade_restarts_nothing_and_says_what_to_do(self):
        before = self.shown("nlb-dataplane", "MainPID")
        said = self.run_there(f"dpkg --install /root/{self.package.name}")
        self.assertIn("systemctl restart nlb.target", said)
        self.assertEqual(before, self.shown("nlb-dataplane", "MainPID"))
        self.run_there("systemctl restart nlb.target; systemctl is-active nlb-dataplane nlb-controlplane")
        self.assertNotEqual(before, self.shown("nlb-dataplane", "MainPID"))

    def test_7_a_removal_stops_both_and_a_purge_leaves_nothing(self):
        self.run_there("dpkg --remove nlb; test -e /etc/nlb/web.key; ! pidof nlb-dataplane nlb-controlplane")
        self.run_there("dpkg --purge nlb; ! ls -d /etc/nlb /var/lib/nlb /run/nlb 2>/dev/null; ! systemctl cat nlb.target 2>/dev/null")


if __name__ == "__main__":
    tap.main()
