"""Runs meson suites one after the other and counts single claims: gtest cases and TAP lines where a test gives them.

Usage: run_suites.py BUILD_DIRECTORY [full] [SUITE...]. The last line says `N passed, N failed, N skipped`; exit status 1 when
one failed. A suite that took longer than its minutes is named in a warning and fails nothing.
"""

import collections
import json
import os
import pathlib
import sys
import time
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import progress

# `minutes` on two cores that have nothing else to do; `alone`: its tests measure time, or need all cores, one after the other.
Suite = collections.namedtuple("Suite", "minutes alone", defaults=(False,))
SUITES = {
    "unit": Suite(1),
    "model": Suite(2),
    "sim": Suite(5),
    "golden": Suite(2),
    "reports": Suite(1),
    "fuzz": Suite(5),
    "tidy": Suite(2),
    "sanitize": Suite(10, alone=True),
    "perf": Suite(3, alone=True),
    "metal": Suite(4, alone=True),
    "e2e": Suite(15, alone=True),
    "packages": Suite(3),
}
# What `full` adds, and how much longer the others take then.
FULL_SUITES = {"full": Suite(120, alone=True)}
FULL_MINUTES = {"fuzz": 40, "sanitize": 60}
FULL_ENVIRONMENT = {"NLB_FUZZ_SECONDS": "600", "NLB_SANITIZE": "whole"}
# Who names this suite wants all of it.
NAMED_ENVIRONMENT = {"sanitize": {"NLB_SANITIZE": "whole"}}
BUILD_MINUTES = 7
TELL_MAX = 15  # lines about a program that failed without a claim
BEFORE_CLAIM = 4  # lines before a claim that failed: they say why
Count = collections.namedtuple("Count", "passed failed skipped seconds reasons", defaults=((),))


def tests_of(build, suite):
    """The build's tests of that suite, in the order in which meson starts them."""
    listed = json.loads((build / "meson-info" / "intro-tests.json").read_text())
    return [test["name"] for test in listed if any(name.split(":")[-1] == suite for name in test["suite"])]


def run(build, suite, alone, environment):
    """Runs a suite and returns its Count; failures are told as they are found."""
    started = time.monotonic()
    log = f"testlog-{suite}"
    jobs = ["--num-processes", "1"] if alone else []
    # Meson builds what this suite alone needs: the programs of the second compiler are no part of the common build.
    command = ["meson", "test", "-C", str(build), "--suite", suite, "--logbase", log, *jobs]
    report = build / "meson-logs" / f"{log}.junit.xml"
    report.unlink(missing_ok=True)
    shown = progress.Progress(suite, tests_of(build, suite))
    status, said = progress.watch(command, shown, {**os.environ, "PYTHONUNBUFFERED": "1", **environment})
    seconds = time.monotonic() - started
    if not report.exists():
        print(said[-2000:])
        return Count(0, 1, 0, seconds)
    return count(report, build / "meson-logs" / f"{log}.json", status, seconds)


def count(report, log, status, seconds):
    outcomes, reasons = collections.Counter(), []
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        outcome = outcome_of(case)
        outcomes[outcome] += 1
        if outcome == "failed":
            print(f"  FAILED {case.get('classname') or ''} {case.get('name')}")
    if outcomes["failed"] or status != 0:
        reasons = tell(log)
    if status != 0 and not outcomes["failed"]:
        outcomes["failed"] += 1  # a crash or a time-out between claims is a failure too
    return Count(outcomes["passed"], outcomes["failed"], outcomes["skipped"], seconds, reasons)


def outcome_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None or case.get("status") == "notrun" else "passed"


def tell(log):
    """Prints what failed tests said, from meson's log; returns a line for each claim that failed."""
    reasons = []
    for line in log.read_text().splitlines():
        test = json.loads(line)
        if test["result"] in ("OK", "SKIP", "EXPECTEDFAIL"):
            continue
        said = [text for text in (test.get("stdout") or "").splitlines() + (test.get("stderr") or "").splitlines() if worth_telling(text)]
        print(f"  {test['name']}: {test['result']}")
        print("".join(f"    {text}\n" for text in telling(said)), end="")
        claims = [index for index, text in enumerate(said) if text.startswith("not ok")]
        reasons += [f"{test['name']}: {said[index][7:]}: {said[max(index - 1, 0)].lstrip('# ')}" for index in claims]
        if not claims:
            reasons.append(f"{test['name']}: {test['result']}")
    return reasons


def telling(said):
    """What stands before each claim that failed; the last lines where no claim did."""
    claims = [index for index, text in enumerate(said) if text.startswith("not ok")]
    if not claims:
        return said[-TELL_MAX:]
    return [said[at] for at in sorted({at for index in claims for at in range(max(index - BEFORE_CLAIM, 0), index + 1)})]


def worth_telling(line):
    quiet = ("ok ", "# took", "[       OK", "[ RUN", "[-----", "[=====", "1..")
    return bool(line.strip()) and not line.startswith(quiet)


def chosen(words):
    """The suites that the words name and whether the longer tier is wanted; complains of words that name nothing."""
    full = "full" in words
    known = {**SUITES, **FULL_SUITES} if full else SUITES
    named = [word for word in words if word != "full"]
    if unknown := set(named) - set(known):
        raise ValueError(f"there is no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}; or full")
    return named or list(known), full


def minutes_of(suite, full):
    return FULL_MINUTES.get(suite, {**SUITES, **FULL_SUITES}[suite].minutes) if full else SUITES[suite].minutes


def table(rows, colours):
    """Lines of what each suite came to, with its minutes beside what it took; then a warning for each that took longer."""
    yield f"{'suite':10}{'passed':>8}{'failed':>8}{'skipped':>9}{'minutes':>9}{'of':>5}"
    late = []
    for suite, result, budget in rows:
        minutes = result.seconds / 60
        line = f"{suite:10}{result.passed:8}{result.failed:8}{result.skipped:9}{minutes:9.1f}{budget:5}"
        if minutes > budget:
            late.append(f"warning: {suite} took {minutes:.1f} minutes of the {budget} that it has")
        yield painted(line, colours) if minutes > budget else line
    yield from (painted(line, colours) for line in late)


def painted(line, colours):
    return f"\x1b[31m{line}\x1b[0m" if colours else line


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    try:
        wanted, full = chosen(sys.argv[2:])
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    environment = dict(FULL_ENVIRONMENT) if full else {}
    for suite in set(sys.argv[2:]) & set(NAMED_ENVIRONMENT):
        environment.update(NAMED_ENVIRONMENT[suite])
    rows = []
    if "NLB_BUILD_SECONDS" in os.environ:
        rows.append(("build", Count(0, 0, 0, float(os.environ["NLB_BUILD_SECONDS"])), BUILD_MINUTES))
    for suite in wanted:
        if tests_of(build, suite):
            print(f"{suite} ...", flush=True)
            alone = {**SUITES, **FULL_SUITES}[suite].alone
            longer = full or suite in NAMED_ENVIRONMENT and suite in sys.argv[2:]
            rows.append((suite, run(build, suite, alone, environment), minutes_of(suite, longer)))
    print()
    print("\n".join(table(rows, sys.stdout.isatty() and not os.environ.get("NO_COLOR"))))
    for suite, result, _ in rows:
        for reason in result.reasons:
            print(f"failed: {suite}: {reason[:300]}")
    passed, failed, skipped = (sum(getattr(result, name) for _, result, _ in rows) for name in ("passed", "failed", "skipped"))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    os.environ.setdefault("GTEST_COLOR", "no")
    sys.exit(main())
