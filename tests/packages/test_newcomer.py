"""What docs/install.md promises: its commands, as they stand there, bring two hosts from the package to a cluster that serves.

Each host is a fresh Debian in a network namespace of its own. Two commands are stood in for: `systemctl` by manager.py, which reads
the package's units and starts them as they say, and `scp` by a copy from the other root. Then: the life of the services.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "packages"):
    sys.path.insert(0, str(TESTS / folder))
import built
import chroots
import manager
import tap
import tree

COMMANDS_MAX = 8
TAG = f"nlbp{os.getpid() % 10000}"
ROUTER, VIP = "192.0.2.1", "192.0.2.80"
CLIENTS = [f"192.0.2.{last}" for last in range(101, 141)]
NET_ADMIN, NET_RAW, IPC_LOCK, SYS_NICE = 12, 13, 14, 23


def block_for(host):
    """The commands that docs/install.md gives that host."""
    text = tree.read(pathlib.Path("docs/install.md"))
    found = re.search(rf"test_newcomer\.py runs this block on {host} -->\n```\n(.*?)\n```", text, re.DOTALL)
    assert found, f"docs/install.md has no block for {host}"
    return found[1]


def commands_of(block):
    """Its commands, each with its here-document."""
    commands, end = [], None
    for line in block.splitlines():
        if end is not None:
            commands[-1] += f"\n{line}"
            end = None if line == end else end
            continue
        commands.append(line)
        heredoc = re.search(r"<<'?(\w+)'?$", line)
        end = heredoc[1] if heredoc else None
    return commands


def until(condition, limit, what):
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {limit} s")
        time.sleep(0.1)


class Network:
    """A flooding bridge, a namespace for each host with an interface eth1, and clients on the segment."""

    def __init__(self, hosts):
        self.names = [f"{TAG}-{name}" for name in ("switch", "client", *hosts)]
        switch, client = self.names[:2]
        for name in self.names:
            chroots.run("ip", "netns", "add", name)
            self.ip(name, "link set lo up")
        self.ip(switch, "link add bridge type bridge mcast_snooping 0 stp_state 0 forward_delay 0")
        self.ip(switch, "link set bridge up")
        for name, device in ((client, "eth0"), *((name, "eth1") for name in self.names[2:])):
            port = name.removeprefix(f"{TAG}-")
            self.ip(switch, f"link add {port} type veth peer name {device} netns {name}")
            for place, end in ((switch, port), (name, device)):
                # What a NIC would do to a frame that leaves.
                chroots.run("ip", "netns", "exec", place, "ethtool", "-K", end, *"tx off rx off gro off gso off tso off".split())
            self.ip(switch, f"link set {port} master bridge up")
        self.ip(client, f"address add {ROUTER}/24 dev eth0")
        self.ip(client, "link set eth0 up")
        for address in CLIENTS:
            self.ip(client, f"address add {address}/24 dev eth0")

    @staticmethod
    def ip(namespace, arguments):
        return chroots.run("ip", "-n", namespace, *arguments.split())

    def end(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], check=False)


class Host:
    def __init__(self, name, base, package, stack):
        self.name, self.namespace = name, f"{TAG}-{name}"
        self.root = stack.enter_context(chroots.Root(base, name))
        self.root.take(package)
        self.manager = manager.Manager(self.root, self.namespace)
        stack.callback(self.manager.end)
        self.commands = manager.Commands(self.root, systemctl=self.manager.systemctl, scp=self.copy)
        stack.callback(self.commands.close)
        self.others, self.seconds = {}, []

    def copy(self, words):
        """scp HOST:FILE ... FOLDER"""
        *sources, folder = words
        for source in sources:
            host, _, file = source.partition(":")
            shutil.copy(self.others[host].root.path / file.lstrip("/"), self.root.path / folder.lstrip("/"))
        return 0, ""

    def follow(self, commands):
        """Types the commands one after the other; what each took is kept."""
        for command in commands:
            began = time.monotonic()
            # A host that has only begun says so, with status 1; what comes of it is waited for below.
            self.root.shell(f"cd /root\n{command}", self.namespace, check=command != "nlb query")
            self.seconds.append(time.monotonic() - began)
            if command.startswith("apt-get") and "nginx" in command:
                # Debian starts a service that it installs, where there is a service manager.
                assert self.manager.start("nginx.service") == ""

    def query(self):
        status, said = self.root.shell("nlb query --json", self.namespace, check=False)
        return (status, json.loads(said)["clusters"][0]) if said.startswith("{") else (status, None)

    def nlb(self, words, check=True):
        return self.root.shell(f"nlb {words}", self.namespace, check=check)

    def healthz(self):
        curl = ["curl", "-s", "-m", "5", "-w", "\n%{http_code}", "http://127.0.0.1:9780/healthz"]
        said = subprocess.run(["ip", "netns", "exec", self.namespace, *curl], capture_output=True, text=True, check=False).stdout
        *words, code = said.splitlines() or ["000"]
        return int(code), " ".join(words).strip()

    def service(self, name):
        return self.manager.service(name)


def converged(host, hosts=2):
    status, cluster = host.query()
    return status == 0 and cluster["state"] == "converged" and len(cluster["members"]) == hosts


class Newcomer(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        package = built.package()
        try:
            chroots.alone()
            base = chroots.base_for(package)
        except chroots.Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        names = ("edge1", "edge2")
        cls.network = Network(names)
        cls.stack.callback(cls.network.end)
        cls.hosts = [Host(name, base, package, cls.stack) for name in names]
        cls.one, cls.two = cls.hosts
        cls.two.others["edge1"] = cls.one
        began = time.monotonic()
        cls.lists = [commands_of(block_for(name)) for name in names]
        # Two people type at once; edge2 waits for what it copies from edge1.
        threads = [threading.Thread(target=cls.guarded, args=(host, commands[:1])) for host, commands in zip(cls.hosts, cls.lists)]
        cls.failures = []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for host, commands in zip(cls.hosts, cls.lists):
            cls.guarded(host, commands[1:])
        if cls.failures:
            raise AssertionError("\n".join(cls.failures))
        until(lambda: all(map(converged, cls.hosts)), 30, "convergence")
        cls.took = time.monotonic() - began

    @classmethod
    def guarded(cls, host, commands):
        try:
            host.follow(commands)
        except AssertionError as failure:
            cls.failures.append(f"{failure}\n{host.service('nlb-dataplane').said() if host.manager.services else ''}")

    def get(self, address):
        command = ["curl", "-s", "-o", "/dev/null", "-m", "5", "-w", "%{http_code}", "--interface", address, f"http://{VIP}/"]
        client = self.network.names[1]
        return subprocess.run(["ip", "netns", "exec", client, *command], capture_output=True, text=True, check=False).stdout

    def served(self):
        logs = [host.root.path / "var/log/nginx/access.log" for host in self.hosts]
        return [{line.split()[0] for line in log.read_text(encoding="utf-8").splitlines()} if log.exists() else set() for log in logs]

    def test_1_two_hosts_converge_and_serve_after_at_most_eight_commands_each(self):
        for host, commands in zip(self.hosts, self.lists):
            self.assertLessEqual(len(commands), COMMANDS_MAX, host.name)
            print(f"# {host.name}: {len(commands)} commands, {sum(host.seconds):.1f} s; {[round(one, 1) for one in host.seconds]}")
        print(f"# both converged {self.took:.1f} s after the first command")
        answers = {address: self.get(address) for address in CLIENTS}
        self.assertEqual({"200"}, set(answers.values()), answers)
        one, two = self.served()
        self.assertEqual(set(CLIENTS), one | two)
        self.assertEqual(set(), one & two, "a client was served by both")
        self.assertGreater(min(len(one), len(two)), 5, "one host served nearly all")

    def test_2_what_the_manager_and_healthz_hear(self):
        self.assertEqual("converged as default host, 2 hosts", self.one.service("nlb-controlplane").status)
        self.assertEqual("converged, 2 hosts", self.two.service("nlb-controlplane").status)
        self.assertEqual("web: serves", self.one.service("nlb-dataplane").status)
        self.assertEqual((200, "converged as default host, 2 hosts"), self.one.healthz())
        _, said = self.one.manager.systemctl(["status", "nlb.target"])
        self.assertIn("nlb-controlplane.service: active; converged as default host, 2 hosts", said)

    def test_2_the_daemons_have_few_rights(self):
        _, uid = self.one.root.shell("id -u nlb")
        wanted = {"nlb-dataplane": {NET_ADMIN, NET_RAW, IPC_LOCK, SYS_NICE}, "nlb-controlplane": {IPC_LOCK, SYS_NICE}}
        for name, rights in wanted.items():
            pid = self.one.service(name).process.pid
            self.assertEqual((rights, rights), manager.capabilities(pid), name)
            status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
            self.assertIn(f"Uid:\t{uid.strip()}\t", status)
            self.assertIn("NoNewPrivs:\t1", status)
        said = self.one.service("nlb-controlplane").said() + self.one.service("nlb-dataplane").said()
        self.assertNotIn("not_real_time", said, "they have what they need")

    def test_2_members_of_the_group_may_command_and_others_may_not(self):
        run = self.one.root.path / "run/nlb"
        modes = {file.name: f"{file.stat().st_mode & 0o777:o}" for file in run.glob("*.sock")}
        self.assertEqual({"control.sock": "660", "trace.sock": "660", "dataplane.sock": "600"}, modes)
        self.one.root.shell("useradd anna; useradd --groups nlb bert")
        ask = "setpriv --reuid {0} --regid {0} --init-groups nlb query"
        status, said = self.one.root.shell(ask.format("bert"), self.one.namespace, check=False)
        self.assertEqual(0, status, said)
        status, said = self.one.root.shell(ask.format("anna"), self.one.namespace, check=False)
        self.assertEqual(3, status, said)

    def test_3_a_control_plane_that_is_killed_comes_back_and_its_dataplane_stays(self):
        service, before = self.two.service("nlb-controlplane"), self.two.service("nlb-dataplane").process.pid
        os.killpg(service.process.pid, signal.SIGKILL)
        until(lambda: service.restarts == 1 and service.state == "active", 20, "a restart")
        until(lambda: converged(self.two), 20, "convergence")
        self.assertEqual(before, self.two.service("nlb-dataplane").process.pid)

    def test_3_a_dataplane_that_is_killed_comes_back_and_its_control_plane_says_meanwhile_why(self):
        service, control = self.two.service("nlb-dataplane"), self.two.service("nlb-controlplane")
        until(lambda: control.status.startswith("converged"), 10, "the word on the former restart")
        before, told = control.process.pid, len(control.told)
        os.killpg(service.process.pid, signal.SIGKILL)
        # Which of the reasons it says depends on how soon the dataplane is back.
        word = "STATUS=SERVES NOBODY: "
        until(lambda: any(line.startswith(word) for line in control.told[told:]), 10, "the control plane's word on it")
        until(lambda: service.restarts == 1 and service.state == "active", 30, "a restart")
        until(lambda: all(map(converged, self.hosts)), 30, "convergence")
        self.assertEqual(before, control.process.pid)
        self.assertTrue((self.two.root.path / "run/nlb/control.sock").exists())

    def test_4_a_control_plane_that_hangs_is_started_anew_by_the_watchdog(self):
        service = self.two.service("nlb-controlplane")
        self.assertIn("WATCHDOG=1", service.told)
        restarts = service.restarts
        os.killpg(service.process.pid, signal.SIGSTOP)
        until(lambda: "watchdog" in service.told, manager.seconds(service.keys["WatchdogSec"]) + 5, "the watchdog")
        until(lambda: service.restarts == restarts + 1 and service.state == "active", 20, "a restart")
        until(lambda: all(map(converged, self.hosts)), 30, "convergence")

    def test_4_a_dataplane_one_of_whose_workers_hangs_feeds_no_watchdog(self):
        service = self.one.service("nlb-dataplane")
        threads = {task.name: (task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{service.process.pid}/task").iterdir()}
        workers = [int(task) for task, name in threads.items() if "worker" in name or name.startswith("lcore-")]
        self.assertTrue(workers, threads)
        fed = service.told.count("WATCHDOG=1")
        self.assertGreater(fed, 0)
        restarts = service.restarts
        with frozen(workers[0]):
            until(lambda: "watchdog" in service.told, manager.seconds(service.keys["WatchdogSec"]) + 10, "the watchdog")
        until(lambda: service.restarts == restarts + 1 and service.state == "active", 30, "a restart")
        until(lambda: all(map(converged, self.hosts)), 30, "convergence")

    def test_5_what_was_commanded_last_survives_a_reboot(self):
        file = self.two.root.path / "etc/nlb/nlb.yaml"
        file.write_text(file.read_text(encoding="ascii").replace("{name: edge2,", "{name: edge2, initial_state: last,"), encoding="ascii")
        self.two.nlb("reload")
        self.two.nlb("stop")
        state = self.two.root.path / "var/lib/nlb/edge2/state"
        until(lambda: state.exists() and "stopped" in state.read_text(), 5, "a state file")
        self.assertEqual("600", f"{state.stat().st_mode & 0o777:o}")
        self.assertEqual("750", f"{state.parent.stat().st_mode & 0o777:o}")
        self.two.manager.stop("nlb.target")
        shutil.rmtree(self.two.root.path / "run/nlb")
        self.assertEqual("", self.two.manager.start("nlb.target"))
        self.assertEqual("stopped", self.two.query()[1]["state"])
        self.assertEqual((200, "stopped"), until(lambda: self.two.healthz() if self.two.healthz()[0] == 200 else None, 5, "healthz"))
        self.two.nlb("start")
        until(lambda: all(map(converged, self.hosts)), 30, "convergence")

    def test_6_a_state_directory_that_cannot_be_written_is_told_once_and_serves_on(self):
        control, place = self.two.service("nlb-controlplane"), self.two.root.path / "var/lib/nlb/edge2"
        began = len(control.said())
        # A program that runs has a view of the mounts of its own.
        self.two.manager.stop("nlb.target")
        chroots.run("mount", "--bind", place, place)
        chroots.run("mount", "-o", "remount,bind,ro", place)
        self.assertEqual("", self.two.manager.start("nlb.target"))
        until(lambda: all(map(converged, self.hosts)), 30, "convergence")
        self.two.nlb("drain http")
        until(lambda: "state_not_kept" in control.said()[began:], 5, "the event")
        time.sleep(2.5)
        said = control.said()[began:]
        self.assertEqual(1, said.count("name=state_not_kept"), said)
        self.assertIn("Read-only file system", said)
        self.two.nlb("enable http")
        self.assertEqual(0, self.two.query()[0])
        self.two.manager.stop("nlb.target")
        chroots.run("umount", place)
        self.assertEqual("", self.two.manager.start("nlb.target"))
        until(lambda: all(map(converged, self.hosts)), 30, "convergence")

    def test_7_a_reload_by_the_unit_takes_a_good_file_and_refuses_a_bad_one(self):
        command = self.two.service("nlb-controlplane").keys["ExecReload"]
        self.assertEqual(0, self.two.root.shell(command, self.two.namespace, check=False)[0])
        file = self.two.root.path / "etc/nlb/nlb.yaml"
        text = file.read_text(encoding="ascii")
        file.write_text(text + "fruit: 1\n", encoding="ascii")
        status, said = self.two.root.shell(command, self.two.namespace, check=False)
        file.write_text(text, encoding="ascii")
        self.assertEqual(1, status, said)
        self.assertIn("fruit", said)

    def test_8_a_stop_leaves_the_cluster_in_order_and_the_other_serves_all(self):
        self.two.manager.stop("nlb.target")
        self.assertIn("STOPPING=1", self.two.service("nlb-controlplane").told)
        self.assertEqual("inactive", self.two.service("nlb-dataplane").state)
        until(lambda: converged(self.one, 1), 10, "convergence of who stays")
        self.assertEqual({"200"}, {self.get(address) for address in CLIENTS[:10]})


@contextlib.contextmanager
def frozen(task):
    """One thread that does not run: held by ptrace, as by a debugger. Signals to the process still end it."""
    helper = "import ctypes,sys,time\nc=ctypes.CDLL(None,use_errno=True)\n"
    helper += f"assert c.ptrace(0x4206,{task},None,None)==0,ctypes.get_errno()\n"
    helper += f"assert c.ptrace(0x4207,{task},None,None)==0\nprint('held',flush=True)\ntime.sleep(60)\n"
    process = subprocess.Popen([sys.executable, "-c", helper], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "held\n", "the thread could not be held"
        yield
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    tap.main()
