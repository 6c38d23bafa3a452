"""perf/compare --quick: a gate against mistakes. Its floors are half of what the packet path must reach on a quiet machine."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import tap


class Compare(unittest.TestCase):
    longMessage = False

    def test_no_ratio_to_testpmd_is_below_half_its_floor(self):
        if shutil.which("dpdk-testpmd") is None:
            self.skipTest("dpdk-testpmd is not installed; run scripts/install")
        if os.geteuid() != 0:
            self.skipTest("testpmd wants root")
        done = subprocess.run([sys.executable, ROOT / "perf/compare", "--quick", "--json"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-1000:])
        told = json.loads(done.stdout.splitlines()[-1])
        self.assertTrue(told["ok"])
        self.assertLessEqual({"reject", "accept_udp", "established", "mixed", "new_flow"}, set(told["ratio"]))
        for name, ratio in told["ratio"].items():
            self.assertGreater(ratio, 0, name)
            self.assertGreater(told["testpmd"][name]["5tswap"], 0, name)


if __name__ == "__main__":
    tap.main()
