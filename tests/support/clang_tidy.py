"""Runs clang-tidy-14 by .clang-tidy over C++ files, on all cores, and prints TAP: one claim a file.

usage: clang_tidy.py BUILD_DIRECTORY [FILE...]; without files over every source of the build. A header stands for a source that
includes it. What was clean is remembered by content in the build directory. Skipped where clang-tidy-14 is not installed.
"""

import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tree

PROGRAM = "clang-tidy-14"
# The flags are gcc's; clang knows some warnings by no name.
ARGUMENTS = ["--quiet", "--extra-arg=-Wno-unknown-warning-option"]
TELL_MAX = 10


def sources_of(build):
    """Sources that the build compiles, as paths of this tree."""
    commands = json.loads((build / "compile_commands.json").read_text())
    found = {(pathlib.Path(entry["directory"]) / entry["file"]).resolve() for entry in commands}
    return sorted(file.relative_to(tree.ROOT) for file in found if file.is_relative_to(tree.ROOT) and not file.is_relative_to(build))


def sources_for(files, known):
    """The sources to look at for these files: a header is seen through the source that shares its name, or the first that reaches it."""
    wanted = set()
    for file in files:
        if file.suffix == ".cpp":
            wanted |= {file} & set(known)
        elif file.suffix == ".hpp":
            own = file.with_suffix(".cpp")
            through = [own] if own in known else [source for source in known if file in tree.reach(source)]
            wanted |= set(through[:1])
    return sorted(wanted)


def complaints_of(build, memory, file):
    """What clang-tidy says of a file; empty when it has nothing to say."""
    mark = memory / tree.fingerprint(file, (tree.ROOT / ".clang-tidy").read_text())
    if mark.exists():
        return []
    done = subprocess.run(
        [PROGRAM, *ARGUMENTS, "-p", str(build), str(tree.ROOT / file)], capture_output=True, text=True, cwd=tree.ROOT, check=False
    )
    if done.returncode == 0:
        mark.touch()
        return []
    said = [line.replace(f"{tree.ROOT}/", "") for line in done.stdout.splitlines() if "error:" in line or "warning:" in line]
    return said or done.stderr.splitlines()[-TELL_MAX:] or [f"{PROGRAM} ended with {done.returncode}"]


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    if shutil.which(PROGRAM) is None:
        print(f"1..0 # SKIP {PROGRAM} is not installed; run scripts/install")
        return 0
    known = sources_of(build)
    files = sources_for([pathlib.Path(name) for name in sys.argv[2:]], known) if len(sys.argv) > 2 else known
    memory = build / "clang-tidy"
    memory.mkdir(exist_ok=True)
    bad = 0
    print(f"1..{len(files)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        said = pool.map(lambda file: complaints_of(build, memory, file), files)
        for number, (file, complaints) in enumerate(zip(files, said), 1):
            for line in complaints[:TELL_MAX]:
                print(f"# {line}")
            print(f"{'not ok' if complaints else 'ok'} {number} - {file}", flush=True)
            bad += bool(complaints)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
