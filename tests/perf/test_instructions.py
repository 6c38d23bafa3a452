"""Instructions per packet of each stage against perf/baseline.csv: repeatable on any x86-64 with AVX2, however busy it is."""

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

    def test_each_stage_costs_what_the_baseline_says(self):
        done = subprocess.run([sys.executable, ROOT / "perf/stages"], capture_output=True, text=True)
        remedy = "perf/stages --write takes the new figures, for a commit that says why"
        self.assertEqual(done.returncode, 0, f"{done.stdout[-3000:]}{done.stderr[-1000:]}{remedy}")


if __name__ == "__main__":
    tap.main()
