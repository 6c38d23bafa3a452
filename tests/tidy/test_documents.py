"""Documents: what is named is in the tree, prose is at most 120 columns wide, pictures 100, a row of a table 200."""

import pathlib
import re
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "tidy"):
    sys.path.insert(0, str(TESTS / folder))
import tap
import to_be_mended
import tree

PROSE_MAX = 120
PICTURE_MAX = 100
ROW_MAX = 200
NAMED = re.compile(r"[\w./-]*\w\.md\b")
FENCE = re.compile(r"\s*(```|~~~)")


def named_and_missing(file, text):
    """Names of documents that a reader of this file would look for in vain."""
    if ".md" not in text:
        return
    for name in NAMED.findall(text):
        path = pathlib.Path(name)
        places = (tree.ROOT / file.parent / path, tree.ROOT / name.lstrip("/"))
        known = any(place.is_file() for place in places) or ("/" not in name and name in all_names())
        if not known:
            yield str(file), name


def all_names():
    return {file.name for file in tree.files() if file.suffix == ".md"}


def too_wide(text):
    """(line number, columns, what) of each line of a document that is too wide for what it is."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
            continue
        what, bound = "prose", PROSE_MAX
        if inside:
            what, bound = "picture or code", PICTURE_MAX
        elif line.startswith("|"):
            what, bound = "row of a table", ROW_MAX
        if len(line) > bound:
            yield number, len(line), what


class Documents(unittest.TestCase):
    longMessage = False

    def test_each_document_that_is_named_is_in_the_tree(self):
        found = []
        for file in tree.texts():
            if file.parts[:2] != ("tests", "tidy"):  # where wrong names stand as examples
                found += named_and_missing(file, tree.read(file))
        wrong = to_be_mended.compare(found, to_be_mended.DOCUMENTS, "the tree has no such document")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_no_line_is_too_wide(self):
        wide = {str(file): list(too_wide(tree.read(file))) for file in tree.texts() if file.suffix == ".md"}
        wide = {file: lines for file, lines in wide.items() if lines}
        wrong = to_be_mended.compare(wide, to_be_mended.WIDE, "lines are too wide")
        for file, lines in wide.items():
            if file not in to_be_mended.WIDE:
                wrong += [f"{file}:{number}: {columns} columns of {what}" for number, columns, what in lines]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_a_missing_document_and_a_wide_line_are_noticed(self):
        file = pathlib.Path("core/new.hpp")
        self.assertEqual([("core/new.hpp", "none.md")], list(named_and_missing(file, "// See none.md 3 and README.md.")))
        text = f"{'a' * 121}\n|{'b' * 199}|\n```\n{'c' * 101}\n```\n{'d' * 120}\n"
        found = [(number, what) for number, _, what in too_wide(text)]
        self.assertEqual([(1, "prose"), (2, "row of a table"), (4, "picture or code")], found)


if __name__ == "__main__":
    tap.main()
