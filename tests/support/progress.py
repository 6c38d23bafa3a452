"""Which test of a suite runs and how many are done, read from meson's own output as it comes.

On a terminal that is one line that is drawn over; in a pipe it is a line at most every ten seconds. It judges nothing.
"""

import re
import subprocess
import sys
import threading
import time

PIPE_SECONDS = 10.0
TERMINAL_SECONDS = 0.5
# The longest name of a suite is followed by one blank only.
ENDED = re.compile(r"^\s*\d+/\d+\s+(?P<name>.+?)\s+(?:OK|FAIL|SKIP|TIMEOUT|ERROR|EXPECTEDFAIL|UNEXPECTEDPASS|INTERRUPT)\s+\d+\.\d+s")
BUILT = re.compile(r"^\[(\d+)/(\d+)\] ")
NOTHING_TO_BUILD = "ninja: no work to do"


class Progress:
    """`tests` are the suite's in the order in which meson starts them: of those that have not ended the first one runs."""

    def __init__(self, suite, tests, stream=None, now=time.monotonic):
        self.suite = suite
        self.waiting = list(tests)
        self.total = len(self.waiting)
        self.phase = "preparing"  # meson looks at the build, then builds what tests need; empty: tests run
        self.stream = stream or sys.stdout
        self.now = now
        self.live = self.stream.isatty()
        self.changed = self.told = now()

    def hear(self, line):
        """A line that meson said."""
        if match := BUILT.match(line):
            self.enter(f"building {match.group(1)}/{match.group(2)}" if match.group(1) != match.group(2) else "")
        elif line.startswith(NOTHING_TO_BUILD):
            self.enter("")
        elif match := ENDED.match(line):
            self.enter("")
            name = short(match.group("name"))
            if name in self.waiting:
                self.waiting.remove(name)
                self.changed = self.now()

    def enter(self, phase):
        if phase != self.phase:
            self.phase, self.changed = phase, self.now()

    def text(self):
        done = f"{self.suite} {self.total - len(self.waiting)}/{self.total}"
        if self.phase:
            return f"{done} {self.phase}"
        if not self.waiting:
            return done
        return f"{done} {self.waiting[0]} {self.now() - self.changed:.0f} s"

    def tell(self):
        """Shows where the suite is, if it is time to."""
        if self.live:
            print(f"\r\x1b[K{self.text()}", end="", file=self.stream, flush=True)
        elif self.now() - self.told >= PIPE_SECONDS:
            self.told = self.now()
            print(self.text(), file=self.stream, flush=True)

    def end(self):
        if self.live:
            print("\r\x1b[K", end="", file=self.stream, flush=True)


def short(name):
    """A test's own name: meson writes `nlb:e2e / reload`."""
    return name.split(" / ", 1)[-1].strip()


def watch(command, progress, environment):
    """Runs the command, shows progress while it runs; its exit status and what it said."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment
    )
    said = []

    def listen():
        for line in process.stdout:
            said.append(line)
            progress.hear(line)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    while listener.is_alive():
        listener.join(TERMINAL_SECONDS)
        progress.tell()
    status = process.wait()
    progress.end()
    return status, "".join(said)
