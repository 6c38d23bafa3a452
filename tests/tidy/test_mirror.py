"""tests/unit mirrors the tree: a test lies in the folder of what it tests, and each room has its tests.

A test belongs to a folder when it includes one of its headers, itself or by what it includes.
"""

import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "tidy"):
    sys.path.insert(0, str(TESTS / folder))
import tap
import to_be_mended
import tree

UNIT = ("tests", "unit")
# Started as a program, not included: what it tests is its exit codes and its output.
OF_A_PROGRAM = {"cli"}


def unit_tests():
    return [file for file in tree.sources("tests") if file.parts[:2] == UNIT and file.name.endswith("_test.cpp")]


def room_of(test):
    return pathlib.Path(*test.parent.parts[2:])


def reached(file):
    """Folders of the headers that a test includes, itself or by what it includes."""
    folders, seen, pending = set(), set(), [file]
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        for _, name, system in tree.includes(current):
            if system:
                continue
            path = pathlib.Path(name) if (tree.ROOT / name).is_file() else current.parent / name
            folders.add(path.parent)
            pending.append(path)
    return folders


class Mirror(unittest.TestCase):
    longMessage = False

    def test_each_unit_test_lies_where_what_it_tests_lies(self):
        self.assertGreater(len(unit_tests()), 50)
        wrong = [f"{test}: the tree has no {room_of(test)}" for test in unit_tests() if not (tree.ROOT / room_of(test)).is_dir()]
        for test in unit_tests():
            room = room_of(test)
            if str(room) not in OF_A_PROGRAM and room not in reached(test):
                wrong.append(f"{test}: it includes no header of {room}; put it where what it tests lies")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_each_room_has_unit_tests(self):
        rooms = {file.parent for file in tree.sources("core", "config", "dataplane", "controlplane", "cli") if len(file.parts) > 2}
        tested = {room_of(test) for test in unit_tests()}
        found = [str(room) for room in rooms - tested]
        wrong = to_be_mended.compare(found, to_be_mended.UNTESTED_ROOMS, "no unit test lies in tests/unit/ for this room")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_each_unit_test_is_built(self):
        wrong = []
        for test in unit_tests():
            build = next(folder for folder in test.parents if (tree.ROOT / folder / "meson.build").is_file())
            if f"'{test.relative_to(build)}'" not in tree.read(build / "meson.build"):
                wrong.append(f"{test}: {build}/meson.build does not name it")
        self.assertFalse(wrong, "\n".join(wrong))


if __name__ == "__main__":
    tap.main()
