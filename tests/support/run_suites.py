"""Runs meson suites one after the other and counts single claims: gtest cases and TAP lines where a test gives them.

Usage: run_suites.py BUILD_DIRECTORY [SUITE...]. The last line says `N passed, N failed, N skipped`; exit status 1 when one failed.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree

SUITES = ("unit", "model", "sim", "golden", "fuzz", "tidy", "perf", "e2e", "metal")
TELL_MAX = 15  # lines about one failure
Count = collections.namedtuple("Count", "passed failed skipped seconds")


def tests_of(build, suite):
    """Whether the build knows tests of that suite; golden or sim may not be there yet."""
    listed = json.loads((build / "meson-info" / "intro-tests.json").read_text())
    return [test["name"] for test in listed if any(name.split(":")[-1] == suite for name in test["suite"])]


def run(build, suite):
    """Runs a suite and returns its Count; failures are told as they are found."""
    started = time.monotonic()
    log = f"testlog-{suite}"
    jobs = ["--num-processes", "1"] if suite in ("perf", "e2e", "metal") else []
    # Meson builds what this suite alone needs: the programs of the second compiler are no part of the common build.
    command = ["meson", "test", "-C", str(build), "--suite", suite, "--logbase", log, *jobs]
    report = build / "meson-logs" / f"{log}.junit.xml"
    report.unlink(missing_ok=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    seconds = time.monotonic() - started
    if not report.exists():
        print(done.stdout[-2000:])
        return Count(0, 1, 0, seconds)
    return count(report, build / "meson-logs" / f"{log}.json", done.returncode, seconds)


def count(report, log, status, seconds):
    outcomes = collections.Counter()
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        outcome = outcome_of(case)
        outcomes[outcome] += 1
        if outcome == "failed":
            print(f"  FAILED {case.get('classname') or ''} {case.get('name')}")
    if outcomes["failed"] or status != 0:
        tell(log)
    if status != 0 and not outcomes["failed"]:
        outcomes["failed"] += 1  # a crash or a time-out between claims is a failure too
    return Count(outcomes["passed"], outcomes["failed"], outcomes["skipped"], seconds)


def outcome_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None or case.get("status") == "notrun" else "passed"


def tell(log):
    """What failed tests said, from meson's log."""
    for line in log.read_text().splitlines():
        test = json.loads(line)
        if test["result"] in ("OK", "SKIP", "EXPECTEDFAIL"):
            continue
        said = [text for text in (test.get("stdout") or "").splitlines() + (test.get("stderr") or "").splitlines() if worth_telling(text)]
        print(f"  {test['name']}: {test['result']}")
        print("".join(f"    {text}\n" for text in said[-TELL_MAX:]), end="")


def worth_telling(line):
    quiet = ("ok ", "# took", "[       OK", "[ RUN", "[-----", "[=====", "1..")
    return bool(line.strip()) and not line.startswith(quiet)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    wanted = sys.argv[2:] or SUITES
    unknown = set(wanted) - set(SUITES)
    if unknown:
        print(f"there is no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}", file=sys.stderr)
        return 2
    counts = {}
    for suite in wanted:
        if tests_of(build, suite):
            print(f"{suite} ...", flush=True)
            counts[suite] = run(build, suite)
    print(f"\n{'suite':8}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for suite, result in counts.items():
        print(f"{suite:8}{result.passed:8}{result.failed:8}{result.skipped:9}{result.seconds:9.1f}")
    passed, failed, skipped = (sum(column) for column in list(zip(*counts.values()))[:3]) if counts else (0, 0, 0)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    os.environ.setdefault("GTEST_COLOR", "no")
    sys.exit(main())
