"""Clients and a capture beside an event, and what both and the hosts' logs say afterwards.

HTTP requests are judged one by one; raw SYNs find spans without an answer; the capture finds SYNs that two hosts answered; the logs
say which host gave its lease back. It judges nothing itself: a case asks it.
"""

import collections
import contextlib
import socket
import time

from . import judge, logs, prober, system, traffic
from .capture import TURNS, Capture

PROBED = 10
PROBE_MS = 10
REQUEST_RATE = 150


class Watch:
    """While the block lasts clients come and go, and everything is written down."""

    def __init__(self, lab, name, hosts=None, rate=REQUEST_RATE):
        self.lab = lab
        self.hosts = hosts or lab.hosts
        addresses = lab.plan.client_addresses()
        buckets = traffic.buckets_of(lab, addresses)
        self.probed = _spread_evenly(buckets, addresses[len(addresses) // 2 :])
        self.buckets = buckets
        self.capture = Capture(lab, name, TURNS, 96, at_once=False)
        self.load = traffic.Load(lab, name, rate, sources=addresses[: len(addresses) // 2])
        self.probes = traffic.Probes(lab, self.probed, PROBE_MS)
        self.answers = judge.Answers()
        self.windows = judge.Windows([socket.inet_aton(address) for address in self.probed], prober.PORTS.stop)
        self.logs = {}

    def __enter__(self):
        self.begin = time.time()
        self.logs = {host.name: [logs.size(process.log) for process in (host.controlplane, host.dataplane)] for host in self.hosts}
        self.stack = contextlib.ExitStack()
        for program in (self.capture, self.load, self.probes):
            self.stack.enter_context(program)
        time.sleep(0.5)
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)
        self.listen()
        self.windows.finish()
        if error[0] is None and self.capture.lost():
            raise system.LabError(f"the capture missed {self.capture.lost()} frames: this machine is too busy to judge by it")

    def listen(self):
        """Reads what was captured meanwhile; a long watch calls it now and then."""
        for segment in judge.segments(self.capture.follow()):
            self.answers.feed(segment)
            self.windows.feed(segment)

    def rest(self, seconds):
        """Waits, and keeps the capture short."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 2.0))
            self.listen()

    # What is asked afterwards; times are the wall clock's.
    def doubles(self, since=0.0, until=float("inf")):
        return [double for double in self.answers.doubles if since <= double.time < until]

    def requests(self, since=0.0, until=float("inf")):
        return [entry for entry in self.load.results() if since <= entry["start"] < until]

    def longest_gap_ms(self, since=0.0, until=float("inf")):
        """The longest span without an answer to a probed client that began in that time; infinite when one never ended."""
        if any(since <= begin < until for begin in self.windows.never_ended.values()):
            return float("inf")
        spans = [window.milliseconds() for window in self.windows.windows if since <= window.begin < until]
        return max(spans, default=0.0)

    def events(self, host):
        """How often a host's two programs said each event since the watch began."""
        found = collections.Counter()
        for process, start in zip((host.controlplane, host.dataplane), self.logs[host.name]):
            found.update(event.name for event in logs.events(process.log, start))
        return found

    def stops(self, host):
        """The events by which a host stopped serving."""
        found = self.events(host)
        return {name: found[name] for name in logs.STOPS if found[name]}


def _spread_evenly(buckets, addresses):
    """A client for each of PROBED buckets, from those that nobody else uses."""
    clients = {buckets[address]: address for address in addresses}
    known = sorted(clients)
    return [clients[known[len(known) * place // PROBED]] for place in range(min(PROBED, len(known)))]
