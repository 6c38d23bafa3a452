"""Runs the unittest cases of a file and prints TAP, so that meson and scripts/test count each claim by itself.

A case is named by the first line of its docstring or its method's words. A skipped case says why and is never counted as passed.
"""

import sys
import time
import traceback
import unittest

# A change of the tree must not depend on who ran which tests before.
sys.dont_write_bytecode = True


def claim_of(test):
    method = getattr(test, "_testMethodName", None)
    if method is None:
        return str(test).replace("#", "")
    words = method.removeprefix("test_").replace("_", " ")
    return f"{type(test).__name__}: {words}".replace("#", "")


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.bad = 0
        self.began = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def _say(self, good, test, remark="", detail=""):
        self.number += 1
        self.bad += not good
        for line in detail.rstrip().splitlines():
            print(f"# {line}")
        print(f"{'ok' if good else 'not ok'} {self.number} - {claim_of(test)}{remark}", flush=True)
        print(f"# took {time.monotonic() - self.began:.2f} s", flush=True)

    def addSuccess(self, test):
        self._say(True, test)

    def addSkip(self, test, reason):
        self._say(True, test, f" # SKIP {reason}")

    def addFailure(self, test, error):
        self._say(False, test, detail=self._tell(error))

    def addError(self, test, error):
        self._say(False, test, detail=self._tell(error))

    def addSubTest(self, test, subtest, error):
        # Each part that failed is told as a claim of its own; unittest then counts no success for the whole.
        if error is not None:
            self._say(False, test, f" {dict(subtest.params)}".replace("#", ""), self._tell(error))

    @staticmethod
    def _tell(error):
        """A failed assertion speaks for itself, and so does a lab; anything else needs to say where it happened."""
        if issubclass(error[0], AssertionError) or error[0].__name__ == "LabError":
            return str(error[1])
        return "".join(traceback.format_exception(*error))


def main(module="__main__"):
    """Every case of the module; exit status 1 when one failed. Names given as arguments choose cases."""
    chosen = sys.argv[1:]
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    if chosen:
        suite = unittest.TestSuite(test for test in _flat(suite) if any(name in test.id() for name in chosen))
    result = TapResult()
    suite.run(result)
    print(f"1..{result.number}", flush=True)
    sys.exit(1 if result.bad or not result.number else 0)


def _flat(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _flat(item)
        else:
            yield item
