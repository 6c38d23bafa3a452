"""Records chaos seeds through the product's recorder and replays every control plane of them with the product's own program.

    recordings_replay.py NLB_SIM NLB_REPLAY FIRST..LAST [options of nlb-sim]

Each must be equal bit for bit. Two owners may be named: some seeds break the network in ways that exempt them; a difference may not.
"""

import json
import pathlib
import subprocess
import sys
import tempfile


def replay(program, folder):
    """The last line of a replay, and its exit code."""
    done = subprocess.run([program, "--json", str(folder)], capture_output=True, text=True)
    if done.returncode not in (0, 1) or not done.stdout:
        return None, done.stderr.strip()
    return json.loads(done.stdout.splitlines()[-1]), ""


def main(simulator, program, seeds, *options):
    steps = lives = differ = 0
    first, last = (int(number) for number in seeds.split(".."))
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory(prefix="nlb-recordings.") as folder:
            ran = subprocess.run([simulator, "--seeds", f"{seed}..{seed}", "--record", folder, *options], capture_output=True, text=True)
            if ran.returncode != 0:
                print(f"seed {seed}: the run itself failed\n{ran.stdout}{ran.stderr}")
                return 1
            said, complaint = replay(program, pathlib.Path(folder) / str(seed))
            if said is None:
                print(f"seed {seed}: {complaint}")
                return 1
            steps += sum(one["steps"] for one in said["recordings"])
            lives += len(said["recordings"])
            if not said["equal"] or said["gaps"]:
                differ += 1
                print(f"seed {seed}: {said['first_difference'] or 'a recording has gaps'}")
    print(f"seeds {last - first + 1}, lives {lives}, steps {steps}, seeds that differ {differ}")
    # A test that replays nothing shows nothing.
    return 1 if differ or steps < 1000 * (last - first + 1) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
