"""The log lines of nlb's programs: `TIME LEVEL name=NAME [event=N] key=value ...`, as docs/operations.md states them."""

import dataclasses
import datetime
import re

LINE = re.compile(r"(\S+Z) \w+ name=(\w+)(.*)")
# Events by which a host stops serving.
STOPS = ("reset", "fenced", "deaf")


@dataclasses.dataclass(slots=True)
class Event:
    time: float  # seconds, the machine's wall clock
    name: str
    values: dict  # of words without blanks


def size(log):
    return log.stat().st_size if log.exists() else 0


def events(log, start=0):
    """Of a log file from a position on; lines in another grammar are passed over."""
    if not log.exists():
        return
    with open(log, "rb") as stream:
        stream.seek(start)
        text = stream.read().decode(errors="replace")
    for line in text.splitlines():
        if found := LINE.match(line):
            instant = datetime.datetime.fromisoformat(found[1].rstrip("Z") + "+00:00").timestamp()
            yield Event(instant, found[2], dict(word.split("=", 1) for word in found[3].split() if "=" in word))


def stops(host):
    """When a host's two programs said that it stopped serving."""
    for process in (host.controlplane, host.dataplane):
        yield from (event for event in events(process.log) if event.name in STOPS)
