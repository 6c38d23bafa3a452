"""Builds the whole tree with clang in a directory of its own, with every warning an error, and runs the unit tests of that build.

usage: clang_build.py BUILD_DIRECTORY. Prints TAP; what must not depend on one compiler is found here.
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = "clang++-14"
TELL_MAX = 30


def say(number, claim, done):
    if done.returncode != 0:
        lines = done.stdout.splitlines()
        for line in ([line for line in lines if "error:" in line or "FAIL" in line] or lines)[-TELL_MAX:]:
            print(f"# {line}")
    print(f"{'ok' if done.returncode == 0 else 'not ok'} {number} - {claim}", flush=True)
    return done.returncode == 0


def run(*command, compiler=None):
    environment = {**os.environ, **({"CXX": compiler} if compiler else {})}
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=ROOT, env=environment, check=False
    )


def main():
    build = pathlib.Path(sys.argv[1]).resolve() / "clang"
    if shutil.which(COMPILER) is None:
        print(f"1..0 # SKIP there is no {COMPILER} here; run scripts/install")
        return
    print("1..3", flush=True)
    configured = subprocess.CompletedProcess([], 0, "", "")
    if not (build / "build.ninja").exists():
        compiler = f"ccache {COMPILER}" if shutil.which("ccache") else COMPILER
        configured = run("meson", "setup", str(build), str(ROOT), compiler=compiler)
    good = say(1, "clang: meson configures the tree", configured)
    good = say(2, "clang: everything is built, without a warning", run("ninja", "-C", str(build)) if good else configured)
    unit = subprocess.CompletedProcess([], 1, "it was not built")
    if good:
        unit = run("meson", "test", "-C", str(build), "--no-rebuild", "--suite", "unit")
    say(3, "clang: the unit tests pass", unit)


if __name__ == "__main__":
    main()
