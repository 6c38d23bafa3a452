"""perf/compare --quick: a gate against mistakes. Its floors are half of what the packet path must reach on a quiet machine; and what is
made of given costs."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "perf")]
import tap

import compare_cases
import compare_report
from compare_programs import Cost


class Figures(unittest.TestCase):
    """Of costs that are given: three rounds, in each the least and the median of its windows."""

    case = compare_cases.Case("reject", (), (), goal=1.1)

    def row(self, nlb, floor):
        costs = {name: [Cost(10, 12)] * 3 for name in ("io", "rxonly", "macswap", "5tswap")}
        return compare_report.Row(self.case, {**costs, "nlb": nlb}, floor)

    def test_a_ratio_below_its_floor_is_not_ok_however_good_the_others_are(self):
        good, bad = self.row([Cost(10, 10)] * 3, 0.9), self.row([Cost(12, 12)] * 3, 0.9)
        self.assertTrue(compare_report.summary([good], ("reject",))["ok"])
        self.assertFalse(compare_report.summary([good, bad], ("reject",))["ok"])
        self.assertIn("BELOW", bad.text())
        self.assertNotIn("BELOW", good.text())

    def test_the_median_of_the_windows_stands_beside_their_least(self):
        told = compare_report.summary([self.row([Cost(10, 16), Cost(8, 12), Cost(20, 24)], 0.5)], ("reject",))
        self.assertEqual([told[name]["reject"] for name in ("ns", "ns_median")], [10, 16])
        self.assertEqual([told[name]["reject"] for name in ("ratio", "ratio_min", "ratio_max", "ratio_of_medians")], [1, 0.5, 1.25, 0.75])

    def test_every_reference_is_shown_and_one_that_is_missing_is_a_dash(self):
        row = self.row([Cost(10, 10)] * 3, 0)
        self.assertEqual(set(compare_report.summary([row], ())["testpmd"]["reject"]), {"io", "rxonly", "macswap", "5tswap"})
        self.assertNotIn(" - ", row.text())
        ring = compare_report.Row(self.case, {name: [Cost(10, 12)] for name in ("io", "macswap", "5tswap", "nlb")}, 0)
        self.assertEqual(ring.text().count(" - "), 2)


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
        self.assertEqual(told["ok"], all(ratio >= told["floor"][name] for name, ratio in told["ratio"].items()))
        self.assertLessEqual({"reject", "accept_udp", "established", "mixed", "new_flow"}, set(told["ratio"]))
        for name, ratio in told["ratio"].items():
            self.assertGreater(ratio, 0, name)
            self.assertGreater(told["testpmd"][name]["5tswap"], 0, name)
            self.assertGreaterEqual(told["ns_median"][name], told["ns"][name], name)
            self.assertEqual("rxonly" in told["testpmd"][name], not name.startswith("ring_"), name)


if __name__ == "__main__":
    tap.main()
