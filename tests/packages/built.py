"""The package of this tree, made once for a test file."""

import atexit
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tree


def package(version=None):
    """The path of a package of that version (default: its own), in a folder that goes with this process."""
    folder = tempfile.mkdtemp(prefix="nlb-package-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment = {**os.environ, **({"NLB_PACKAGE_VERSION": version} if version else {})}
    # The build directory is up to date: the suite's tests depend on what the package holds.
    done = subprocess.run([tree.ROOT / "scripts" / "package", folder], capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise AssertionError(f"scripts/package failed: {done.stderr[-800:]}")
    return pathlib.Path(done.stdout.strip().splitlines()[-1])
