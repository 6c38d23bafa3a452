#!/usr/bin/env python3
"""A guard is taken out; the simulator must notice. Passes when nlb-sim says which promise broke at some seed, and that seed holds with
the guard. It does not judge the unmutated protocol otherwise: the other tests of this suite do.
usage: must_be_caught.py NLB-SIM SEEDS-MAX MUTATION OPTIONS..."""

import re
import subprocess
import sys


def run(simulator: str, first: int, last: int, options: list[str]) -> tuple[int, str]:
    done = subprocess.run([simulator, "--seeds", f"{first}..{last}", *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def main() -> int:
    simulator, last, mutation, *options = sys.argv[1:]
    first = 1
    while first <= int(last):
        status, said = run(simulator, first, int(last), ["--mutate", mutation, *options])
        failed = re.search(r"^seed (\d+) t=.*$", said, re.MULTILINE)
        if status != 1 or failed is None:
            break
        seed = int(failed.group(1))
        if run(simulator, seed, seed, options)[0] == 0:
            print(failed.group(0))
            print(f"caught after {seed} seeds")
            return 0
        print(f"seed {seed} fails with the guard too")
        first = seed + 1
    print(f"the missing guard was not noticed in {last} seeds: {said[-300:]}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
