"""The two runs of the golden cases, each done once: core's stages through `nlb explain`, and the real binary between captures.
It collects what came out; what should have come out is the cases' knowledge.
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
import cases
import cases_egress
import cases_links
import cluster

SECONDS_MAX = 60
NO_PERMISSION = ("Operation not permitted", "Permission denied")


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


def _cluster(name, outside_frames, inside_frames, link="unicast"):
    folder = tempfile.TemporaryDirectory(prefix="golden-")
    atexit.register(folder.cleanup)
    place = pathlib.Path(folder.name)
    outside, inside = place / f"{name}-outside", place / f"{name}-inside"
    capture.write(outside, outside_frames)
    capture.write(inside, inside_frames)
    return cluster.Cluster(place, programs(), outside, inside, link)


def _play(where, host):
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


@once
def ingress_cluster():
    return _cluster("ingress", cases.FRAMES, [])


@once
def explained():
    """For each frame, the outcome by host: `{"edge1": "accept owner", ...}`."""
    return _explained(ingress_cluster(), "ingress", len(cases.FRAMES))


def _explained(where, name, count):
    outcomes = [{} for _ in range(count)]
    for line in where.explain(where.folder / f"{name}-outside"):
        told = json.loads(line)
        if "n" in told:
            outcomes[told["n"] - 1][told["host"]] = f"{told['verdict']} {told['reason']}"
    return outcomes


@once
def ingress():
    """What each host's real binary made of the frames from outside."""
    return {host: _play(ingress_cluster(), host) for host in cluster.HOSTS}


@once
def egress():
    """What the real binary made of the frames from inside, by host."""
    where = _cluster("egress", [], cases_egress.FRAMES)
    return {host: _play(where, host) for host in cases_egress.HOSTS}


@once
def links():
    """By link: what explain said of the frames from outside, and by host what the real binary sent, of those and of those from inside."""
    return {link: _link(link) for link in cases_links.LINKS}


def _link(link):
    ingress_frames = [case.frame for case in cases_links.INGRESS[link]]
    where = _cluster("in", ingress_frames, [], link)
    back = _cluster("out", [], [case.frame for case in cases_links.EGRESS[link]], link)
    return (_explained(where, "in", len(ingress_frames)), {host: _play(where, host) for host in cases_links.HOSTS},
            {host: _play(back, host) for host in cases_links.HOSTS})
