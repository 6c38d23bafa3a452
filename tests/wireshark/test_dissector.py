"""scripts/wireshark/nlb.lua, run by tshark: what it shows is what the sender meant, and no damage is more than a malformed frame.

The sender is write_frames.cpp, given as the first argument; it encodes with core and knows nothing of the dissector's code.
"""

import json
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap
import tree

DISSECTOR = tree.ROOT / "scripts" / "wireshark" / "nlb.lua"
SENDER = None  # set by main
SEPARATOR = "|"
ETHERNET_BYTES = 14
LENGTH_AT = ETHERNET_BYTES + 8


def tshark(pcap, *arguments):
    """What tshark prints about a capture; a Lua error or a crash fails whoever asks."""
    command = ["tshark", "-n", "-X", f"lua_script:{DISSECTOR}", "-r", str(pcap), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=100)
    for output in (done.stdout, done.stderr):
        for line in output.splitlines():
            if "lua" in line.lower() and "error" in line.lower():
                raise AssertionError(f"tshark tells of a Lua error: {line}")
    if done.returncode != 0:
        raise AssertionError(f"tshark ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


def read_pcap(path):
    content = path.read_bytes()
    frames, at = [], 24
    while at < len(content):
        (held,) = struct.unpack_from("<I", content, at + 8)
        frames.append(content[at + 16 : at + 16 + held])
        at += 16 + held
    return frames


def write_pcap(path, frames, original_length=None):
    pieces = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for frame in frames:
        pieces.append(struct.pack("<IIII", 0, 0, len(frame), original_length or len(frame)) + frame)
    path.write_bytes(b"".join(pieces))
    return path


def as_meant(text, example):
    """A value as tshark prints it, in the type that the sender used."""
    return int({"True": "1", "False": "0"}.get(text, text), 0) if isinstance(example, int) else text


class Dissector(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("tshark") is None:
            raise unittest.SkipTest("tshark is not installed; run scripts/install")
        cls.folder = tempfile.TemporaryDirectory(prefix="nlb-wireshark-")
        cls.directory = pathlib.Path(cls.folder.name)
        cls.pcap = cls.directory / "frames.pcap"
        meanings = cls.directory / "meanings.json"
        subprocess.run([SENDER, cls.pcap, meanings], check=True, timeout=30)
        cls.meanings = json.loads(meanings.read_text())
        cls.frames = read_pcap(cls.pcap)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def frame_of(self, type, slots):
        """The first frame of that type with so many rule slots."""
        wanted = {"nlb.type": [type], "nlb.slots": [slots]}
        return next(frame for frame, meaning in zip(self.frames, self.meanings) if wanted.items() <= meaning.items())

    def malformed(self, frames, **options):
        """The numbers, from 0, of those frames that are shown as malformed."""
        pcap = write_pcap(self.directory / "damaged.pcap", frames, **options)
        tshark(pcap, "-V")
        shown = tshark(pcap, "-Y", "nlb.malformed || _ws.malformed", "-T", "fields", "-e", "frame.number")
        return [int(number) - 1 for number in shown.split()]

    def test_every_field_shows_what_the_sender_meant(self):
        names = sorted({name for meaning in self.meanings for name in meaning})
        options = [word for name in names for word in ("-e", name)]
        shown = tshark(self.pcap, "-T", "fields", "-E", "occurrence=a", "-E", f"aggregator={SEPARATOR}", *options)
        lines = shown.splitlines()
        self.assertEqual(len(self.meanings), len(lines))
        compared = 0
        for number, (meaning, line) in enumerate(zip(self.meanings, lines), 1):
            for name, text in zip(names, line.split("\t")):
                meant = meaning.get(name, [])
                values = text.split(SEPARATOR) if text else []
                self.assertEqual(len(meant), len(values), f"frame {number}: {name}: {text!r}")
                self.assertEqual(meant, [as_meant(value, meant[0]) for value in values], f"frame {number}: {name}")
                compared += len(meant)
        print(f"# {compared} values of {len(names)} fields in {len(lines)} frames")

    def test_no_whole_frame_is_called_malformed(self):
        self.assertEqual([], self.malformed(self.frames))

    def test_json_names_the_tag_and_says_that_it_is_not_verified(self):
        packet = json.loads(tshark(self.pcap, "-T", "json", "-c", "1"))[0]["_source"]["layers"]["nlb"]
        self.assertEqual("a0:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:af", packet["nlb.tag"])
        self.assertIn("not verified", tshark(self.pcap, "-V", "-c", "1"))

    def test_a_frame_cut_at_any_length_is_malformed(self):
        for type, slots in ((1, 33), (1, 1), (2, 33), (2, 2), (3, 2)):
            frame = self.frame_of(type, slots)
            cuts = [frame[:length] for length in range(ETHERNET_BYTES + 1, len(frame))]
            self.assertEqual(list(range(len(cuts))), self.malformed(cuts))

    def test_a_capture_that_holds_only_the_beginning_of_frames_is_malformed_too(self):
        frame = self.frame_of(1, 33)
        cuts = [frame[:length] for length in range(ETHERNET_BYTES + 1, len(frame), 7)]
        self.assertEqual(list(range(len(cuts))), self.malformed(cuts, original_length=len(frame)))

    def test_an_ethernet_header_alone_does_no_harm(self):
        frame = self.frame_of(1, 1)
        self.malformed([frame[:length] for length in range(ETHERNET_BYTES + 1)])

    def test_a_flipped_bit_of_the_length_is_malformed(self):
        damaged = []
        for frame in (self.frame_of(1, 33), self.frame_of(1, 1), self.frame_of(2, 2)):
            for bit in range(16):
                changed = bytearray(frame)
                changed[LENGTH_AT + bit // 8] ^= 1 << bit % 8
                damaged.append(bytes(changed))
        self.assertEqual(list(range(len(damaged))), self.malformed(damaged))

    def test_garbage_does_no_harm(self):
        chance = random.Random(1)
        damaged = []
        for _ in range(3000):
            changed = bytearray(chance.choice(self.frames[:40]))
            for _ in range(chance.randrange(1, 6)):
                changed[chance.randrange(ETHERNET_BYTES, len(changed))] = chance.randrange(256)
            damaged.append(bytes(changed[: chance.randrange(ETHERNET_BYTES, len(changed) + 1)]))
        damaged += [self.frames[0][:ETHERNET_BYTES] + chance.randbytes(chance.randrange(1500)) for _ in range(500)]
        self.assertGreater(len(self.malformed(damaged)), 3000)


def main():
    global SENDER
    SENDER = sys.argv.pop(1)
    tap.main()


if __name__ == "__main__":
    main()
