"""How late this machine lets programs run: one program per processor asks for a millisecond's sleep again and again.

A virtual machine whose neighbours take its processors, or a lab of more programs than processors, delays every program in it.
What is lost then is the machine's, not nlb's, and a promise in milliseconds is judged without it.
"""

import os
import subprocess
import sys
import threading
import time

LATE_SECONDS = 0.003
SLEEP_SECONDS = 0.001


class Lateness:
    """Follows the machine while it is open; then says how much of a span it stood still."""

    def __init__(self):
        self._spans = []
        self._watchers = []

    def __enter__(self):
        for processor in os.sched_getaffinity(0):
            watcher = subprocess.Popen([sys.executable, __file__, str(processor)], stdout=subprocess.PIPE, text=True)
            reader = threading.Thread(target=self._read, args=(watcher.stdout,), daemon=True)
            reader.start()
            self._watchers.append((watcher, reader))
        return self

    def __exit__(self, *_):
        for watcher, reader in self._watchers:
            watcher.terminate()
            watcher.wait()
            reader.join()
        self._spans.sort()

    def _read(self, lines):
        for line in lines:
            begin, end = map(float, line.split())
            self._spans.append((begin, end))

    def within(self, begin, end):
        """Seconds between two times of time.time() in which at least one processor let nobody run."""
        return overlap(self._spans, begin, end)

    def worst(self):
        return max((end - begin for begin, end in self._spans), default=0.0)


def overlap(spans, begin, end):
    """How much of [begin, end] sorted spans cover; spans may overlap."""
    seconds, reached = 0.0, begin
    for since, until in spans:
        since, until = max(since, reached), min(until, end)
        if until > since:
            seconds += until - since
            reached = until
    return seconds


def watch(processor):
    os.sched_setaffinity(0, {processor})
    while True:
        before = time.time()
        time.sleep(SLEEP_SECONDS)
        after = time.time()
        if after - before > SLEEP_SECONDS + LATE_SECONDS:
            print(before + SLEEP_SECONDS, after, flush=True)


if __name__ == "__main__":
    watch(int(sys.argv[1]))
