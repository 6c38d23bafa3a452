"""Every public header says which thread calls what it declares, or its folder's README does for all of them."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

FOLDERS = ("core", "config", "controlplane", "dataplane", "cli")
LINE = "Threads: "


def said_for(folder):
    """The line of the nearest README from a folder upwards."""
    for place in (folder, *folder.parents):
        readme = tree.ROOT / place / "README.md"
        if readme.is_file() and (lines := [line for line in readme.read_text().splitlines() if line.startswith(LINE)]):
            return lines[0]
        if str(place) in FOLDERS:
            return None
    return None


class Threads(unittest.TestCase):
    def test_every_header_or_its_folder_says_who_calls(self):
        headers = [header for header in tree.headers() if header.parts[0] in FOLDERS]
        self.assertGreater(len(headers), 300)
        silent = [str(header) for header in headers
                  if "hread" not in (tree.ROOT / header).read_text() and said_for(header.parent) is None]
        self.assertEqual([], silent)

    def test_a_folder_without_the_line_is_noticed(self):
        self.assertIsNone(said_for(pathlib.Path("dataplane/ports")))
        self.assertIsNotNone(said_for(pathlib.Path("config/bundle")))


if __name__ == "__main__":
    tap.main()
