"""The built programs are hardened: read from the binaries, not from the flags.

Debian's start-up objects bear no marks for control-flow protection, so a linked program shows none; the landing pads at the entries of
its own functions do. The packet path has none (meson.build).
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

BUILD = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", tree.ROOT / "build"))
PROGRAMS = ("dataplane/nlb-dataplane", "controlplane/nlb-controlplane", "cli/nlb")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Hardening(unittest.TestCase):
    longMessage = True

    def setUp(self):
        missing = [name for name in PROGRAMS if not (BUILD / name).is_file()]
        if missing:
            self.skipTest(f"not built: {', '.join(missing)}")

    def each(self, *command):
        for name in PROGRAMS:
            yield name, output(*command, str(BUILD / name))

    def test_they_load_anywhere(self):
        for name, header in self.each("readelf", "-hW"):
            self.assertRegex(header, r"Type:\s+DYN", f"{name} is no position-independent executable")

    def test_what_the_linker_resolves_is_resolved_at_the_start_and_read_only(self):
        for name, segments in self.each("readelf", "-lW"):
            self.assertIn("GNU_RELRO", segments, name)
        for name, dynamic in self.each("readelf", "-dW"):
            self.assertRegex(dynamic, r"BIND_NOW|FLAGS_1\).*NOW", name)

    def test_the_stack_is_not_executable(self):
        for name, segments in self.each("readelf", "-lW"):
            stack = next(line for line in segments.splitlines() if "GNU_STACK" in line)
            self.assertNotIn("E", stack.split()[-2], f"{name}: {stack}")

    def test_stacks_bear_canaries_and_copies_are_checked(self):
        for name, symbols in self.each("readelf", "-sW", "--dyn-syms"):
            self.assertIn("__stack_chk_fail", symbols, name)
            self.assertRegex(symbols, r"__\w+_chk\b", f"{name} calls no checked function of the C library")

    def test_functions_of_ours_begin_with_a_landing_pad(self):
        exempt = packet_path()
        for name, symbols in self.each("readelf", "-sW"):
            # What is visible to no other file may only ever be called directly, and the compiler leaves the pad out there.
            ours = {row[7] for row in map(str.split, symbols.splitlines()) if len(row) > 7 and row[3] == "FUNC" and row[4] != "LOCAL"}
            code = output("objdump", "-d", "--no-show-raw-insn", str(BUILD / name))
            entries = dict(re.findall(r"<(_ZNK?3nlb[^>@.]*)>:\n\s*[0-9a-f]+:\s+(\S+)", code))
            looked_at = (ours & entries.keys()) - exempt
            self.assertGreater(len(looked_at), 500, name)
            bare = sorted(function for function in looked_at if entries[function] != "endbr64")
            self.assertEqual([], bare, name)


def packet_path():
    """The functions of the packet path, which meson.build exempts: those of the objects that were compiled so."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    objects = [BUILD / entry["output"] for entry in commands if "-fcf-protection=none" in entry["command"]]
    built = [str(path) for path in objects if path.is_file()]
    return {line.split()[-1] for line in output("nm", "--defined-only", *built).splitlines() if " " in line}


if __name__ == "__main__":
    tap.main()
