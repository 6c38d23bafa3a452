"""Every header compiles alone, so that including one never asks for another. Results are remembered by content.

The memory lies in the build directory: a header is compiled again when it, or any header of this tree that it reaches, changed.
"""

import concurrent.futures
import functools
import hashlib
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

PACKAGES = ("libdpdk", "yaml-cpp", "libsodium", "fmt", "spdlog", "gtest", "gmock", "nlohmann_json", "CLI11", "libpcap")
FLAGS = ("-std=c++20", "-fsyntax-only", "-x", "c++", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
MEMORY = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", "/var/tmp/nlb-tidy")) / "tidy-headers"


@functools.cache
def package_flags():
    """Include paths of the libraries that are installed, as system paths: their warnings are not ours."""
    flags = []
    for package in PACKAGES:
        found = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True)
        flags += found.stdout.replace("-I", "-isystem").split() if found.returncode == 0 else []
    return tuple(flag for flag in flags if flag != "-isystem/usr/include")


@functools.cache
def reach(file):
    """The header and every file of this tree that it includes, directly or not."""
    found, pending = set(), [file]
    while pending:
        header = pending.pop()
        if header in found:
            continue
        found.add(header)
        for _, name, system in tree.includes(header):
            for candidate in (pathlib.Path(name), header.parent / name):
                if not system and (tree.ROOT / candidate).is_file():
                    pending.append(candidate)
    return found


def fingerprint(file):
    digest = hashlib.sha256(" ".join(FLAGS + package_flags()).encode())
    for part in sorted(reach(file)):
        digest.update(str(part).encode() + b"\0" + tree.read(part).encode() + b"\0")
    return digest.hexdigest()


def complaint_of(file):
    """What the compiler says of a header by itself; empty when it has nothing to say."""
    mark = MEMORY / fingerprint(file)
    if mark.exists():
        return ""
    text = f'#include "{file}"\n'
    command = ["g++", *FLAGS, "-I", str(tree.ROOT), *package_flags(), "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode == 0:
        mark.touch()
        return ""
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    return f"{file}: {errors[0] if errors else done.stderr[:200]}"


class Headers(unittest.TestCase):
    longMessage = False

    def test_every_header_compiles_alone(self):
        MEMORY.mkdir(parents=True, exist_ok=True)
        self.assertTrue(tree.headers())
        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            wrong = [complaint for complaint in pool.map(complaint_of, tree.headers()) if complaint]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_every_header_has_pragma_once(self):
        wrong = [f"{file}: no #pragma once" for file in tree.headers() if "#pragma once" not in tree.read(file)]
        self.assertFalse(wrong, "\n".join(wrong))


if __name__ == "__main__":
    tap.main()
