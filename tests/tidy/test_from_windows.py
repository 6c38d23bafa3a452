"""docs/from-windows-nlb.md keeps its word: each feature names a test that is in the tree, and its tables of parameters are the code's."""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

DOCUMENT = pathlib.Path("docs/from-windows-nlb.md")
TABLE = pathlib.Path("cli/windows/parameter_table.cpp")
VERDICTS = {"kept", "changed", "refused", "told"}
MAY_HAVE_NO_TEST = {"refused", "told"}


def section(title):
    text = tree.read(DOCUMENT)
    at = text.index(f"\n## {title}\n")
    return text[at : text.find("\n## ", at + 1)]


def rows(text):
    """Cells of each row of the tables, without titles."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not re.match(r"\|[-|]+\|$", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def tests_of_the_tree():
    names = set()
    for file in tree.files():
        if file.parts[0] != "tests":
            continue
        if file.name.endswith("_test.cpp"):
            names.update(".".join(found) for found in re.findall(r"TEST(?:_[FP])?\((\w+),\s*(\w+)\)", tree.read(file)))
        if file.suffix == ".py":
            names.update(re.findall(r"def (test_\w+)\(", tree.read(file)))
    return names


def table_of_code(name):
    body = re.search(rf"constexpr Parameter {name}\[\] = \{{(.*?)\n\}};", tree.read(TABLE), re.DOTALL)[1]
    return [list(found) for found in re.findall(r'\{"(\w+)",\s*Fate::(\w+),\s*"([^"]*)"\}', body)]


def aliases_of_code():
    body = re.search(r"constexpr Alias kAliases\[\] = \{(.*?)\n\};", tree.read(TABLE), re.DOTALL)[1]
    return re.findall(r'\{"(\w+)",\s*"(\w+)"\}', body)


class FromWindows(unittest.TestCase):
    longMessage = False

    def setUp(self):
        self.features = rows(section("Every feature"))[1:]

    def test_every_feature_has_a_verdict_and_a_test_that_is_in_the_tree(self):
        self.assertGreaterEqual(len(self.features), 90)
        known = tests_of_the_tree()
        self.assertGreater(len(known), 1000)
        wrong = []
        for feature, verdict, _, shown in self.features:
            named = re.findall(r"`([\w.]+)`", shown)
            if verdict not in VERDICTS:
                wrong.append(f"{feature}: {verdict!r} is no verdict")
            if not named and verdict not in MAY_HAVE_NO_TEST:
                wrong.append(f"{feature}: no test is named")
            wrong += [f"{feature}: there is no test {name}" for name in named if name not in known]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_the_tables_of_parameters_are_the_codes(self):
        parts = section("Every parameter").split("Of a port rule:")
        for text, name in zip(parts, ("kParameters", "kRuleParameters")):
            told = [[cells[0].strip("`"), cells[2], cells[3].strip("`")] for cells in rows(text)[1:]]
            coded = [[parameter, fate, becomes.strip("`")] for parameter, fate, becomes in table_of_code(name)]
            self.assertGreater(len(coded), 10)
            self.assertEqual(coded, told, f"{DOCUMENT} and {name} of {TABLE} differ")

    def test_every_other_name_stands_beside_its_parameter(self):
        told = {cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1]) for cells in rows(section("Every parameter"))}
        wrong = [f"{other} is another name of {name}" for other, name in aliases_of_code() if other not in told.get(name, [])]
        self.assertFalse(wrong, "\n".join(wrong))


if __name__ == "__main__":
    tap.main()
