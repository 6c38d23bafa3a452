"""Every reason and every counter that is declared is used, and every reason is claimed by a test: a name that nothing can reach lies."""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

ENTRY = re.compile(r"^\s*X\((\w+),", re.MULTILINE)
# The state before any stage decided; no packet ends with it.
UNSETTLED = {"live"}


def listed(header, macro):
    """Names declared by an X-macro list of a header."""
    text = tree.read(pathlib.Path(header))
    body = text[text.index(f"#define {macro}") :]
    end = re.search(r"\)\s*\n(?!\s*(X\(|/\*))", body[len(macro) :])
    return ENTRY.findall(body[: len(macro) + end.end()] if end else body)


def joined(files):
    return "\n".join(tree.code_of(tree.read(file)) for file in files)


class Reasons(unittest.TestCase):
    longMessage = False

    def setUp(self):
        self.reasons = [name for name in listed("core/packet/reasons.hpp", "NLB_REASONS") if name not in UNSETTLED]
        self.assertGreater(len(self.reasons), 40)

    def test_every_reason_is_given_by_some_stage(self):
        code = joined(file for file in tree.sources("core", "dataplane") if file.name != "reasons.hpp")
        unused = [name for name in self.reasons if not re.search(rf"\bReason::{name}\b", code)]
        self.assertFalse(unused, f"no stage gives: {', '.join(unused)}")

    def test_every_reason_is_named_by_a_test(self):
        tests = [file for file in tree.texts() if file.parts[0] == "tests" and file.parts[1] in ("unit", "golden")]
        text = "\n".join(tree.read(file) for file in tests)
        untested = [name for name in self.reasons if not re.search(rf"\bReason::{name}\b|\b{name}\b", text)]
        self.assertFalse(untested, f"no unit or golden test names: {', '.join(untested)}")

    def test_every_worker_counter_is_counted(self):
        counters = listed("core/packet/counters.hpp", "NLB_WORKER_COUNTERS")
        self.assertGreater(len(counters), 4)
        code = joined(file for file in tree.sources("core", "dataplane") if file.name != "counters.hpp")
        unused = [name for name in counters if not re.search(rf"[.>]{name}\b", code)]
        self.assertFalse(unused, f"nothing counts: {', '.join(unused)}")


if __name__ == "__main__":
    tap.main()
