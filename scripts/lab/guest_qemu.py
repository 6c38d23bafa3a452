"""QEMU for guests: this machine's, or a newer one whose adapters this Debian's does not have (igb came with QEMU 8).

The newer one is Debian 13's, taken from its packages once and kept below /var/tmp/nlb-qemu: it runs with libraries of its own, by their
own loader, and installs nothing.
"""

import os
import pathlib
import shutil
import subprocess

PROGRAM = "qemu-system-x86_64"
CACHE = pathlib.Path(os.environ.get("NLB_QEMU_CACHE", "/var/tmp/nlb-qemu"))
SUITE, MIRROR = "trixie", "http://deb.debian.org/debian"
PACKAGES = ("qemu-system-x86", "qemu-system-data", "seabios", "ipxe-qemu")
MAKE_SECONDS = 600


class Unavailable(Exception):
    """It cannot be had on this machine; the text says why, and is the reason of a skipped test."""


def newer():
    """The words that start the newer one; made when they do not exist yet."""
    root = CACHE / f"{SUITE}-{len(PACKAGES)}"
    if not root.is_dir():
        _take(root)
    libraries = root / "usr/lib/x86_64-linux-gnu"
    shares = [word for folder in ("qemu", "seabios") for word in ("-L", root / "usr/share" / folder)]
    # Modules for screens and sound need libraries of their own; a guest without either loads none.
    command = ["env", "QEMU_MODULE_DIR=/nonexistent", libraries / "ld-linux-x86-64.so.2", "--library-path", libraries]
    return [*map(str, command), str(root / "usr/bin" / PROGRAM), *map(str, shares)]


def _take(root):
    if shutil.which("mmdebstrap") is None:
        raise Unavailable("mmdebstrap is missing: run scripts/install")
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = root.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    command = ["mmdebstrap", "--variant=extract", f"--include={','.join(PACKAGES)}", SUITE, str(draft), MIRROR]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MAKE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{MIRROR} gave no QEMU of {SUITE} within {MAKE_SECONDS} s") from None
    if done.returncode != 0:
        raise Unavailable(f"mmdebstrap could take no QEMU of {SUITE}: {done.stderr.strip().splitlines()[-1]}")
    draft.rename(root)
