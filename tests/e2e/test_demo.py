"""The README's first command keeps its promises, and leaves nothing behind, however it ends."""

import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

import lab_case
from lab import cluster_lab, estate, system

DEMO = system.ROOT / "scripts" / "demo"
KEYS = {"requests", "failed", "per_host", "failover_ms", "rejoin_failed", "drain_ok", "double_answers"}


def left_behind(tag):
    """Namespaces, files and processes of one demo; other labs may run beside this test."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout.split()
    found = [name for name in names if name.startswith(tag)]
    found += [str(file) for file in estate.HOME.glob(f"{tag}*")]
    for status in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = status.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"/run/nlb-lab/{tag}" in words:
            found.append(words.replace("\0", " "))
    return found


@unittest.skipIf(os.geteuid() != 0, "labs make network namespaces and need root")
class TheDemo(unittest.TestCase):
    def setUp(self):
        self.hugepages = estate.HUGEPAGES.read_text()
        self.tag = cluster_lab.new_tag("demo")

    def tearDown(self):
        self.assertEqual([], left_behind(self.tag))
        self.assertEqual(self.hugepages, estate.HUGEPAGES.read_text())

    def test_the_story_keeps_its_promises(self):
        done = subprocess.run([DEMO, "--json", "--tag", self.tag], capture_output=True, text=True, timeout=300)
        print("".join(f"# {line}\n" for line in done.stderr.splitlines()), end="")
        self.assertTrue(done.stdout, done.stderr[-500:])
        figures = json.loads(done.stdout)
        self.assertLessEqual(KEYS, set(figures))
        self.assertEqual(0, done.returncode, figures)
        self.assertEqual((3000, 0, 0, 0), tuple(figures[key] for key in ("requests", "failed", "rejoin_failed", "double_answers")))
        self.assertEqual(3000, sum(figures["per_host"].values()))
        self.assertTrue(figures["drain_ok"])
        self.assertLessEqual(figures["failover_ms"], 900)

    def end_early(self, number):
        """Sends a signal to a demo in the middle of its requests, as a terminal would."""
        demo = subprocess.Popen(
            [DEMO, "--tag", self.tag], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        for line in demo.stdout:
            if line.startswith("(b)"):
                break
        time.sleep(0.5)
        os.killpg(demo.pid, number)
        return demo.wait(60)

    def test_control_c_leaves_nothing_behind(self):
        self.assertEqual(130, self.end_early(signal.SIGINT))

    def test_a_termination_leaves_nothing_behind(self):
        self.assertEqual(130, self.end_early(signal.SIGTERM))

    def test_what_a_killed_demo_left_is_swept_by_the_next_lab(self):
        self.end_early(signal.SIGKILL)
        self.assertNotEqual([], left_behind(self.tag), "a killed demo cannot clean up")
        self.assertIn(self.tag, estate.sweep())


if __name__ == "__main__":
    lab_case.main()
