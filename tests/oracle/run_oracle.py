"""100,000 random packets of all kinds over four hosts: what `nlb explain` says of each at each host must be what the oracle predicted, and
every packet to an enabled rule is accepted by exactly one host. NLB_ORACLE_SEED names another run, NLB_ORACLE_PACKETS its length.
"""

import functools
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap

import cluster
import oracle
import packets

SEED = int(os.environ.get("NLB_ORACLE_SEED", "1"))
COUNT = int(os.environ.get("NLB_ORACLE_PACKETS", "100000"))
STEP_US = 80  # between packets: all happen before anything but a fragment's wait runs out
SHOWN = 5
ETHERNET, COOKED, COOKED2 = 1, 113, 276
COOKED_COUNT = COUNT // 10


def write_capture(path, frames, link_type=ETHERNET):
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)]
    for number, frame in enumerate(frames):
        seconds, micros = divmod(number * STEP_US, 1_000_000)
        parts.append(struct.pack("<IIII", 1_000_000 + seconds, micros, len(frame), len(frame)) + frame)
    path.write_bytes(b"".join(parts))


@functools.cache
def frames():
    return packets.make(random.Random(SEED), COUNT)


def predict(offered):
    sayer = oracle.Oracle()
    for number, frame in enumerate(offered):
        sayer.see(frame, number * STEP_US * 1000)
    sayer.finish()
    return sayer.answers


def explain(offered, link_type=ETHERNET):
    """By packet: {host: line of explain}."""
    build = pathlib.Path(os.environ.get("NLB_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
    with tempfile.TemporaryDirectory(prefix="oracle-") as name:
        folder = pathlib.Path(name)
        capture, key, configuration = folder / "packets.pcap", folder / "oracle.key", folder / "nlb.yaml"
        write_capture(capture, offered, link_type)
        key.touch(mode=0o600)
        key.write_bytes(cluster.KEY)
        configuration.write_text(cluster.configuration(key))
        command = [build / "cli/nlb", "explain", "--config", configuration, "--members", ",".join(cluster.HOSTS), "--pcap", capture,
                   "--all-hosts", "--json"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    told = [{} for _ in offered]
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        if "n" in answer:
            told[answer["n"] - 1][answer["host"]] = answer
    return told


@functools.cache
def predicted():
    return predict(frames())


@functools.cache
def explained():
    return explain(frames())


def can_be_cooked(frame):
    """Such a capture knows of a frame's destination only whether it was everybody; of others explain takes the cluster's for granted."""
    return 14 <= len(frame) <= oracle.FRAME_ROOM and frame[:6] in (packets.CLUSTER_MAC, packets.BROADCAST_MAC)


def cooked(frame, link_type):
    kind = 1 if frame[:6] == packets.BROADCAST_MAC else 3
    if link_type == COOKED:
        return struct.pack("!HHH6s2x2s", kind, 1, 6, frame[6:12], frame[12:14]) + frame[14:]
    return struct.pack("!2s2xIHBB6s2x", frame[12:14], 2, 1, kind, 6, frame[6:12]) + frame[14:]


def differences(offered, answers, told):
    found = []
    for number, (frame, answer, lines) in enumerate(zip(offered, answers, told)):
        wrong = [text for host in cluster.HOSTS if (text := difference(answer, lines[host]))]
        if wrong:
            found.append(f"packet {number + 1} {frame.hex()}: {'; '.join(wrong)}")
    return found


def difference(answer, line):
    """Empty when explain says of one host what the oracle does."""
    wanted = answer.at(line["host"])
    if (line["verdict"], line["reason"]) != wanted:
        return f"{line['host']}: expected {' '.join(wanted)}, got {line['verdict']} {line['reason']}"
    if answer.station not in ("", line["host"]):
        return ""
    if (line["rule"] or "") != answer.rule:
        return f"{line['host']}: expected rule {answer.rule or 'none'}, got {line['rule']}"
    if answer.rule and answer.bucket >= 0 and line["bucket"] != answer.bucket:
        return f"{line['host']}: expected bucket {answer.bucket}, got {line['bucket']}"
    return ""


class Oracle(unittest.TestCase):
    longMessage = False

    def test_explain_says_what_the_oracle_predicts_of_every_packet_at_every_host(self):
        found = differences(frames(), predicted(), explained())
        self.assertFalse(found, f"seed {SEED}: {len(found)} of {COUNT} packets differ:\n" + "\n".join(found[:SHOWN]))

    def test_so_it_does_of_cooked_captures(self):
        offered = [frame for frame in frames() if can_be_cooked(frame)][:COOKED_COUNT]
        answers = predict(offered)
        for link_type in (COOKED, COOKED2):
            told = explain([cooked(frame, link_type) for frame in offered], link_type)
            found = differences(offered, answers, told)
            self.assertFalse(found, f"seed {SEED}, link type {link_type}: {len(found)} differ:\n" + "\n".join(found[:SHOWN]))
            unknown = sum("unknown" in lines[cluster.HOSTS[0]] for lines in told)
            self.assertGreater(unknown, len(offered) // 2)

    def test_every_packet_to_an_enabled_rule_is_accepted_by_exactly_one_host(self):
        wrong = []
        for number, told in enumerate(explained()):
            verdicts = Counter(line["verdict"] for line in told.values())
            ruled = any(line["rule"] for line in told.values())
            if ruled and not verdicts["drop"] and (verdicts["accept"], verdicts["reject"]) != (1, 3):
                wrong.append(f"packet {number + 1} {frames()[number].hex()}: {dict(verdicts)}")
        self.assertFalse(wrong, f"seed {SEED}: {len(wrong)} packets:\n" + "\n".join(wrong[:SHOWN]))

    def test_the_packets_are_of_all_kinds(self):
        seen = Counter(line["reason"] for told in explained() for line in told.values())
        rules = Counter(line["rule"] for told in explained() for line in told.values() if line["verdict"] == "accept")
        print(f"# seed {SEED}: {COUNT} packets, {len(seen)} reasons, accepted by rule {dict(rules)}")
        self.assertGreaterEqual(len(seen), 38, f"only {sorted(seen)}")
        enabled = {rule.name for rule in cluster.RULES if rule.mode != "disabled"} | {"default"}
        self.assertEqual(enabled - set(rules), set(), "no packet reached these rules")


if __name__ == "__main__":
    tap.main()
