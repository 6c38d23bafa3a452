"""Every key that the parser takes is declared in config/keys.cpp and told in config/README.md, and the other way round.

A key that is not declared is compared by nobody and applied by nobody: two hosts could differ in it without a word.
"""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

# Keys that hold other keys; what they hold is declared.
MAPPINGS = {"clusters", "metrics", "manager", "eal", "heartbeat", "connections", "ipsec", "remote_control", "port_rules", "hosts",
            "affinity", "health"}


def parsed():
    """The keys of each mapping that config/parse*.cpp reads, with the file that reads it."""
    keys = {}
    for file in tree.sources("config"):
        if not file.name.startswith("parse") or file.suffix != ".cpp":
            continue
        for listed in re.findall(r"Mapping keys\(.*?\{(.*?)\}\)", tree.read(file), re.DOTALL):
            keys.update({name: file for name in re.findall(r'"(\w+)"', listed)})
    return keys


def declared():
    text = tree.read(pathlib.Path("config/keys.cpp"))
    return set(re.findall(r'^    \{"([\w.]+)", k(?:Agreed|Told|Own), k\w+,', text, re.MULTILINE))


def documented():
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", tree.read(pathlib.Path("config/README.md")), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


class Keys(unittest.TestCase):
    longMessage = False

    def setUp(self):
        self.leaves = {path.rsplit(".", 1)[-1] for path in declared()}
        self.assertGreater(len(self.leaves), 25, "the table of config/keys.cpp was not read")
        self.assertGreater(len(parsed()), 35, "the parser's keys were not read")

    def test_every_key_that_is_parsed_is_declared(self):
        known = self.leaves | MAPPINGS
        wrong = [f"{file}: {name} is in no table of config/keys.cpp" for name, file in parsed().items() if name not in known]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_every_key_that_is_declared_is_parsed(self):
        wrong = sorted(self.leaves - set(parsed()))
        self.assertFalse(wrong, f"config/keys.cpp declares what no parser reads: {', '.join(wrong)}")

    def test_every_key_stands_in_the_readme(self):
        wrong = sorted(set(parsed()) - documented())
        self.assertFalse(wrong, f"config/README.md does not tell of: {', '.join(wrong)}")


if __name__ == "__main__":
    tap.main()
