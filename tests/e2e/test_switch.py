"""The labs' own switch does to frames what its rules say, and nothing else. Frames are sent raw and captured where they arrive."""

import json
import os
import pathlib
import struct
import sys
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "support", TESTS.parent / "scripts", TESTS / "e2e"):
    sys.path.insert(0, str(folder))

import frames
import tap
from lab import plan, system, wire
from lab.cluster_lab import new_tag
from lab.estate import Estate, sweep
from lab.process import Process

ONE, TWO, NOBODY = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:99"
HEARTBEAT = plan.HEARTBEAT_ETHERTYPE
FRAMES_MIN = 20_000  # a second; what labs need on a machine that also runs them


def frame(destination, source, number, ethertype=HEARTBEAT):
    return frames.ethernet(destination, source, ethertype, struct.pack(">H", number) + bytes(60))


class Arrivals:
    """What arrives at a machine's device while the block lasts: tcpdump's file, tags included."""

    def __init__(self, case, machine, device="outside"):
        self.file = case.estate.directory / f"arrivals-{machine}.pcap"
        arguments = ["tcpdump", "-i", device, "-Q", "in", "-n", "--immediate-mode", "-Z", "root", "-w", self.file]
        arguments += ["ether", "src", ONE, "or", "ether", "src", TWO]
        self.process = Process(case.estate, f"arrivals-{machine}", case.network.host_namespace(machine), arguments)

    def __enter__(self):
        self.process.log.unlink(missing_ok=True)
        self.process.start()
        system.wait_until(lambda: "listening on" in self.process.log.read_text(), 10, "tcpdump")
        return self

    def __exit__(self, *_):
        time.sleep(0.2)
        self.process.terminate()
        content, at, self.frames = self.file.read_bytes(), 24, []
        while at + 16 <= len(content):
            seconds, micros, held, _ = struct.unpack_from("<IIII", content, at)
            self.frames.append((seconds + micros / 1e6, content[at + 16 : at + 16 + held]))
            at += 16 + held

    def numbers(self):
        """Of untagged frames, in the order of arrival."""
        return [struct.unpack_from(">H", content, 14)[0] for _, content in self.frames]


class ASwitch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("labs make network namespaces and need root")
        sweep()
        lab_plan = plan.Plan(tag=new_tag("switch"), hosts=3, clients=1, switch="program")
        cls.estate = Estate.create(lab_plan.tag)
        cls.network = wire.SwitchedNetwork(lab_plan, cls.estate)
        try:
            cls.network.build()
        except BaseException:
            cls.tearDownClass()
            raise
        cls.switch = cls.network.program

    @classmethod
    def tearDownClass(cls):
        cls.estate.take_down()

    def send(self, machine, *sent):
        frames.send(system.run, self.network.host_namespace(machine), "outside", sent)

    def arrivals(self, machine):
        return Arrivals(self, machine)

    def through(self, *rules, sent=None):
        """What arrives at edge2 of frames that edge1 sends under these rules."""
        with self.switch.rules("rule", *rules), self.arrivals("edge2") as arrived:
            self.send("edge1", *(sent or [frame(NOBODY, ONE, number) for number in range(3)]))
            time.sleep(0.1)
        return arrived

    def test_an_unknown_station_is_flooded_and_a_learnt_one_is_not(self):
        with self.arrivals("edge2") as second, self.arrivals("edge3") as third:
            self.send("edge1", frame(TWO, ONE, 1))
            self.send("edge2", frame(NOBODY, TWO, 2))
            self.send("edge1", frame(TWO, ONE, 3))
        self.assertEqual([1, 3], second.numbers())
        self.assertEqual([1, 2], third.numbers())

    def test_a_station_that_an_operator_set_is_believed_until_it_is_forgotten(self):
        self.switch.say("station", "edge3", NOBODY)
        self.assertEqual([], self.through().numbers())
        self.switch.say("forget", NOBODY)
        self.assertEqual([0, 1, 2], self.through().numbers())

    def test_tags_come_and_go(self):
        sent = frame(NOBODY, ONE, 7)
        tagged = sent[:12] + b"\x81\x00\x00\x05" + sent[12:]
        priority = sent[:12] + b"\x81\x00\x00\x00" + sent[12:]
        cases = {"edge1 in tag 5": (sent, tagged), "edge2 out tag 0": (sent, priority), "edge2 out strip": (tagged, sent)}
        for rule, (before, after) in cases.items():
            with self.subTest(rule):
                self.assertEqual([after], [content for _, content in self.through(rule, sent=[before]).frames])
        self.assertEqual([tagged], [content for _, content in self.through(sent=[tagged]).frames])

    def test_bytes_are_set(self):
        arrived = self.through("edge1 in type 88b5 set 15 2a")
        self.assertEqual([42, 42, 42], arrived.numbers())

    def test_filters_look_at_the_ethertype_the_sender_and_the_first_ones(self):
        other = [frame(NOBODY, ONE, 8, 0x88B6), frame(NOBODY, ONE, 9)]
        self.assertEqual([8], self.through("edge2 out type 88b5 drop", sent=other).numbers())
        self.assertEqual([9], self.through("edge2 out type not 88b5 drop", sent=other).numbers())
        self.assertEqual([], self.through("edge2 out from edge1 drop").numbers())
        self.assertEqual([0, 1, 2], self.through("edge2 out from edge3 drop").numbers())
        self.assertEqual([2], self.through("edge2 out first 2 drop").numbers())
        self.assertEqual([], self.through(f"edge1 in to {NOBODY} drop").numbers())

    def test_delayed_frames_keep_their_order_and_others_overtake_them(self):
        with self.switch.rules("slow", "edge1 in type 88b5 delay 300"), self.arrivals("edge2") as arrived:
            self.send("edge1", *[frame(NOBODY, ONE, number) for number in range(3)], frame(NOBODY, ONE, 9, 0x88B6))
            time.sleep(0.5)
        self.assertEqual([9, 0, 1, 2], arrived.numbers())
        self.assertGreaterEqual(arrived.frames[1][0] - arrived.frames[0][0], 0.25)

    def test_losses_and_copies(self):
        sent = [frame(NOBODY, ONE, number) for number in range(400)]
        self.assertEqual([0, 0, 1, 1], self.through("edge2 out duplicate", sent=sent[:2]).numbers())
        left = len(self.through("edge2 out loss 50", sent=sent).numbers())
        self.assertTrue(140 < left < 260, left)

    def test_recordings_are_played_at_their_own_pace_and_at_a_rate(self):
        file = self.estate.directory / "recording.pcap"
        self.switch.record("tape", file, "port edge1 type 88b5")
        self.send("edge1", frame(NOBODY, ONE, 1), frame(NOBODY, ONE, 5, 0x88B6))
        time.sleep(0.3)
        self.send("edge1", frame(NOBODY, ONE, 2))
        system.wait_until(lambda: self.switch.status()["recording"]["tape"] == 2, 5, "two recorded frames")
        self.assertEqual(2, self.switch.recorded("tape"))
        with self.arrivals("edge2") as arrived:
            self.switch.play("own", file)
            time.sleep(1.0)
        self.assertEqual([1, 2], arrived.numbers())
        self.assertGreaterEqual(arrived.frames[1][0] - arrived.frames[0][0], 0.25)
        with self.arrivals("edge2") as arrived:
            self.switch.play("fast", file, seconds=1.0, rate=200)
            time.sleep(1.3)
        self.assertEqual(self.switch.played("fast"), len(arrived.frames))
        self.assertTrue(190 <= len(arrived.frames) <= 201, len(arrived.frames))

    def test_it_carries_enough_frames_a_second(self):
        file = self.estate.directory / "load.pcap"
        self.switch.record("load", file, "port edge1")
        self.send("edge1", *[frame(NOBODY, ONE, number) for number in range(64)])
        self.switch.recorded("load")
        self.switch.play("load", file, seconds=2.0, rate=500_000)
        time.sleep(2.5)
        rate = self.switch.played("load") / 2.0
        status = self.switch.status()["ports"]
        print(f"# {rate:.0f} frames a second to each of {len(status)} ports; {json.dumps(status)}")
        self.assertGreater(rate, FRAMES_MIN)

    def test_losses_that_labs_name_in_the_words_of_nftables_are_the_same_losses(self):
        cases = {
            'iifname "edge1"': [],
            'iifname "edge3"': [0, 1, 2],
            'oifname "edge2" ether type 0x88b5': [],
            'oifname "edge2" ether type 0x88b6': [0, 1, 2],
            'iifname "edge1" oifname "edge2" ether type 0x88b5': [],
            'iifname "edge1" oifname "edge3"': [0, 1, 2],
        }
        for condition, arrive in cases.items():
            with self.subTest(condition):
                self.network.lose(condition)
                try:
                    self.assertEqual(arrive, self.through().numbers())
                finally:
                    self.network.heal()
        self.assertEqual('edge1 in type 88b5 loss 30', wire.rule_of('iifname "edge1" ether type 0x88b5 numgen random mod 100 < 30'))

    def test_what_it_does_not_understand_is_refused_in_one_sentence(self):
        cases = {
            "rule r edge1 in": "expected an action at the end of the line",
            "rule r edge1 up drop": "expected in or out",
            "rule r edge1 in type xyz drop": "expected an ethertype in hexadecimal, got xyz",
            "rule r edge1 in loss 101": "expected percent, got 101",
            "port edge1 edge1": "there is a port edge1 already",
            "port new nothing": "there is no device nothing",
            "play p /nowhere": "cannot be read",
            "explode": "expected a name",
        }
        for command, answer in cases.items():
            with self.subTest(command), self.assertRaisesRegex(system.LabError, answer):
                self.switch.say(command)


if __name__ == "__main__":
    system.raise_on_signals()
    tap.main()
