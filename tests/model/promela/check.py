"""Searches the model of the agreement whole with SPIN: each promise under its faults, then with each guard taken out.

Usage: check.py [full] [WORD...]. It prints one line for each search whose name has one of the words: states, seconds, verdict.
Exit status 1 when a search comes to another verdict than the one expected of it, or did not look at everything.
"""

import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import searches

MODEL = pathlib.Path(__file__).resolve().parent / "agreement.pml"
JOBS = 2
MEMORY_MB = 1900  # of one search, two at a time
FULL_MEMORY_MB = 6000
DEPTH_MAX = 1_000_000
HASH_BITS = 23
# One process: nothing to reduce. -O1: a short search costs less than a better compilation.
COMPILE = ["gcc", "-O1", "-w", "-DSAFETY", "-DNOREDUCE", "-DNOCLAIM", "-DCOLLAPSE"]


class Outcome:
    def __init__(self, verdict, states, seconds, said):
        self.verdict, self.states, self.seconds, self.said = verdict, states, seconds, said


def run(search, memory_mb=MEMORY_MB):
    """Builds the search in a folder of its own and lets it run to its end."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nlb-promela-") as folder:
        words = [f"-D{word}" for word in search.options.split()]
        builds = (["spin", *words, "-a", str(MODEL)], [*COMPILE, f"-DMEMLIM={memory_mb}", "-o", "pan", "pan.c"])
        for command in builds:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return Outcome("does not build", 0, 0, done.stdout + done.stderr)
        command = ["./pan", f"-m{DEPTH_MAX}", f"-w{HASH_BITS}"]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+) states, stored", said)
    return Outcome(verdict_of(said), int(found.group(1)) if found else 0, time.monotonic() - began, said)


def verdict_of(said):
    """A search that was cut short proves nothing."""
    if "assertion violated" in said:
        return searches.BREAKS
    whole = "errors: 0" in said and "max search depth too small" not in said and "out of memory" not in said
    return searches.HOLDS if whole else "cut short"


def line_of(search, outcome):
    odd = "" if outcome.verdict == search.expected else f", expected: {search.expected}"
    return f"{search.name:62}{outcome.states:>12,}{outcome.seconds:>8.1f}  {outcome.verdict}{odd}"


def main():
    full = "full" in sys.argv[1:]
    words = [word for word in sys.argv[1:] if word != "full"]
    chosen = [search for search in searches.of(full) if not words or any(word in search.name for word in words)]
    if not chosen:
        print(f"no search is named {' or '.join(words)}", file=sys.stderr)
        return 2
    print(f"{'search':62}{'states':>12}{'seconds':>8}  verdict")
    as_expected = True

    def judge(search):
        nonlocal as_expected
        outcome = run(search, FULL_MEMORY_MB if full else MEMORY_MB)
        as_expected = as_expected and outcome.verdict == search.expected
        print(line_of(search, outcome), flush=True)

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(judge, chosen))
    return 0 if as_expected else 1


if __name__ == "__main__":
    sys.exit(main())
