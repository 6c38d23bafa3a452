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
# Of each case: how long the event of its short form lasts, in seconds, and whether `nlb query` is judged, too.
SHORT = {
    "wrong-key": (6, False),
    "former-key": (6, False),
    "version": (6, False),
    "replay-short": (3, True),
    "stale": (1.5, True),
    "duplicate-file": (4, False),
    "black-hole": (4, True),
    "learnt-mac": (4, True),
    "filter-one": (3, True),
    "filter-all": (3, True),
    "filter-serve": (3, True),
    "paused-controlplane": (1.5, True),
    "paused-dataplane": (1.5, True),
    "silent-pair": (5, True),
}
# Those that take minutes.
ONLY_WHOLE = {"replay": True}


class Strangers(unittest.TestCase):
    """What befalls some hosts costs the others nothing."""

    def run_case(self, name, seconds, words):
        if os.geteuid() != 0:
            self.skipTest("labs make network namespaces and need root")
        parser = argparse.ArgumentParser()
        strangers.add_options(parser)
        arguments = ["--case", name]
        arguments += ["--seconds", str(seconds)] if seconds else []
        arguments += [] if words else ["--without-words"]
        options = parser.parse_args(arguments)
        screen = Screen(lab_case.Comments())
        self.assertEqual(0, trial.conduct(strangers.CASES[name], options, screen), "a promise was broken: see above")


def add_test(name, seconds, words):
    def test(self):
        self.run_case(name, seconds, words)

    setattr(Strangers, f"test_{strangers.CASES[name].TITLE.replace(' ', '_').replace(',', '')}", test)


for case, (short, judged) in SHORT.items():
    add_test(case, None if WHOLE else short, judged)
for case, judged in ONLY_WHOLE.items() if WHOLE else ():
    add_test(case, None, judged)


if __name__ == "__main__":
    system.raise_on_signals()
    tap.main()
