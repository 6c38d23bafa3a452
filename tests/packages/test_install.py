"""`meson install --destdir` brings both daemons, nlb, the dissector, the examples and the manual pages, and nothing else."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

BUILD = pathlib.Path(os.environ.get("NLB_BUILD", tree.ROOT / "build"))
# Where each file goes, below the prefix.
PROGRAMS = {"bin/nlb", "bin/nlb-replay", "sbin/nlb-bind-nic", "sbin/nlb-controlplane", "sbin/nlb-dataplane"}
DISSECTOR = "share/nlb/wireshark/nlb.lua"
EXAMPLES = "share/doc/nlb/examples"
PAGES = "share/man"


class Install(unittest.TestCase):
    longMessage = False

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="nlb-install-")
        cls.addClassCleanup(cls.folder.cleanup)
        command = ["meson", "install", "-C", str(BUILD), "--no-rebuild", "--destdir", cls.folder.name]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"meson install failed: {done.stdout[-500:]}")
        cls.prefix = next(pathlib.Path(cls.folder.name).glob("**/bin/nlb")).parents[1]
        cls.installed = {str(file.relative_to(cls.prefix)) for file in cls.prefix.rglob("*") if file.is_file()}

    def test_the_programs_the_dissector_and_the_examples_are_there(self):
        examples = {f"{EXAMPLES}/{file.name}" for file in tree.files() if file.parts[:2] == ("config", "examples")}
        self.assertGreater(len(examples), 4)
        missing = (PROGRAMS | {DISSECTOR} | examples) - self.installed
        self.assertFalse(missing, f"not installed: {', '.join(sorted(missing))}")

    def test_each_manual_page_of_the_tree_is_there(self):
        pages = [file for file in tree.files() if file.parts[:2] == ("docs", "man") and file.suffix in (".1", ".5", ".8")]
        wanted = {f"{PAGES}/man{page.suffix[1:]}/{page.name}" for page in pages}
        missing = wanted - self.installed
        self.assertFalse(missing, f"not installed (meson setup --reconfigure finds new pages): {', '.join(sorted(missing))}")

    def test_nothing_else_is_installed(self):
        known = ("share/man/", f"{EXAMPLES}/")
        others = {file for file in self.installed - PROGRAMS - {DISSECTOR} if not file.startswith(known)}
        self.assertFalse(others, f"installed and not stated: {', '.join(sorted(others))}")

    def test_the_installed_programs_start(self):
        for name in sorted(PROGRAMS):
            done = subprocess.run([self.prefix / name, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual(0, done.returncode, f"{name} --help: {done.stdout[-300:]}")
            self.assertIn("--", done.stdout)


if __name__ == "__main__":
    tap.main()
