"""Instructions per packet of each stage against perf/baseline.csv, and of the whole worker against perf/worker.csv: repeatable on any
x86-64 with AVX2, however busy it is."""

import csv
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import tap


class Instructions(unittest.TestCase):
    longMessage = False

    def setUp(self):
        if shutil.which("valgrind") is None:
            self.skipTest("valgrind is not installed; run scripts/install")
        if "avx2" not in pathlib.Path("/proc/cpuinfo").read_text():
            self.skipTest("this machine has no AVX2; the baseline is of the wide twin")

    def stages(self, *options):
        return subprocess.run([sys.executable, ROOT / "perf/stages", *options], capture_output=True, text=True)

    def worker(self, *options):
        if os.geteuid() != 0:
            self.skipTest("DPDK may not run here without root")
        return subprocess.run([sys.executable, ROOT / "perf/worker", *options], capture_output=True, text=True, timeout=600)

    def test_a_stage_that_became_a_tenth_slower_is_noticed(self):
        with (ROOT / "perf/baseline.csv").open() as file:
            costs = {row["case"]: float(row["fast_path"]) for row in csv.DictReader(file)}
        for case in ("reject", "reject_v6"):
            burden = math.ceil(costs[case] / 10)
            done = self.stages(f"--burden={burden}", case)
            self.assertEqual(done.returncode, 1, f"{burden} instructions more passed: {done.stdout}{done.stderr}")
            self.assertIn(f"{case} fast_path: expected {costs[case]} instructions", done.stdout)

    def test_each_stage_costs_what_the_baseline_says(self):
        done = self.stages()
        remedy = "perf/stages --write takes the new figures, for a commit that says why"
        self.assertEqual(done.returncode, 0, f"{done.stdout[-3000:]}{done.stderr[-1000:]}{remedy}")


    def test_a_worker_costs_what_its_baseline_says(self):
        done = self.worker()
        remedy = "perf/worker --write takes the new figures, for a commit that says why"
        self.assertEqual(done.returncode, 0, f"{done.stdout[-3000:]}{done.stderr[-1000:]}{remedy}")

    def test_a_worker_that_became_a_tenth_slower_is_noticed(self):
        # a poll costs what it costs, also for an eighth of its packets
        done = self.worker("--burst=8", "reject")
        with (ROOT / "perf/worker.csv").open() as file:
            was = {row["case"]: float(row["worker"]) for row in csv.DictReader(file)}["reject"]
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        got = float(re.search(rf"reject worker: expected {was} instructions per packet within 3%, got ([\d.]+)", done.stdout)[1])
        self.assertGreater(got, 1.1 * was)


if __name__ == "__main__":
    tap.main()
