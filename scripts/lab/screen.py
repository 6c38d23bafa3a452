"""What people see of a story: steps, progress, the 60 buckets as coloured cells, and a verdict. Decides nothing."""

import os
import sys
import time

# Background colours that differ also for most colour-blind readers; the digit in the cell says the same.
BACKGROUNDS = (32, 208, 170, 226, 39, 202, 141, 118)


class Screen:
    def __init__(self, stream=None):
        self.stream = stream or sys.stdout
        terminal = self.stream.isatty()
        self.colours = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.live = terminal
        self.started = time.monotonic()

    def _paint(self, text, code):
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text

    def _write(self, text, end="\n"):
        erase = "\r\x1b[K" if self.live else ""
        print(erase + text, end=end, file=self.stream, flush=True)

    def step(self, letter, text):
        seconds = time.monotonic() - self.started
        self._write("")
        self._write(self._paint(f"({letter}) {text}", "1") + f"   [{seconds:.1f} s]")

    def line(self, text):
        self._write(f"    {text}")

    def promise(self, kept, text):
        mark = self._paint("kept  ", "32") if kept else self._paint("BROKEN", "1;31")
        self._write(f"    {mark} {text}")

    def progress(self, done, total, what):
        """A line that is drawn over; where nothing can be drawn over, it stays away."""
        if self.live:
            filled = 30 * done // max(1, total)
            self._write(f"    [{'#' * filled}{'.' * (30 - filled)}] {done}/{total} {what}", end="")

    def progress_done(self):
        if self.live:
            self._write("", end="")

    def buckets(self, view, caption):
        """One cell per bucket in its owner's colour, then every host's share."""
        cells = "".join(self._cell(owner) for owner in view.owners)
        shares = view.shares()
        total = max(1, len(view.owners))
        members = sorted(view.members.items())
        legend = "   ".join(f"{self._cell(number)} {name} {shares[name]} ({100 * shares[name] / total:.0f} %)" for number, name in members)
        orphans = view.owners.count(0)
        self.line(f"{cells}  {caption}")
        self.line(legend + (f"   nobody {orphans}" if orphans else ""))

    def _cell(self, owner):
        if owner == 0:
            return self._paint("-", "7")
        digit = "0123456789abcdefghijklmnopqrstuvw"[owner]
        return self._paint(digit, f"30;48;5;{BACKGROUNDS[(owner - 1) % len(BACKGROUNDS)]}")

    def verdict(self, good, text):
        self._write("")
        self._write(self._paint(text, "1;32" if good else "1;31"))
