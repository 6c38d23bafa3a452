"""axe-core, which judges a page by the accessibility guidelines: fetched by npm once, pinned by its checksum, kept beside the build.

It is no part of the product. Where npm or the network is missing there is none, and the reason is told.
"""

import base64
import hashlib
import pathlib
import subprocess
import tarfile
import tempfile

PACKAGE = "axe-core@4.10.3"
SHA512 = "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg=="
MEMBER = "package/axe.min.js"


class Missing(Exception):
    """Why there is none."""


def source(build):
    """The program's text."""
    kept = pathlib.Path(build) / "axe-core.tgz"
    if not (kept.is_file() and is_pinned(kept)):
        fetch(kept)
    with tarfile.open(kept) as archive:
        return archive.extractfile(MEMBER).read().decode()


def is_pinned(file):
    return base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode() == SHA512


def fetch(kept):
    with tempfile.TemporaryDirectory(prefix="nlb-axe-") as directory:
        command = ["npm", "pack", "--silent", "--ignore-scripts", PACKAGE]
        try:
            done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=30)
        except FileNotFoundError:
            raise Missing("npm is not installed") from None
        except subprocess.TimeoutExpired:
            raise Missing("npm pack did not end") from None
        found = list(pathlib.Path(directory).glob("*.tgz"))
        if done.returncode != 0 or len(found) != 1:
            raise Missing(f"npm pack {PACKAGE} failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
        if not is_pinned(found[0]):
            raise Missing(f"{PACKAGE} is not what was pinned")
        kept.write_bytes(found[0].read_bytes())
