"""testpmd and nlb-perf behind one interface: both have a prompt, both count packets in the same words.

What a forwarding core did is measured by the processor time that its thread got, so that other programs on the machine cost nothing but
cache; packets and time are read at the same moments. It judges nothing.
"""

import os
import pathlib
import re
import statistics
import subprocess
import threading
import time
import typing

PROMPT = {"testpmd": b"testpmd> ", "nlb-perf": b"nlb-perf> "}
START_SECONDS_MAX = 300  # ten million descriptors take their time
WORKER = re.compile(r"(lcore|rte)-worker-1")
RECEIVED = re.compile(rb"NIC statistics for port 0 .*?RX-packets: (\d+)", re.DOTALL)
BUILD = pathlib.Path(os.environ.get("NLB_BUILD", pathlib.Path(__file__).resolve().parents[1] / "build"))
SETTLE_SECONDS = 0.02
WINDOWS = 5
SAMPLES_MAX = 8
SAMPLE_NANOSECONDS_MAX = 1_000_000
WAITS_MAX = 400
ENDED = b"(ended)"
CAPTURE_HEADER_BYTES = 24
LOOP_FRAMES = 256  # that go round on a ring


class Failed(Exception):
    """A sentence for the person who runs the comparison."""


class Cost(typing.NamedTuple):
    """Nanoseconds per packet over the windows of one measurement."""

    least: float
    median: float


class Prompted:
    """A running program with a prompt; it may be on another machine, behind ssh."""

    def __init__(self, kind, command):
        self.prompt, self.said, self.more = PROMPT[kind], b"", threading.Condition()
        self.command = command
        # A terminal, because testpmd would keep what it says to a pipe for itself.
        self.terminal, theirs = os.openpty()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=theirs, stderr=theirs)
        os.close(theirs)
        threading.Thread(target=self._listen, daemon=True).start()
        self._until_prompt(START_SECONDS_MAX)

    def _listen(self):
        while True:
            try:
                chunk = os.read(self.terminal, 65536)
            except OSError:  # the other side of the terminal is closed
                chunk = ENDED + self.prompt
            with self.more:
                self.said += chunk
                self.more.notify()
            if chunk.startswith(ENDED):
                os.close(self.terminal)
                return

    def _until_prompt(self, seconds):
        with self.more:
            if not self.more.wait_for(lambda: self.prompt in self.said, seconds):
                raise Failed(f"{self.command[0]}: no prompt within {seconds} s: {self.said[-500:].decode(errors='replace')}")
            text, _, self.said = self.said.partition(self.prompt)
        if text.endswith(ENDED) or self.process.poll() is not None:
            raise Failed(f"{self.command[0]} ended: {text[-1500:].decode(errors='replace')}")
        return text

    def ask(self, line, seconds=30):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self._until_prompt(seconds)

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Program(Prompted):
    """It forwards from a source which never ends, on one core of this machine."""

    def __init__(self, kind, command):
        super().__init__(kind, command)
        self.time = self._worker_time()

    def _worker_time(self):
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            if WORKER.match((task / "comm").read_text()):
                return task / "schedstat"
        raise Failed(f"{self.command[0]}: it has no thread of the name lcore-worker-1")

    def _sample(self):
        """Packets so far, and nanoseconds of processor time, which is taken around the question, again where an answer was slow."""
        best = None
        for _ in range(SAMPLES_MAX):
            before = self._busy()
            found = RECEIVED.search(self.ask("show port stats all"))
            after = self._busy()
            if found is None:
                raise Failed(f"{self.command[0]}: no statistics of port 0")
            if best is None or after - before < best[0]:
                best = after - before, int(found.group(1)), (before + after) / 2
            if best[0] < SAMPLE_NANOSECONDS_MAX:
                break
        return best[1:]

    def _busy(self):
        return int(self.time.read_text().split()[0])

    def _run_for(self, seconds):
        """Waits until the forwarding thread has had so much of a processor."""
        until = self._busy() + seconds * 1e9
        for _ in range(WAITS_MAX):
            if self._busy() >= until:
                return
            time.sleep(seconds / 4)
        raise Failed(f"{self.command[0]}: its core does not get {seconds} s of processor time; is the machine overloaded?")

    def start(self):
        self.ask("start")

    def measure(self, seconds):
        """Forwards for so long (of processor time); nanoseconds of processor time per packet, in the best of some windows: what
        neighbours on the same physical core and cache cost is theirs, and comes and goes. The median says how much it was."""
        self.start()
        self._run_for(SETTLE_SECONDS)
        samples = [self._sample()]
        for _ in range(WINDOWS):
            self._run_for(seconds / WINDOWS)
            samples.append(self._sample())
        self.last_stop = self.ask("stop")
        windows = [(after[0] - before[0], after[1] - before[1]) for before, after in zip(samples, samples[1:])]
        if any(packets == 0 for packets, _ in windows):
            raise Failed(f"{self.command[0]}: it received nothing")
        costs = [nanoseconds / packets for packets, nanoseconds in windows]
        return Cost(min(costs), statistics.median(costs))


def free_huge_mebibytes():
    words = dict(line.split(":") for line in pathlib.Path("/proc/meminfo").read_text().splitlines())
    return int(words["HugePages_Free"]) * int(words["Hugepagesize"].split()[0]) // 1024


def eal(name, mebibytes, huge):
    """EAL's arguments: huge pages when there are enough, otherwise plain memory, the same for all programs of a run."""
    memory = ["--in-memory"] if huge else ["--no-huge", "--no-shconf"]
    return ["-l", "0,1", "--no-pci", "-m", str(mebibytes), *memory, f"--file-prefix={name}-{os.getpid()}", "--log-level=error"]


def capture_device(capture):
    return f"--vdev=net_pcap0,rx_pcap={capture},infinite_rx=1"


class Testpmd(Program):
    """The reference. Its modes are chosen one after the other."""

    def __init__(self, device, buffers, buffer_bytes, mebibytes, huge):
        super().__init__("testpmd", ["dpdk-testpmd", *eal("testpmd", mebibytes, huge), device, "--", "-i", "--no-mlockall",
                                     "--no-flush-rx", f"--total-num-mbufs={buffers}", f"--mbuf-size={buffer_bytes}",
                                     "--nb-cores=1"])

    @classmethod
    def on_capture(cls, capture, *arguments):
        return cls(capture_device(capture), *arguments)

    def mode(self, name):
        self.ask(f"set fwd {name}")


class TestpmdOnRing(Testpmd):
    """Its port receives what it sends. The first start puts the frames there, which go round ever after."""

    started = False

    def __init__(self, _device, *arguments):
        super().__init__("--vdev=net_ring0", *arguments)

    def start(self):
        self.ask("start" if self.started else f"start tx_first {LOOP_FRAMES // 32}")
        self.started = True


class NlbPerf(Program):
    """The production path."""

    def __init__(self, devices, buffers, buffer_bytes, mebibytes, huge, arguments):
        super().__init__("nlb-perf", [str(BUILD / "perf/nlb-perf"), *eal("nlb-perf", mebibytes, huge), *devices, "--", "-i",
                                      "--forward-mode=nlb", f"--total-num-mbufs={buffers}", f"--mbuf-size={buffer_bytes}", *arguments])

    @classmethod
    def on_capture(cls, capture, *arguments):
        """Its inside port frees what it sends one by one, just as testpmd's port does, and never has a frame: to ask a capture that
        has ended takes libpcap and stdio 0.7 ns per packet, which no device does."""
        return cls((capture_device(capture), "--vdev=net_null0,no-rx=1"), *arguments)

    @classmethod
    def on_ring(cls, _capture, *arguments):
        """What it accepts goes round; what it rejects is put back by a feeder on the same core, at that core's expense."""
        return cls((), *arguments[:-1], (f"--ring-loop={LOOP_FRAMES}", *arguments[-1]))

    def reasons(self):
        """What became of the packets of the last measurement, by reason."""
        found = re.search(rb'"reasons":\{([^}]*)\}', self.last_stop)
        return dict((name.decode(), int(count)) for name, count in re.findall(rb'"(\w+)":(\d+)', found.group(1))) if found else {}
