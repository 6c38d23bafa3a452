#!/usr/bin/env python3
"""The same seeds through the simulator of two compilers: their digests cover every event, so the runs must have been the same.
Skipped when there is no second simulator. It does not judge the runs: the other tests of this suite do.
usage: digests_agree.py NLB-SIM [NLB-SIM-OF-ANOTHER-COMPILER]"""

import re
import subprocess
import sys

SKIPPED = 77  # what meson counts as skipped
RUNS = (["--seeds", "1..50"], ["--seeds", "1..50", "--profile", "20x5"], ["--seeds", "1..2", "--hosts", "32"])


def digest_of(simulator: str, options: list[str]) -> str:
    run = subprocess.run([simulator, *options], capture_output=True, text=True, check=False)
    found = re.search(r"digest ([0-9a-f]{16})$", run.stdout.rstrip())
    return found.group(1) if found else f"none, exit status {run.returncode}: {run.stdout[-200:]}{run.stderr[-200:]}"


def main() -> int:
    simulators = sys.argv[1:]
    if len(simulators) < 2:
        print("skipped: there is no clang++ here to build a second simulator with; scripts/install brings clang-14")
        return SKIPPED
    differ = 0
    for options in RUNS:
        digests = [digest_of(simulator, options) for simulator in simulators]
        agree = len(set(digests)) == 1 and not digests[0].startswith("none")
        differ += not agree
        print(" ".join(options), "agree:" if agree else "DIFFER:", *dict.fromkeys(digests))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
