"""Peers that are slow, silent or gone, a log that nobody reads, no descriptors, no disk: the host goes on, and says so.

Throughout each of them the control loop wakes within a tenth of a period of its time, the other host misses no heartbeat,
nothing moves, and a good client is answered within a second.
"""

import contextlib
import fcntl
import os
import pathlib
import resource
import select
import shutil
import tempfile
import time

import broken_peers
import lab_case
from broken_peers import Control, Datagrams, Http, Peers
from lab import plan, prometheus, system, view

METRICS, PAGE = ("127.0.0.1", 9780), ("127.0.0.1", 9781)
PERIOD = 0.1
LATE = PERIOD / 10
# Of a thousand wakings: a virtual machine's own pauses.
LATE_SHARE_MAX = 0.002
SNAPSHOT = 0.25  # metrics are taken so often
PIPE_BYTES = 16384
STATE_BYTES = "64k"
PROBES = 8
LOST_WITH_THE_DISK = ("state_not_kept", "events_not_kept")


class Beside:
    """What the metrics of two hosts say of a span: of the one that is troubled, and of the one that listens to it."""

    def __init__(self, troubled, listener):
        self.troubled, self.listener = troubled, listener
        self.own = Http("metrics", troubled.namespace, METRICS, "/metrics")
        time.sleep(2 * SNAPSHOT)  # what happened before is in what is read now
        self.begun = time.monotonic()
        self.before = self.read()

    def read(self):
        said, _ = self.own.ask()
        own = prometheus.parse(said.split(b"\r\n\r\n", 1)[1].decode())
        heard = prometheus.parse(self.listener.metrics())
        name = self.troubled.plan.name
        total = prometheus.total
        return {
            "wakings": total(own, "nlb_loop_lateness_seconds_count"),
            "on_time": total(own, "nlb_loop_lateness_seconds_bucket", le=f"{LATE:g}"),
            "late": total(own, "nlb_loop_late_total"),
            "epochs": total(own, "nlb_convergences_total") + total(heard, "nlb_convergences_total"),
            "heard": total(heard, "nlb_heartbeat_interval_seconds_count", host=name),
            "heard_soon": total(heard, "nlb_heartbeat_interval_seconds_bucket", host=name, le=f"{2 * PERIOD:g}"),
        }

    def faults(self):
        span, after = time.monotonic() - self.begun, self.read()
        grown = {key: after[key] - self.before[key] for key in after}
        late = grown["wakings"] - grown["on_time"]
        missed = grown["heard"] - grown["heard_soon"]
        print(f"# {span:.1f} s: {grown['wakings']:.0f} wakings, {late:.0f} over {LATE * 1000:.0f} ms late, {grown['heard']:.0f} heartbeats")
        if grown["wakings"] < (span - SNAPSHOT) / PERIOD:
            yield f"the loop woke {grown['wakings']:.0f} times in {span:.1f} s"
        if late > LATE_SHARE_MAX * grown["wakings"] or grown["late"]:
            yield f"the loop was more than {LATE * 1000:.0f} ms late {late:.0f} times of {grown['wakings']:.0f}"
        if grown["heard"] < 0.9 * (span - SNAPSHOT) / PERIOD or missed:
            yield f"{grown['heard']:.0f} heartbeats in {span:.1f} s, {missed:.0f} of them after more than two periods"
        if grown["epochs"]:
            yield f"it converged {grown['epochs']:.0f} times"


class Troubled(lab_case.LabCase):
    """Two hosts: one whose servers are troubled, and one that listens to its heartbeats."""

    @classmethod
    def setUpClass(cls):
        cls.state = pathlib.Path(tempfile.mkdtemp(prefix="nlb-broken-peers-"))
        cls.addClassCleanup(shutil.rmtree, cls.state)
        cls.OPTIONS = {"hosts": 2, "top_keys": {"manager": {"listen": f"{PAGE[0]}:{PAGE[1]}"}, "state_dir": str(cls.state)}}
        super().setUpClass()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8 * broken_peers.MANY)), hard))
        cls.listener, cls.troubled = cls.lab.hosts
        directory = cls.troubled.run_directory
        cls.metrics = Http("metrics", cls.troubled.namespace, METRICS, "/metrics")
        cls.page = Http("page", cls.troubled.namespace, PAGE, "/")
        cls.control = Control(directory / "control.sock")
        cls.link = Datagrams("dataplane.sock", directory / "dataplane.sock", cls.link_fault)
        cls.trace = Datagrams("trace.sock", directory / "trace.sock", cls.trace_fault)
        cls.servers = [cls.metrics, cls.page, cls.control, cls.link, cls.trace]

    @classmethod
    def link_fault(cls):
        answer = cls.troubled.query()
        return "" if answer and answer["clusters"][0]["dataplane"] == "connected" else f"no dataplane is connected: {str(answer)[:200]}"

    @classmethod
    def trace_fault(cls):
        """Heartbeats come all the time, so that a trace of one packet ends at once."""
        code, printed, complaint = cls.troubled.nlb("trace", "--config", cls.lab.configuration, "--count", "1", timeout=10)
        return "" if code == 0 else f"`nlb trace` ended with {code}: {printed}{complaint}"

    @contextlib.contextmanager
    def undisturbed(self):
        beside = Beside(self.troubled, self.listener)
        yield
        self.assertEqual([], list(beside.faults()))
        self.assertTrue(self.troubled.dataplane.runs() and self.troubled.controlplane.runs())
        self.assertEqual({"converged"}, {self.troubled.state(), self.listener.state()})

    def assert_good_clients_are_answered(self, servers=None, rounds=PROBES):
        for _ in range(rounds):
            for server in servers or self.servers:
                self.assertEqual("", server.fault())
            time.sleep(0.1)


class BrokenPeers(Troubled):
    """Clients that cost a place and give nothing, at each server of a host."""

    def test_silent_clients(self):
        with Peers() as peers, self.undisturbed():
            for server in self.servers:
                peers.silent(server)
            self.assert_good_clients_are_answered()

    def test_half_a_request(self):
        with Peers() as peers, self.undisturbed():
            for server in self.servers:
                peers.half(server)
            self.assert_good_clients_are_answered()

    def test_a_byte_a_second(self):
        with Peers() as peers, self.undisturbed():
            for _ in range(4):
                peers.drip(self.servers, 1)
                self.assert_good_clients_are_answered(rounds=1)

    def test_a_thousand_connections(self):
        with Peers() as peers, self.undisturbed():
            for server in self.servers:
                peers.silent(server, broken_peers.MANY)
                self.assert_good_clients_are_answered([server], rounds=2)
            self.assert_good_clients_are_answered(rounds=2)

    def test_clients_that_leave_before_the_answer(self):
        with Peers() as peers, self.undisturbed():
            for server in self.servers:
                peers.leave(server)
                self.assert_good_clients_are_answered([server], rounds=1)

    def test_clients_that_read_nothing(self):
        with Peers() as peers, self.undisturbed():
            for server in (self.metrics, self.page, self.control):
                peers.deaf(server)
            self.assert_good_clients_are_answered()

    def test_somebody_silent_at_the_dataplanes_socket_keeps_no_control_plane_out(self):
        self.troubled.controlplane.kill()
        with Peers() as peers:
            peers.silent(self.link, 1)
            time.sleep(0.2)
            self.troubled.start_controlplane()
            system.wait_until(lambda: not self.link_fault(), 5, "a control plane at its dataplane, beside a silent stranger")
        view.wait_for_agreement(self.lab.hosts)


class Starved(Troubled):
    """The same servers where the host is short of something: a reader of its log, descriptors, a disk."""

    def restart(self, process, wrapper):
        """The program runs again behind the words of a wrapper, until the test is over."""
        former = process.arguments

        def use(arguments):
            process.terminate()
            process.arguments = arguments
            self.troubled.start_dataplane() if process is self.troubled.dataplane else process.start()
            view.wait_for_agreement(self.lab.hosts)

        self.addCleanup(use, former)
        use([*wrapper, *former])

    def nlb(self, *words):
        code, printed, complaint = self.troubled.nlb(*words)
        self.assertEqual(0, code, printed + complaint)

    def tell_much(self, rounds):
        """Each of these commands is told in the log."""
        for _ in range(rounds):
            self.nlb("disable", plan.RULE)
            self.nlb("enable", plan.RULE)

    def pipe_of(self, process):
        return self.lab.estate.directory / f"{process.name}.pipe"

    def full_pipe(self, process):
        """The program's standard error is a pipe that holds little and that nobody reads."""
        pipe = self.pipe_of(process)
        os.mkfifo(pipe)
        self.addCleanup(pipe.unlink)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.restart(process, ["sh", "-c", 'pipe=$1; shift; exec "$@" 2>"$pipe"', "sh", pipe])
        return reader

    def is_full(self, process):
        writer = os.open(self.pipe_of(process), os.O_WRONLY | os.O_NONBLOCK)
        try:
            return not select.select([], [writer], [], 0)[1]
        finally:
            os.close(writer)

    def test_a_log_that_nobody_reads_and_one_whose_reader_is_gone(self):
        readers = [self.full_pipe(process) for process in (self.troubled.controlplane, self.troubled.dataplane)]
        self.tell_much(30)
        self.assertTrue(self.is_full(self.troubled.controlplane), "the control plane's log did not fill its pipe")
        view.wait_for_agreement(self.lab.hosts)
        with self.undisturbed():
            self.assert_good_clients_are_answered(rounds=4)
        for reader in readers:
            os.close(reader)
        self.tell_much(2)
        view.wait_for_agreement(self.lab.hosts)
        with self.undisturbed():
            self.assert_good_clients_are_answered(rounds=4)

    def test_a_control_plane_without_descriptors(self):
        pid = self.troubled.controlplane.pid
        few = broken_peers.descriptors(pid) + 8
        system.run("prlimit", "--pid", pid, f"--nofile={few}:")
        self.addCleanup(system.run, "prlimit", "--pid", pid, "--nofile=1024:")
        with Peers() as peers, self.undisturbed():
            for server in (self.metrics, self.page, self.control):
                peers.silent(server, 64)
            time.sleep(2)
            self.assertGreaterEqual(broken_peers.descriptors(pid), few - 1)
            peers.close()
            time.sleep(0.5)
            self.assert_good_clients_are_answered(rounds=4)

    def test_a_dataplane_without_descriptors(self):
        pid = self.troubled.dataplane.pid
        system.run("prlimit", "--pid", pid, f"--nofile={broken_peers.descriptors(pid)}:")
        self.addCleanup(system.run, "prlimit", "--pid", pid, "--nofile=1024:")
        with Peers() as peers, self.undisturbed():
            peers.silent(self.trace, 8)
            self.assert_good_clients_are_answered([self.metrics, self.page, self.control, self.link], rounds=6)
            system.run("prlimit", "--pid", pid, "--nofile=1024:")
            peers.close()
            time.sleep(0.5)
            self.assert_good_clients_are_answered(rounds=2)

    def with_state_in(self, mount):
        """The control plane's state lies in a file system of its own, which only it sees."""
        state = self.state / self.troubled.plan.name
        script = f'mount -t tmpfs -o {mount} none "$1"; shift; exec "$@"'
        self.restart(self.troubled.controlplane, ["unshare", "--mount", "sh", "-e", "-c", script, "sh", state])
        return state

    def beside_it(self, command):
        system.run("nsenter", "--target", self.troubled.controlplane.pid, "--mount", "sh", "-c", command)

    def wait_for_event(self, name, already=0):
        log = self.troubled.controlplane.log

        def told():
            return log.read_text(errors="replace").count(f" name={name} ") > already

        system.wait_until(told, 15, f"a line {name} in the log")

    def events(self, name):
        return self.troubled.controlplane.log.read_text(errors="replace").count(f" name={name} ")

    def check_lost_disk(self, take, give):
        """What is commanded holds although it cannot be kept, the host says so, goes on, and keeps it when there is room again."""
        before = {name: self.events(name) for name in (*LOST_WITH_THE_DISK, "state_kept")}
        self.beside_it(take)
        self.tell_much(15)
        self.nlb("drain", plan.RULE)
        for name in LOST_WITH_THE_DISK:
            self.wait_for_event(name, before[name])
        self.nlb("enable", plan.RULE)
        view.wait_for_agreement(self.lab.hosts)
        with self.undisturbed():
            self.assert_good_clients_are_answered(rounds=PROBES)
        self.nlb("drain", plan.RULE)
        self.beside_it(give)
        self.wait_for_event("state_kept", before["state_kept"])
        self.nlb("enable", plan.RULE)
        view.wait_for_agreement(self.lab.hosts)

    def test_a_full_disk(self):
        state = self.with_state_in(f"size={STATE_BYTES},mode=0700")
        self.check_lost_disk(f"! cat /dev/zero > {state}/full", f"rm {state}/full")

    def test_a_disk_that_became_read_only(self):
        state = self.with_state_in(f"size={STATE_BYTES},mode=0700")
        # Laid over it: a file system that has a file open for writing, as recordings are, cannot be made read-only.
        self.check_lost_disk(f"mount --bind {state} {state} && mount -o remount,ro,bind {state}", f"umount {state}")


if __name__ == "__main__":
    lab_case.main()
