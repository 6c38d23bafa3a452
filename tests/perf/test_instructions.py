"""Instructions per packet of each stage against perf/baseline.csv: repeatable on any x86-64 with AVX2, however busy it is."""

import csv
import math
import pathlib
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


if __name__ == "__main__":
    tap.main()
