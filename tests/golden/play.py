"""The two ways in which frames are played: core's stages alone through `nlb explain`, and the real binary between captures.
It knows clusters and programs; which frames, and what should become of them, is the business of those who ask.
"""

import atexit
import functools
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
from dataclasses import dataclass

import capture
import cluster

SECONDS_MAX = 60
NO_PERMISSION = ("Operation not permitted", "Permission denied")
GROUP_REASONS = ("accept broadcast", "accept multicast")
INSIDE_BYTES = bytes.fromhex(cluster.INSIDE_MAC.replace(":", ""))

@dataclass
class Outcome:
    """What one host's dataplane sent, by port."""
    outside: list
    inside: list


def programs():
    default = pathlib.Path(__file__).resolve().parents[2] / "build"
    return pathlib.Path(os.environ.get("NLB_BUILD", default))


def once(function):
    """Every case asks for a run; a run that failed fails them all and is not tried again."""

    @functools.cache
    def attempt():
        try:
            return function(), None
        except (Exception, unittest.SkipTest) as error:
            return None, error

    def get():
        result, error = attempt()
        if error is not None:
            raise error
        return result

    return get


def make_cluster(name, outside_frames, inside_frames, link="unicast"):
    folder = tempfile.TemporaryDirectory(prefix="golden-")
    atexit.register(folder.cleanup)
    place = pathlib.Path(folder.name)
    outside, inside = place / f"{name}-outside", place / f"{name}-inside"
    capture.write(outside, outside_frames)
    capture.write(inside, inside_frames)
    return cluster.Cluster(place, programs(), outside, inside, link)


def play(where, host):
    """One dataplane from start to end; skipped only where this machine does not let it start."""
    process = where.start_dataplane(host)
    try:
        _, said = process.communicate(timeout=SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"{host}: the dataplane did not end within {SECONDS_MAX} s: {process.communicate()[1]}") from None
    if process.returncode != 0 and os.geteuid() != 0 and any(words in said for words in NO_PERMISSION):
        raise unittest.SkipTest(f"{host}: the dataplane may not run here: {said.splitlines()[-1]}")
    if process.returncode != 0:
        raise AssertionError(f"{host}: the dataplane ended with {process.returncode}: {said}")
    return Outcome(capture.read(where.sent_outside(host)), capture.read(where.sent_inside(host)))


def explained(where, name, count):
    """For each frame of a capture, the outcome by host: `{"edge1": "accept owner", ...}`."""
    outcomes = [{} for _ in range(count)]
    for line in where.explain(where.folder / f"{name}-outside"):
        told = json.loads(line)
        if "n" in told:
            outcomes[told["n"] - 1][told["host"]] = f"{told['verdict']} {told['reason']}"
    return outcomes


def delivered(frame, outcome):
    """The frame as the inside device gets it: addressed to it, but for broadcasts and multicasts that went to a group."""
    if outcome in GROUP_REASONS and frame[0] & 1:
        return frame
    return INSIDE_BYTES + frame[6:]
