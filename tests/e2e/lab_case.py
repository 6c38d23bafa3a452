"""A lab per test class, and its end however the tests end. Without root every test of a lab is skipped, and says so."""

import os
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "support", TESTS.parent / "scripts"):
    sys.path.insert(0, str(folder))

import tap
from lab import cluster_lab, plan, system
from lab.screen import Screen
from lab.story import Story

OPEN = []


class LabCase(unittest.TestCase):
    """Subclasses state what they need of the plan in OPTIONS; `self.lab` then runs and has converged once."""

    OPTIONS = {}
    START = True

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("labs make network namespaces and need root")
        cls.lab = cluster_lab.lab_of(prefix="test", **cls.OPTIONS)
        OPEN.append(cls.lab)
        cls.lab.__enter__()
        try:
            if cls.START:
                cls.view, cls.seconds = cls.lab.start()
                cls.story = Story(cls.lab, Screen(Comments()))
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        OPEN.remove(cls.lab)
        cls.lab.__exit__(None, None, None)

    def assert_promises_kept(self):
        broken, self.story.broken = self.story.broken, []
        self.assertFalse(broken, "; ".join(broken))


class Comments:
    """A stream that makes TAP comments of what a story says."""

    def write(self, text):
        for line in text.splitlines():
            if line.strip():
                sys.stdout.write(f"# {line}\n")

    def flush(self):
        sys.stdout.flush()

    def isatty(self):
        return False


def main():
    system.raise_on_signals()
    try:
        tap.main()
    finally:
        for lab in OPEN:
            lab.__exit__(None, None, None)


__all__ = ["LabCase", "main", "plan", "system"]
