"""--exit-when-idle on a loaded machine: the real binary ends when its captures are played, however long its workers wait for a CPU.
The load is real: programs that never sleep have the worker's CPU, and the worker has the lowest priority that there is.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap

import capture
import cluster
import packets
import play

HOST = cluster.HOSTS[0]
IDLE_MS = 100
STARVED_SECONDS = 10 * IDLE_MS / 1000
HOGS = 3  # beside each of them the worker gets some 0.3 % of the CPU


def to_host(count):
    """Frames of several flows to the host's own address: it delivers every one of them."""
    kinds = [packets.udp(client, destination=cluster.DEDICATED[HOST]) for client in range(1, 33)]
    return [kinds[number % len(kinds)] for number in range(count)]


def from_host(count):
    return [bytes.fromhex(packets.CLIENT_MAC.replace(":", "") + cluster.INSIDE_MAC.replace(":", "")) + frame[12:]
            for frame in map(turned, to_host(count))]


def turned(frame):
    """The same packet with its IP addresses exchanged; the checksums stay right, as they are sums."""
    return frame[:26] + frame[30:34] + frame[26:30] + frame[34:]


@contextlib.contextmanager
def busy(cpu):
    """Programs that want the whole of that CPU."""
    hogs = [subprocess.Popen(["taskset", "-c", str(cpu), sys.executable, "-c", "while True: pass"]) for _ in range(HOGS)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def worker_thread(process, number, seconds=30):
    """The thread of worker `number`; EAL makes it long before it works."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if (task / "comm").read_text().strip().endswith(f"worker-{number}"):
                    return int(task.name)
        time.sleep(0.001)
    raise AssertionError(f"there is no thread of worker {number}: {process.communicate()[1] if process.poll() is not None else ''}")


class IdleExit(unittest.TestCase):
    longMessage = False

    def setUp(self):
        self.cpu = max(os.sched_getaffinity(0))
        self.place = tempfile.TemporaryDirectory(prefix="golden-idle-")
        self.addCleanup(self.place.cleanup)

    def play(self, outside, inside, lcores, starved, stop=False):
        """Both captures, while the named worker waits for its CPU. Gives (frames that came out inside, outside)."""
        folder = pathlib.Path(self.place.name)
        capture.write(folder / "outside", outside)
        capture.write(folder / "inside", inside)
        where = cluster.Cluster(folder, play.programs(), folder / "outside", folder / "inside", lcores=lcores)
        with busy(self.cpu):
            process = where.start_dataplane(HOST, IDLE_MS)
            try:
                thread = worker_thread(process, starved)
                os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
                said = self.wait_for_ready(process)
                if stop:
                    process.send_signal(signal.SIGSTOP)
                    time.sleep(3 * IDLE_MS / 1000)
                    process.send_signal(signal.SIGCONT)
                time.sleep(STARVED_SECONDS)
                if process.poll() is None:
                    os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
            except BaseException:
                process.kill()
                process.wait()
                raise
        try:
            said += process.communicate(timeout=play.SECONDS_MAX)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail(f"the dataplane did not end within {play.SECONDS_MAX} s: {said}{process.communicate()[1]}")
        self.assertEqual(process.returncode, 0, said)
        return len(capture.read(where.sent_inside(HOST))), len(capture.read(where.sent_outside(HOST)))

    def wait_for_ready(self, process):
        said = ""
        for line in process.stderr:
            said += line
            if " name=ready " in line:
                return said
        process.wait()
        if os.geteuid() != 0 and any(words in said for words in runs.NO_PERMISSION):
            self.skipTest(f"the dataplane may not run here: {said.splitlines()[-1]}")
        raise AssertionError(f"the dataplane ended with {process.returncode}: {said}")

    def test_a_worker_that_waits_for_its_cpu_plays_both_captures_to_their_end(self):
        frames = 20_000
        self.assertEqual(self.play(to_host(frames), from_host(frames), str(self.cpu), 1), (frames, frames))

    def test_a_dataplane_that_was_stopped_in_the_middle_plays_both_captures_to_their_end(self):
        frames = 20_000
        self.assertEqual(self.play(to_host(frames), from_host(frames), str(self.cpu), 1, stop=True), (frames, frames))

    def test_frames_under_way_to_another_worker_are_delivered_before_the_end(self):
        frames = 900  # which the rings between the workers hold
        other = next((cpu for cpu in range(os.cpu_count()) if cpu != self.cpu), None)
        if other is None:
            self.skipTest("two workers need two CPUs")
        starved = 2 if other < self.cpu else 1
        self.assertEqual(self.play(to_host(frames), from_host(frames), f"{other},{self.cpu}", starved), (frames, frames))


if __name__ == "__main__":
    tap.main()
