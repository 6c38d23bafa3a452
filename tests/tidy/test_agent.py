"""The control plane's agent is pure: it includes nothing of the rooms above it, and its library calls no clock, file, socket or log.

What the sources may include says little about what they call, so the library itself is asked: every name that its objects leave
open must be the standard library's, our own core's or config's, or one of a few harmless ones of the C library.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

# Inside controlplane: who may include which rooms.
ROOMS = {
    "health": {"health"}, "agent": {"health", "agent"}, "api": {"health", "agent", "api"},
    "flight": {"health", "agent", "flight"}, "replay": {"health", "agent", "flight", "replay"},
    "manager": {"health", "agent", "api", "manager"}, "loop": {"health", "agent", "flight", "api", "manager", "loop"},
}
# Of the room below the agent, what it may use: the rest runs programs and connects.
PURE_HEALTH = {"controlplane/health/check.hpp", "controlplane/health/health_state.hpp"}
# What both daemons share opens files and logs; the agent has no business there.
SHELL = re.compile(r"config/(daemon|key_file|load)|controlplane/(api|manager|loop)/")

BUILD = pathlib.Path(os.environ.get("MESON_BUILD_ROOT", tree.ROOT / "build"))
LIBRARIES = ("controlplane/libnlb-agent.a", "config/libnlb-config-values.a", "core/libnlb-core.a")
# Names of the C library that neither read nor wait: memory, text, numbers, and what NLB_ASSERT ends the program with.
HARMLESS = {
    "memcpy", "memmove", "memset", "memcmp", "memchr", "bcmp", "strlen", "strcmp", "inet_ntop", "inet_pton", "fprintf", "fwrite",
    "stderr", "abort", "_Unwind_Resume", "_GLOBAL_OFFSET_TABLE_",
}
# Compilers' own: guards, stack protector, fortified twins of harmless names, cpu detection, the counter of a shared_ptr.
COMPILERS = re.compile(r"^__(gxx_personality|cxa_|stack_chk_fail|dso_handle|cpu_model|cpu_indicator|libc_single_threaded|popcountdi2|"
                       r"u?divti3|u?modti3|.*_chk$)")
# Of the C++ library's names those that read a clock, a file or a device, or wait.
FORBIDDEN = re.compile(r"\b(asio|sodium|crypto_|YAML|spdlog|fmt::|nlohmann|prometheus|rte_)|chrono::_V2|"
                       r"basic_(if|of|f)stream|basic_filebuf|"
                       r"std::(cout|cerr|clog|random_device|thread|mutex|condition_variable|filesystem)")


def open_names(archive):
    """Mangled and readable names that no object of the archive defines itself."""
    def names(*options):
        said = subprocess.run(["nm", *options, str(archive)], capture_output=True, text=True, check=True).stdout
        return {line.split()[-1] for line in said.splitlines() if line.strip() and not line.endswith(":")}

    return names("-u") - names("--defined-only")


def readable(names):
    done = subprocess.run(["c++filt"], input="\n".join(sorted(names)), capture_output=True, text=True, check=True)
    return dict(zip(sorted(names), done.stdout.splitlines()))


def foreign(archive):
    """The open names that a pure library may not have."""
    wrong = []
    for name, shown in readable(open_names(archive)).items():
        plain = not name.startswith("_Z")
        if plain and name not in HARMLESS and not COMPILERS.match(name) or FORBIDDEN.search(shown):
            wrong.append(shown)
    return wrong


class Agent(unittest.TestCase):
    longMessage = False

    def test_no_room_includes_one_above_it(self):
        wrong = []
        for file in tree.sources("controlplane"):
            room = file.parts[1]
            for line, name, system in tree.includes(file):
                parts = name.split("/")
                if room in ROOMS and not system and parts[0] == "controlplane" and parts[1] not in ROOMS[room]:
                    wrong.append(f"{file}:{line}: {room} may not include {name}")
                if room == "agent" and (SHELL.match(name) or name.startswith("controlplane/health/") and name not in PURE_HEALTH):
                    wrong.append(f"{file}:{line}: the agent may not include {name}")
        self.assertFalse(wrong, "\n".join(wrong))

    def require(self, library):
        archive = BUILD / library
        if not archive.is_file() or shutil.which("nm") is None:
            self.skipTest(f"{archive} or nm is not there; build first")
        return archive

    def test_the_agents_library_and_what_it_links_call_nothing_of_the_system(self):
        for library in LIBRARIES:
            with self.subTest(library=library):
                wrong = foreign(self.require(library))
                self.assertFalse(wrong, f"{library}: " + ", ".join(wrong))

    def test_the_rule_would_notice_a_library_that_does(self):
        wrong = " ".join(foreign(self.require("controlplane/libnlb-control-loop.a")))
        for word in ("crypto_", "epoll_wait", "rename", "steady_clock"):
            self.assertIn(word, wrong)
        said = " ".join(foreign(self.require("config/libnlb-daemon.a")))
        for word in ("clock_gettime", "socket", "open", "spdlog"):
            self.assertIn(word, said)


if __name__ == "__main__":
    tap.main()
