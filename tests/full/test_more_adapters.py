"""Adapters that only a newer QEMU has, each driven by DPDK's real driver in a guest: the claims of tests/metal hold on them too."""

import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "metal", TESTS / "support", TESTS.parent / "scripts"):
    sys.path.insert(0, str(folder))

import guest_case
import test_adapters
from lab import guest_qemu


class Newer(test_adapters.Machine):
    queues = {"igb": 1}
    lab = failure = None

    @classmethod
    def boot(cls):
        try:
            cls.options = {"qemu": guest_qemu.newer()}
        except guest_qemu.Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        super().boot()


class Igb(test_adapters.OnAdapter, unittest.TestCase):
    """82576: several queues, RSS, filters, interrupts."""

    machine = Newer
    kind = "igb"
    link_by = "interrupt"
    wakes_by = "interrupt"


if __name__ == "__main__":
    guest_case.main()
