"""Each search of the model of the agreement is a claim: see check.py. With `full` as argument the larger ones."""

import concurrent.futures
import pathlib
import shutil
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check
import searches


def judge(search, memory_mb):
    return search, check.run(search, memory_mb)


def main():
    full = "full" in sys.argv[1:]
    chosen = searches.of(full)
    if shutil.which("spin") is None:
        print("1..0 # SKIP spin is not installed; run scripts/install")
        return 0
    began, bad = time.monotonic(), 0
    with concurrent.futures.ThreadPoolExecutor(check.JOBS) as pool:
        done = pool.map(lambda search: judge(search, check.FULL_MEMORY_MB if full else check.MEMORY_MB), chosen)
        for number, (search, outcome) in enumerate(done, 1):
            good = outcome.verdict == search.expected
            bad += not good
            print(f"# {check.line_of(search, outcome)}")
            if not good:
                print("".join(f"# {line}\n" for line in outcome.said.splitlines()[:12]), end="")
            print(f"{'ok' if good else 'not ok'} {number} - {search.name} {search.expected}", flush=True)
    print(f"# took {time.monotonic() - began:.0f} s\n1..{len(chosen)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
