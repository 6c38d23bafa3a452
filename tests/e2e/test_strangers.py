"""Strangers, mistakes and clocks against the real programs: each test is one case of `scripts/lab/run strangers --case NAME`.

Here each lasts seconds; with NLB_STRANGERS=whole (scripts/test full) as long as its case states.
"""

import argparse
import os
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "support", TESTS.parent / "scripts", TESTS / "e2e"):
    sys.path.insert(0, str(folder))

import lab_case
import tap
from lab import strangers, system, trial
from lab.screen import Screen

WHOLE = os.environ.get("NLB_STRANGERS") == "whole"
# How long the event of a short form lasts, in seconds; each name is a claim that holds.
SHORT = {
    "filter-serve": 4,
    "paused-controlplane": 1.5,
}
ONLY_WHOLE = ()


class Strangers(unittest.TestCase):
    """What befalls some hosts costs the others nothing."""

    def run_case(self, name, seconds):
        if os.geteuid() != 0:
            self.skipTest("labs make network namespaces and need root")
        parser = argparse.ArgumentParser()
        strangers.add_options(parser)
        options = parser.parse_args(["--case", name, *(["--seconds", str(seconds)] if seconds else [])])
        screen = Screen(lab_case.Comments())
        self.assertEqual(0, trial.conduct(strangers.CASES[name], options, screen), "a promise was broken: see above")


def add_test(name, seconds):
    def test(self):
        self.run_case(name, seconds)

    setattr(Strangers, f"test_{strangers.CASES[name].TITLE.replace(' ', '_').replace(',', '')}", test)


for case, short in SHORT.items():
    add_test(case, None if WHOLE else short)
for case in ONLY_WHOLE if WHOLE else ():
    add_test(case, None)


if __name__ == "__main__":
    system.raise_on_signals()
    tap.main()
