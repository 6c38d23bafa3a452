"""Builds the product under a sanitizer and runs what exercises it: unit tests, simulator, golden cases, stress of RCU and tables.

usage: run_sanitized.py address|thread. The address build has the undefined-behaviour sanitizer too. Prints TAP. The short form
is part of scripts/test; NLB_SANITIZE=whole (scripts/test full, or the suite named alone) builds and runs everything there is.
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", ROOT / "build"))
COMPILER = "clang++-14"
# DPDK's rings copy pointers as integers, which the aliasing rules of C++ forbid: so it must not be relied on.
FLAGS = "-fno-strict-aliasing -fno-omit-frame-pointer"
JOBS = os.environ.get("NLB_JOBS", str(len(os.sched_getaffinity(0))))
TELL_MAX = 25  # lines about one failure
SIGNS = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|SUMMARY|\[  FAILED  \]|^not ok|BROKEN|#\d+ .* in nlb::")

# A program of the build, its arguments, and whether the short form runs it too.
Step = collections.namedtuple("Step", "claim target arguments short", defaults=(True,))
Kind = collections.namedtuple("Kind", "folder sanitize more environment steps")

UNIT = "tests/unit"
ADDRESS = Kind(
    "asan",
    "address,undefined",
    "-fno-sanitize-recover=undefined",
    {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1", "UBSAN_OPTIONS": "print_stacktrace=1"},
    [
        Step("the protocol's objects", f"{UNIT}/core/core-test", []),
        Step("the packet path and tables of clients", f"{UNIT}/core/packet-test", []),
        Step("the dataplane and the stress of RCU", f"{UNIT}/dataplane/dataplane-test", []),
        Step("the control plane", f"{UNIT}/controlplane/controlplane-test", [], short=False),
        Step("the configuration", f"{UNIT}/config/config-test", [], short=False),
        Step("the command line", f"{UNIT}/cli/cli-test", [], short=False),
        Step("300 seeds of the simulator", "tests/sim/nlb-sim", ["--seeds", "1..300"], short=False),
        Step("100 seeds with clients that return", "tests/sim/nlb-sim", ["--seeds", "301..400", "--sticky"], short=False),
        Step("golden cases", "golden", [], short=False),
    ],
)
THREAD = Kind(
    "tsan",
    "thread",
    "",
    {"TSAN_OPTIONS": f"halt_on_error=0:exitcode=66:suppressions={HERE / 'thread.suppressions'}"},
    [
        Step("tables of clients and rings of requests under stress", f"{UNIT}/core/core-stress-test", []),
        Step("the dataplane and the stress of RCU", f"{UNIT}/dataplane/dataplane-test", []),
        Step("the whole packet path", f"{UNIT}/core/packet-test", [], short=False),
        Step("the protocol's objects", f"{UNIT}/core/core-test", [], short=False),
        Step("the control plane", f"{UNIT}/controlplane/controlplane-test", [], short=False),
    ],
)
KINDS = {"address": ADDRESS, "thread": THREAD}
# What a step that is no single program needs built.
NEEDS = {"golden": ["cli/nlb", "dataplane/nlb-dataplane"], f"{UNIT}/cli/cli-test": ["cli/nlb"]}


def configure(kind, folder):
    if (folder / "build.ninja").exists():
        return ""
    compiler = f"ccache {COMPILER}" if shutil.which("ccache") else COMPILER
    options = [f"-Db_sanitize={kind.sanitize}", "-Db_lundef=false", "-Doptimization=1", "-Dwerror=false"]
    command = ["meson", "setup", str(folder), str(ROOT), *options, f"-Dcpp_args={FLAGS} {kind.more}".rstrip()]
    return run(command, {"CXX": compiler})[1]


def run(command, environment=None):
    """Exit status (0: good) and, when it is not, what was said."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, **(environment or {})}, check=False
    )
    said = done.stdout.decode(errors="replace")
    return done.returncode, said if done.returncode else ""


def build(kind, folder, steps):
    """What went wrong, in words; empty when everything is built."""
    targets = []
    for step in steps:
        targets += NEEDS.get(step.target, []) + ([] if step.target == "golden" else [step.target])
    complaint = configure(kind, folder)
    if complaint:
        return complaint
    return run(["ninja", "-C", str(folder), "-j", JOBS, *sorted(set(targets))])[1]


def command_of(step, folder):
    if step.target == "golden":
        return [sys.executable, "-P", str(ROOT / "tests/golden/run_golden.py")], {"NLB_BUILD": str(folder)}
    return [str(folder / step.target), *step.arguments], {"NLB_PROGRAM": str(folder / "cli/nlb")}


def worth_telling(said):
    lines = said.splitlines()
    signs = [line.strip() for line in lines if SIGNS.search(line)]
    return (signs or lines[-TELL_MAX:])[:TELL_MAX]


def say(number, good, claim, remarks):
    for line in remarks:
        print(f"# {line}")
    print(f"{'ok' if good else 'not ok'} {number} - {claim}", flush=True)


def main():
    name = sys.argv[1]
    kind = KINDS[name]
    whole = os.environ.get("NLB_SANITIZE") == "whole"
    if shutil.which(COMPILER) is None:
        print(f"1..0 # SKIP there is no {COMPILER} here; run scripts/install")
        return
    steps = [step for step in kind.steps if whole or step.short]
    print(f"1..{len(steps) + 1}", flush=True)
    folder, began = BUILD / kind.folder, time.monotonic()
    complaint = build(kind, folder, steps)
    say(1, not complaint, f"{name}: it builds", worth_telling(complaint) if complaint else [f"{time.monotonic() - began:.0f} s"])
    for number, step in enumerate(steps, 2):
        if complaint:
            say(number, False, f"{name}: {step.claim}", ["it was not built"])
            continue
        began = time.monotonic()
        command, environment = command_of(step, folder)
        status, said = run(command, {**kind.environment, **environment})
        remarks = [f"{time.monotonic() - began:.0f} s"] if status == 0 else worth_telling(said)
        say(number, status == 0, f"{name}: {step.claim}", remarks)


if __name__ == "__main__":
    main()
