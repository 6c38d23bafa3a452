"""README's pictures are what their script draws, and the recording stays small and whole."""

import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import tap

PICTURES = ROOT / "docs" / "pictures"
SAYS = """import sys
print("\\x1b[1m(a) bold\\x1b[0m")
sys.stdout.write("half a line\\r\\x1b[Kwhole \\x1b[30;48;5;208m1\\x1b[0m\\n")
"""


class Pictures(unittest.TestCase):
    def test_they_are_what_the_script_draws(self):
        sys.path.insert(0, str(PICTURES))
        import draw

        for name in draw.THEMES:
            self.assertEqual(draw.draw(name), (PICTURES / f"cluster-{name}.svg").read_text(), f"run {PICTURES}/draw.py")

    def test_each_is_named_in_readme_and_is_xml(self):
        readme = (ROOT / "README.md").read_text()
        for file in PICTURES.glob("*.svg"):
            self.assertIn(f"docs/pictures/{file.name}", readme)
            self.assertLess(file.stat().st_size, 1_000_000, file.name)
            xml.etree.ElementTree.parse(file)

    def test_a_recording_shows_what_the_terminal_showed(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "a.svg"
            command = [sys.executable, ROOT / "scripts" / "record", file, "--title", "a <title>", "--", sys.executable, "-c", SAYS]
            subprocess.run(command, check=True, capture_output=True, timeout=30)
            text = file.read_text()
            for words in ('font-weight="bold">(a) bold</text>', ">whole ", 'fill="#ff8700"', "a &lt;title&gt;"):
                self.assertIn(words, text)
            self.assertNotIn("half", text)
            xml.etree.ElementTree.parse(file)
            command[-1] = "import sys; sys.exit(3)"
            refused = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
            self.assertIn("ended with 3; nothing is written", refused.stderr)


if __name__ == "__main__":
    tap.main()
