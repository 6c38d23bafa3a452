"""Debian 13: g++ 14 and DPDK 24.11 build this tree; its suites, the demo and an adapter of its own QEMU keep their claims there.

Everything runs in a root of debian13.py. The first run makes it and compiles all; later ones compile what has changed.
"""

import json
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import debian13
from debian13 import BUILD, record

import chroots
import tap

BUILD_SECONDS = 3 * 3600
SUITE_SECONDS = 1800
SEEDS = "1..300"
TARGETS = "dataplane/nlb-dataplane controlplane/nlb-controlplane cli/nlb tests/sim/nlb-sim"

DEMO = f"scripts/demo --json 2>{BUILD}/demo.log || {{ tail -n 20 {BUILD}/demo.log; exit 1; }}"


class Debian13(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        try:
            chroots.alone()
            cls.root = cls.enterClassContext(debian13.Root(debian13.base()))
        except chroots.Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        versions = cls.root.run("g++ -dumpfullversion; pkg-config --modversion libdpdk; cat /etc/debian_version", 60).split()
        record("g++ {}, DPDK {}, Debian {}".format(*versions))
        began = time.monotonic()
        setup = f"[ -e {BUILD}/build.ninja ] || meson setup {BUILD} ."
        cls.root.run(f"{setup}\nninja -C {BUILD} -j2 {TARGETS}", BUILD_SECONDS, progress="building")
        record(f"built in {(time.monotonic() - began) / 60:.1f} minutes")

    def timed(self, what, *arguments, **options):
        began = time.monotonic()
        said = self.root.run(*arguments, **options)
        record(f"{what}: {time.monotonic() - began:.0f} s")
        return said

    def suite(self, name):
        said = self.timed(f"suite {name}", f"python3 tests/support/run_suites.py {BUILD} {name}", BUILD_SECONDS, progress=name)
        last = said.strip().splitlines()[-1]
        record(f"suite {name}: {last}")
        self.assertRegex(last, r"^[1-9]\d* passed, 0 failed, 0 skipped$")

    def test_install_finds_nothing_missing_afterwards(self):
        self.assertEqual("", self.root.run("scripts/install", 60))

    def test_the_unit_tests_pass(self):
        self.suite("unit")

    def test_the_golden_cases_pass(self):
        self.suite("golden")

    def test_the_simulator_breaks_no_promise(self):
        said = self.timed(f"seeds {SEEDS}", f"{BUILD}/tests/sim/nlb-sim --seeds {SEEDS}", SUITE_SECONDS)
        record(said.strip().splitlines()[-1])

    def test_the_demo_keeps_its_promises(self):
        said = self.timed("demo", DEMO, SUITE_SECONDS, nice=0)
        shown = json.loads(said[said.index("{") :])
        record(json.dumps(shown)[:600])
        self.assertTrue(shown["ok"], said[-2000:])

    def test_an_adapter_of_its_own_qemu_keeps_its_claims(self):
        said = self.timed("adapter", "python3 tests/metal/test_adapters.py Virtio", SUITE_SECONDS, nice=0)
        for line in said.splitlines():
            if line.startswith("# virtio") and re.search(r"\d (s|ms)\b|flows", line):
                record(line[2:])
        self.assertEqual([], [line for line in said.splitlines() if line.startswith("not ok") or "# SKIP" in line])


if __name__ == "__main__":
    tap.main()
