"""Every header compiles alone, so that including one never asks for another.

The build itself shows it for each header that is the first include of some source. Only the others are compiled here, and
remembered by content in the build directory: again when a header, or one of this tree that it reaches, changed.
"""

import concurrent.futures
import functools
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

PACKAGES = ("libdpdk", "yaml-cpp", "libsodium", "fmt", "spdlog", "gtest", "gmock", "nlohmann_json", "CLI11", "libpcap", "expat")
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
def compiled_by_the_build():
    """Headers that a source of the build includes first: were they to ask for another one, the build would fail."""
    shown = set()
    for file in tree.sources():
        if file.suffix != ".cpp" or file.parts[:2] == ("tests", "fuzz"):  # fuzzers are built for their own suite only
            continue
        _, name, system = next(tree.includes(file), (0, "", True))
        if not system:
            shown |= {place for place in (pathlib.Path(name), file.parent / name) if (tree.ROOT / place).is_file()}
    return shown


def headers_to_compile():
    return [header for header in tree.headers() if header not in compiled_by_the_build()]


def complaint_of(file):
    """What the compiler says of a header by itself; empty when it has nothing to say."""
    mark = MEMORY / tree.fingerprint(file, " ".join(FLAGS + package_flags()))
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
        self.assertTrue(headers_to_compile())
        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            wrong = [complaint for complaint in pool.map(complaint_of, headers_to_compile()) if complaint]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_a_source_includes_its_own_header_first(self):
        """What the build shows of headers rests on this."""
        wrong = []
        for file in tree.sources():
            own = str(file.with_suffix(".hpp"))
            if file.suffix == ".cpp" and (tree.ROOT / own).is_file():
                names = [name for _, name, _ in tree.includes(file)]
                if own in names and names[0] != own:
                    wrong.append(f"{file}: {own} comes first")
        self.assertFalse(wrong, "\n".join(wrong))

    def test_every_header_has_pragma_once(self):
        wrong = [f"{file}: no #pragma once" for file in tree.headers() if "#pragma once" not in tree.read(file)]
        self.assertFalse(wrong, "\n".join(wrong))


if __name__ == "__main__":
    tap.main()
