"""The runner of suites: which suites words choose, minutes beside what was taken, and the line that says what runs."""

import io
import pathlib
import re
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "tidy"):
    sys.path.insert(0, str(TESTS / folder))
import progress
import run_suites
import tap
import tree


class Choice(unittest.TestCase):
    def test_no_word_means_every_suite_of_the_first_tier(self):
        self.assertEqual((list(run_suites.SUITES), False), run_suites.chosen([]))

    def test_full_adds_the_second_tier_to_all_or_to_those_named(self):
        self.assertEqual(([*run_suites.SUITES, *run_suites.FULL_SUITES], True), run_suites.chosen(["full"]))
        self.assertEqual((["fuzz"], True), run_suites.chosen(["full", "fuzz"]))
        self.assertGreater(run_suites.minutes_of("fuzz", True), run_suites.minutes_of("fuzz", False))

    def test_an_unknown_word_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no suite unti; there are unit, "):
            run_suites.chosen(["unti"])

    def test_every_suite_that_meson_files_name_has_its_minutes(self):
        named = set()
        for file in tree.files():
            if file.name == "meson.build":
                named |= set(re.findall(r"suite: '([\w-]+)'", tree.read(file)))
        self.assertGreater(len(named), 7)
        self.assertEqual(set(), named - set(run_suites.SUITES) - set(run_suites.FULL_SUITES))

    def test_the_first_tier_stays_within_an_hour(self):
        minutes = run_suites.BUILD_MINUTES + sum(suite.minutes for suite in run_suites.SUITES.values())
        self.assertLessEqual(minutes, 60)


class Table(unittest.TestCase):
    ROWS = [("unit", run_suites.Count(5, 0, 1, 30.0), 1), ("e2e", run_suites.Count(7, 1, 0, 600.0), 8)]

    def test_a_suite_that_took_longer_is_red_and_named_in_a_warning(self):
        _, unit, late, warning = run_suites.table(self.ROWS, colours=True)
        self.assertNotIn("\x1b", unit)
        self.assertRegex(late, r"^\x1b\[31me2e +7 +1 +0 +10\.0 +8")
        self.assertIn("warning: e2e took 10.0 minutes of the 8 that it has", warning)

    def test_a_pipe_gets_no_colours(self):
        self.assertNotIn("\x1b", "".join(run_suites.table(self.ROWS, colours=False)))


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


class WhatRuns(unittest.TestCase):
    LINES = [" 2/3 nlb:e2e / reload         OK              34.20s   5 subtests passed\n"]

    def shown(self, terminal):
        self.clock = 0.0
        return progress.Progress("e2e", ["judge", "reload", "demo"], Stream(terminal), lambda: self.clock)

    def test_the_first_test_that_has_not_ended_is_the_one_that_runs(self):
        shown = self.shown(True)
        shown.hear("ninja: no work to do.\n")
        self.clock = 3.0
        self.assertEqual("e2e 0/3 judge 3 s", shown.text())
        shown.hear(self.LINES[0])
        self.clock = 5.0
        self.assertEqual("e2e 1/3 judge 2 s", shown.text())
        # The longest name of a suite is followed by one blank only.
        shown.hear("1/3 nlb:e2e / judge FAIL              3.00s   exit status 1\n")
        self.assertEqual("e2e 2/3 demo 0 s", shown.text())

    def test_what_comes_before_the_tests_is_said_too(self):
        shown = self.shown(True)
        self.assertEqual("e2e 0/3 preparing", shown.text())
        shown.hear("[12/40] Compiling C++ object a.o\n")
        self.assertEqual("e2e 0/3 building 12/40", shown.text())
        self.clock = 9.0
        shown.hear("[40/40] Linking target a\n")
        self.assertEqual("e2e 0/3 judge 0 s", shown.text())

    def test_a_terminal_has_one_line_and_a_pipe_one_every_ten_seconds(self):
        for terminal in (True, False):
            shown = self.shown(terminal)
            for self.clock in range(1, 26):
                shown.tell()
            said = shown.stream.getvalue()
            self.assertEqual((25, 0) if terminal else (0, 2), (said.count("\r\x1b[K"), said.count("\n")))


if __name__ == "__main__":
    tap.main()
