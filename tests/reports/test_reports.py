"""Plays the reports: frames through core and the real binary, configurations through `nlb`, scripts through the simulator.
Each report is counted by itself; what came out beyond all of them is a failure of its own.
"""

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from collections import Counter

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("support", "golden"):
    sys.path.insert(0, str(TESTS / folder))
import tap

import cases_egress
import cluster
import play
import report
import reports_cluster
import reports_configuration
import reports_errors
import reports_fragments
import reports_headers
import reports_inside
import reports_link
import reports_tcp
import reports_udp

FILES = (reports_fragments, reports_errors, reports_tcp, reports_udp, reports_headers, reports_link, reports_inside, reports_configuration,
         reports_cluster)
REPORTS = [one for file in FILES for one in file.REPORTS]
REPORTS_MIN = 40
SEEDS = "1..20"  # chance on the switch and in the shells of each script
KEY = bytes(range(1, 33))


def of(kind, link=None):
    return [one for one in REPORTS if isinstance(one, kind) and link in (None, one.link)]


@functools.cache
def frames_of(kind, link):
    """All frames of one link in one capture, and where those of each report begin."""
    frames, begins = [], {}
    for one in of(kind, link):
        begins[one.source, one.kind] = len(frames)
        frames += one.packets
    return frames, begins


RUNS = {}


def run(name, link, make):
    """Each run is done once, when its first report asks."""
    if (name, link) not in RUNS:
        RUNS[name, link] = play.once(make)
    return RUNS[name, link]()


def from_outside(link):
    return run("outside", link, lambda: play.make_cluster("reports", frames_of(report.Packets, link)[0], [], link))


def explained(link):
    return run("explained", link, lambda: play.explained(from_outside(link), "reports", len(frames_of(report.Packets, link)[0])))


def played(link):
    return run("played", link, lambda: {host: play.play(from_outside(link), host) for host in cluster.HOSTS})


def sent_by_servers(link):
    def make():
        where = play.make_cluster("servers", [], frames_of(report.FromInside, link)[0], link)
        return {host: play.play(where, host) for host in cases_egress.HOSTS}

    return run("servers", link, make)


def outcomes_of(one):
    begin = frames_of(report.Packets, one.link)[1][one.source, one.kind]
    return explained(one.link)[begin:begin + len(one.packets)]


def wanted(one, host):
    """(inside, outside): the frames that a host must send on account of a report."""
    inside = [play.delivered(frame, outcomes[host]) for frame, outcomes in zip(one.packets, outcomes_of(one))
              if outcomes[host].startswith("accept ")]
    return inside, [frames[host] for frames in one.answers.values() if host in frames]


class Outside(unittest.TestCase):
    """A report about frames that come from outside."""

    longMessage = False

    def check(self, one):
        takers = set()
        for place, (expected, outcomes) in enumerate(zip(one.expect, outcomes_of(one))):
            self.assertFalse(mistake := expected.mistake(outcomes), f"packet {place + 1}: explain: {mistake}")
            takers |= {host for host in cluster.HOSTS if outcomes[host].startswith("accept ")}
            answering = {host for host in cluster.HOSTS if outcomes[host].endswith("_answered")}
            self.assertEqual(answering, set(one.answers.get(place, ())), f"packet {place + 1}: answered by")
        if one.one_host:
            self.assertLessEqual(len(takers), 1, f"expected one host for all of them, got {sorted(takers)}")
        self.check_real(one)

    def check_real(self, one):
        for host in cluster.HOSTS:
            everybody = [wanted(other, host) for other in of(report.Packets, one.link)]
            for side, port in enumerate(("inside", "outside")):
                sent = Counter(getattr(played(one.link)[host], port))
                due = Counter(frame for both in everybody for frame in both[side])
                for frame in wanted(one, host)[side]:
                    self.assertEqual(due[frame], sent[frame], f"{host} {port}: {frame.hex()} came out so often")
            accepted = set(wanted(one, host)[0])
            for frame in one.packets:
                came_out = {sent for sent in played(one.link)[host].inside if sent[6:] == frame[6:]}
                self.assertLessEqual(came_out, accepted | {other for both in everybody for other in both[0]}, f"{host}: delivered")


class Inside(unittest.TestCase):
    """A report about frames that servers send."""

    longMessage = False

    def check(self, one):
        for host in cases_egress.HOSTS:
            sent = sent_by_servers(one.link)[host].outside
            for frame, leaves in zip(one.packets, one.expect):
                like = [out for out in sent if out[:6] == frame[:6] and out[12:14] == frame[12:14] and len(out) == len(frame)]
                got = f"{host}: {frame.hex()}: got {[out.hex() for out in like]}"
                if leaves[host]:
                    self.assertIn(leaves[host], like, got)
                else:
                    self.assertNotIn(frame[14:], [out[14:] for out in like], got)


class Beyond(unittest.TestCase):
    """What no report alone can say."""

    longMessage = False

    def test_nothing_else_is_delivered_or_answered(self):
        for link in sorted({one.link for one in of(report.Packets)}):
            for host in cluster.HOSTS:
                everybody = [wanted(one, host) for one in of(report.Packets, link)]
                for side, port in enumerate(("inside", "outside")):
                    due = Counter(frame for both in everybody for frame in both[side])
                    sent = Counter(getattr(played(link)[host], port))
                    self.assertEqual([], [frame.hex() for frame in (sent - due) + (due - sent)], f"{link} {host} {port}")

    def test_nothing_else_leaves_on_account_of_servers(self):
        for link in sorted({one.link for one in of(report.FromInside)}):
            for host in cases_egress.HOSTS:
                due = Counter(leaves[host] for one in of(report.FromInside, link) for leaves in one.expect if leaves[host])
                sent = Counter(sent_by_servers(link)[host].outside)
                self.assertEqual([], [frame.hex() for frame in (sent - due) + (due - sent)], f"{link} {host}")

    def test_each_report_has_a_source_and_says_what_it_looked_like(self):
        for one in REPORTS:
            self.assertRegex(one.source, r"^https://[\w.-]+/\S+$", one.kind)
            self.assertGreater(len(one.looked_like.split()), 5, one.kind)
            if isinstance(one, (report.Packets, report.FromInside)):
                self.assertEqual(len(one.packets), len(one.expect), f"{one.kind}: an expectation for each packet")
                self.assertTrue(one.packets, one.kind)

    def test_there_are_enough_of_them_and_each_is_its_own(self):
        self.assertGreaterEqual(len(REPORTS), REPORTS_MIN)
        twice = [kind for kind, count in Counter(one.kind for one in REPORTS).items() if count > 1]
        self.assertFalse(twice, f"told twice: {twice}")
        unknown = [one.kind for one in REPORTS if not isinstance(one, report.KINDS)]
        self.assertFalse(unknown, f"nothing plays: {unknown}")


class Floods(unittest.TestCase):
    """A report about more frames than tables hold."""

    longMessage = False

    def check(self, one):
        where = play.make_cluster("flood", one.packets, [])
        self.assertEqual("", one.expect(play.explained(where, "flood", len(one.packets))))


class Operators(unittest.TestCase):
    """A report about configurations and what they move."""

    longMessage = False

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="reports-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        key = self.folder / "reports.key"
        key.touch(mode=0o600)
        key.write_bytes(KEY)

    def written(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file

    def nlb(self, *arguments, status=0):
        command = [str(part) for part in (play.programs() / "cli/nlb", "--run-dir", self.folder / "none", *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, "LC_ALL": "C"})
        self.assertEqual(status, done.returncode, f"{' '.join(command[1:])}: {done.stderr}{done.stdout}")
        return done.stdout, done.stderr

    def check(self, one):
        file = self.written("check.yaml", one.configuration)
        getattr(self, f"check_{type(one).__name__.lower()}")(one, file)

    def check_check(self, one, file):
        lines = "\n".join(self.nlb("check", file, status=one.status)).splitlines()
        for words in one.expect:
            self.assertTrue(any(all(word in line for word in words) for line in lines), f"no line says {words}: {lines}")

    def check_plan(self, one, file):
        more = ["--new-config", self.written("new.yaml", one.new_configuration)] if one.new_configuration else []
        answer = self.nlb("--json", "plan", "--config", file, *one.arguments, *more)[0]
        self.assertEqual("", one.expect(json.loads(answer)))

    def check_owners(self, one, file):
        owners = []
        for members in one.members:
            if members == "without the first owner":
                members = ",".join(name for name in one.members[0].split(",") if name != owners[0])
            answer = self.nlb("--json", "explain", "--config", file, *one.packet.split(), "--all-hosts", "--members", members)[0]
            takers = [told["host"] for told in map(json.loads, answer.splitlines()) if told.get("verdict") == "accept"]
            self.assertLessEqual(len(takers), 1, f"{members}: {answer}")
            owners.append(takers[0] if takers else None)
        self.assertEqual("", one.expect(owners))


class Clusters(unittest.TestCase):
    """A report about hosts that have to agree."""

    longMessage = False

    def check(self, one):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(one.script)
            file.flush()
            command = [play.programs() / "tests/sim/nlb-sim", "--script", file.name, "--seeds", SEEDS]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(0, done.returncode, (done.stderr + done.stdout)[-3000:])


PLAYED_BY = {report.Packets: Outside, report.FromInside: Inside, report.Flood: Floods, report.Check: Operators, report.Plan: Operators,
             report.Owners: Operators, report.Script: Clusters}


def add_reports():
    """A method for each report, so that each is counted by itself."""
    for number, one in enumerate(REPORTS, 1):
        test_class = PLAYED_BY[type(one)]
        setattr(test_class, f"test_{number:03} {one.kind}", functools.partialmethod(test_class.check, one))


add_reports()

if __name__ == "__main__":
    tap.main()
