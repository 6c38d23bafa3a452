"""Who may include whom: the arrows of the README, enforced. A wrong include fails here with its file and line."""

import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

ARROWS = {
    "core": {"core"},
    "config": {"core", "config"},
    "dataplane": {"core", "config", "dataplane"},
    "controlplane": {"core", "config", "controlplane"},
    "cli": {"core", "config", "cli"},
}
# Libraries by the beginning of their headers' names, and the folders or rooms that may use them. Tests and perf may use anything.
LIBRARIES = {
    "DPDK": (r"rte_|ethdev_|bus_", {"dataplane"}),
    "libmnl": (r"libmnl/", {"dataplane/inside", "dataplane/tap", "controlplane/loop"}),
    "yaml-cpp": (r"yaml-cpp/", {"config"}),
    "libsodium": (r"sodium", {"config", "controlplane"}),
    "asio": (r"asio", {"controlplane/health", "controlplane/loop"}),
    "libcurl": (r"curl/", {"controlplane/health"}),
    "prometheus-cpp": (r"prometheus/", {"controlplane/api"}),
    "libmicrohttpd": (r"microhttpd", {"controlplane/api"}),
    "CLI11": (r"CLI/", {"cli", "controlplane", "dataplane"}),
    "spdlog": (r"spdlog/", {"config/daemon"}),
    "expat": (r"expat", {"cli"}),
    "fmt": (r"fmt/", {"cli", "controlplane", "dataplane"}),
    "nlohmann-json": (r"nlohmann/", {"cli", "controlplane", "dataplane/probe"}),
    "zlib": (r"zlib", {"config/bundle", "controlplane/flight"}),
}
FREE = {"tests", "perf"}
# core is the standard library and nothing else; a name with a slash or a `.h` is not the standard library's C++.
STANDARD = re.compile(r"^[a-z_]+$")
# Processor intrinsics know no operating system and no state; core may use them.
INTRINSICS = {"emmintrin.h", "immintrin.h", "x86intrin.h"}


class Arrows(unittest.TestCase):
    longMessage = False  # the list of places says it all

    def fail_for(self, wrong):
        self.assertFalse(wrong, "\n".join(wrong))

    def test_every_folder_includes_only_what_its_arrows_allow(self):
        wrong = []
        for file in tree.sources(*ARROWS):
            allowed = ARROWS[file.parts[0]]
            for line, name, system in tree.includes(file):
                if not system and name.split("/")[0] not in allowed:
                    wrong.append(f"{file}:{line}: {file.parts[0]} may not include {name}")
        self.fail_for(wrong)

    def test_own_headers_are_included_from_the_root(self):
        wrong = []
        for file in tree.sources(*ARROWS):
            for line, name, system in tree.includes(file):
                if not system and not (tree.ROOT / name).is_file():
                    wrong.append(f"{file}:{line}: {name} is no file of this tree, counted from its root")
        self.fail_for(wrong)

    def test_core_uses_the_standard_library_only(self):
        wrong = []
        for file in tree.sources("core"):
            for line, name, system in tree.includes(file):
                if system and not STANDARD.match(name) and name not in INTRINSICS:
                    wrong.append(f"{file}:{line}: core may not include <{name}>")
        self.fail_for(wrong)

    def test_core_neither_throws_nor_reads_a_clock(self):
        words = re.compile(r"\b(throw|try|catch|dynamic_cast|typeid|steady_clock|system_clock|clock_gettime|std::thread|std::mutex)\b")
        wrong = []
        for file in tree.sources("core"):
            for number, line in enumerate(tree.code_of(tree.read(file)).splitlines(), 1):
                if match := words.search(line):
                    wrong.append(f"{file}:{number}: core may not use {match.group()}")
        self.fail_for(wrong)

    def test_libraries_stay_in_their_folders(self):
        wrong = []
        for file in tree.sources():
            folder, room = file.parts[0], "/".join(file.parts[:2])
            for line, name, system in tree.includes(file):
                for library, (pattern, folders) in LIBRARIES.items():
                    if system and re.match(pattern, name) and not {folder, room} & (folders | FREE):
                        wrong.append(f"{file}:{line}: {library} belongs to {', '.join(sorted(folders))}, not to {folder}")
        self.fail_for(wrong)

    def test_no_dependency_needs_cmake(self):
        """scripts/packages.txt has no cmake: every library here is found by pkg-config."""
        builds = [file for file in tree.files() if file.name == "meson.build"]
        self.fail_for([f"{file}: a dependency asks for cmake; name its pkg-config file" for file in builds if "'cmake'" in tree.read(file)])

    def test_the_rule_would_notice_a_wrong_include(self):
        """The patterns bite: what they forbid is written down here once."""
        self.assertNotIn("controlplane", ARROWS["dataplane"])
        self.assertNotIn("dataplane", ARROWS["controlplane"])
        self.assertTrue(re.match(LIBRARIES["DPDK"][0], "rte_ethdev.h"))
        self.assertFalse(STANDARD.match("sys/socket.h") or STANDARD.match("unistd.h"))


if __name__ == "__main__":
    tap.main()
