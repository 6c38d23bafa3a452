#!/usr/bin/env python3
"""A guard is taken out; the simulator must notice. Passes when nlb-sim ends with exit status 1 and says which promise broke.
It does not judge the unmutated protocol: the other tests of this suite do.
usage: must_be_caught.py NLB-SIM OPTIONS..."""

import subprocess
import sys


def main() -> int:
    run = subprocess.run(sys.argv[1:], capture_output=True, text=True, check=False)
    lines = run.stdout.splitlines()
    print("\n".join(lines[:1] + lines[-1:]))
    if run.returncode == 1:
        print(next((line for line in lines if line.startswith("first failure")), ""))
        return 0
    print(f"exit status {run.returncode}: the missing guard was not noticed", run.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
