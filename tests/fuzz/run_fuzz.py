#!/usr/bin/env python3
"""Runs one libFuzzer target: first every kept input, then new ones for NLB_FUZZ_SECONDS. Prints TAP.
48 seconds when unset: nine targets, two at a time, in four minutes.

What it finds stays in the build directory (fuzz-crashes, fuzz-found); an input that broke something belongs into the corpus
once the flaw is mended. Skipped when there is no clang to build targets with.
usage: run_fuzz.py NAME BUILD-FOLDER [TARGET]"""

import base64
import gzip
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = int(os.environ.get("NLB_FUZZ_SECONDS", "48"))
PER_INPUT_MAX = 60  # seconds by the clock: on a machine that does much else, ten were too few
MEMORY_MIB_MAX = 2048
FRAMES_MAX = 5  # of the project's own functions, innermost first
NICENESS = 5


def run(target, *arguments):
    """Exit status and what was said; an own process group is not needed, libFuzzer forks nobody."""
    limits = [f"-timeout={PER_INPUT_MAX}", f"-rss_limit_mb={MEMORY_MIB_MAX}"]
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=1", UBSAN_OPTIONS="print_stacktrace=1")
    done = subprocess.run([target, *limits, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, check=False)
    return done.returncode, done.stdout.decode(errors="replace").splitlines()


def say(number, good, claim, remarks):
    for line in remarks:
        print(f"# {line}")
    print(f"{'ok' if good else 'not ok'} {number} - {claim}", flush=True)


def worth_telling(lines):
    """What is broken, where in the project, and the input itself: whoever reads a log has no other copy of it."""
    signs = [line for line in lines if re.search(r"ERROR|runtime error|broken promise|SUMMARY", line)]
    frames = [line for line in lines if re.match(r" *#[0-9]+ .* nlb::", line)]
    kept = [match[1] for match in (re.search(r"Test unit written to (\S+)", line) for line in lines) if match]
    return (signs or lines[-FRAMES_MAX:]) + frames[:FRAMES_MAX] + kept + [as_text(pathlib.Path(file)) for file in kept]


def as_text(file):
    packed = base64.b64encode(gzip.compress(file.read_bytes(), mtime=0)).decode()
    return f"again with: echo {packed} | base64 -d | gunzip"


def replay(name, target, corpus):
    status, said = run(target, *sorted(str(file) for file in corpus.iterdir()))
    say(1, status == 0, f"{name}: the {len(list(corpus.iterdir()))} kept inputs break nothing", [] if status == 0 else worth_telling(said))


def explore(name, target, corpus, build):
    found, crashes = build / "fuzz-found" / name, build / "fuzz-crashes"
    found.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(exist_ok=True)
    options = [f"-max_total_time={SECONDS}", f"-artifact_prefix={crashes}/{name}-", "-print_final_stats=1"]
    words = HERE / f"{name}.dict"
    if words.exists():
        options.append(f"-dict={words}")
    status, said = run(target, *options, str(found), str(corpus))
    figures = [line for line in said if line.startswith("stat::number_of_executed_units")]
    say(2, status == 0, f"{name}: {SECONDS} s of new inputs break nothing", figures if status == 0 else worth_telling(said))
    return status


def main():
    name, build, *target = sys.argv[1:]
    if not target:
        print("1..0 # SKIP there is no clang++ here to build fuzz targets with; scripts/install brings clang-14")
        return
    os.nice(NICENESS)
    print("1..2")
    corpus = HERE / "corpus" / name
    replay(name, target[0], corpus)
    explore(name, target[0], corpus, pathlib.Path(build))


if __name__ == "__main__":
    main()
