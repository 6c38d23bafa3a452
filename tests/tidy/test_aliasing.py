"""DPDK's inline rings copy pointers as integers, so whatever includes DPDK is compiled with -fno-strict-aliasing.

It reads the compile commands that meson wrote; it compiles nothing.
"""

import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

BUILD = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", tree.ROOT / "build"))
FLAG, OPPOSITE = "-fno-strict-aliasing", "-fstrict-aliasing"


def commands():
    """(source relative to the tree, words of its compile command); a file that two targets compile is there twice."""
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        yield source.relative_to(tree.ROOT) if source.is_relative_to(tree.ROOT) else source, entry["command"].split()


def depends_on_dpdk(words):
    """The package's own flags force this header in."""
    return "rte_config.h" in words


def reaches_dpdk(source):
    """The source includes a header of DPDK, itself or through headers of this tree."""
    found, pending = set(), [source]
    while pending:
        file = pending.pop()
        if file in found or not (tree.ROOT / file).is_file():
            continue
        found.add(file)
        for _, name, _ in tree.includes(file):
            if name.startswith("rte_"):
                return True
            pending += [pathlib.Path(name), file.parent / name]
    return False


def is_safe(words):
    """The last of the two flags counts."""
    told = [word for word in words if word in (FLAG, OPPOSITE)]
    return told[-1:] == [FLAG]


class Aliasing(unittest.TestCase):
    longMessage = False

    def setUp(self):
        if not (BUILD / "compile_commands.json").exists():
            self.skipTest(f"{BUILD} is no build directory")

    def test_what_depends_on_dpdk_is_compiled_without_strict_aliasing(self):
        with_dpdk = [(source, words) for source, words in commands() if depends_on_dpdk(words)]
        if not with_dpdk:
            self.skipTest("this build has no dataplane")
        wrong = [f"{source}: compiled without {FLAG}; take libdpdk_dep of dataplane/meson.build" for source, words in with_dpdk
                 if not is_safe(words)]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_what_includes_dpdk_is_compiled_without_strict_aliasing(self):
        reaching = [(source, words) for source, words in commands() if reaches_dpdk(source)]
        if not reaching:
            self.skipTest("this build has no dataplane")
        wrong = [f"{source}: includes DPDK and is compiled without {FLAG}" for source, words in reaching if not is_safe(words)]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_the_last_flag_counts(self):
        self.assertTrue(is_safe(["c++", OPPOSITE, FLAG]))
        self.assertFalse(is_safe(["c++", FLAG, OPPOSITE]))
        self.assertFalse(is_safe(["c++", "-O2"]))


if __name__ == "__main__":
    tap.main()
