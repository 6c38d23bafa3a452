"""`nlb observe` against Wireshark's own dissector of Windows NLB (msnlb), on frames that neither of them made.

The frames are built here, from the layout that Wireshark's field names document. Every field of every frame must have one value in
both; damaged frames must do no harm. The program is the first argument.
"""

import ipaddress
import json
import os
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

NLB = None  # set by main
SEPARATOR = "|"
SLOTS = 33
FRAMES = 40
DAMAGED = 200
MEMBERSHIP, IDENTITY, RELIABLE = 0xC0DE01BF, 0xC0DE01C0, 0xC0DE01DE
# A field of Wireshark and where `nlb observe --json` has it; of the host unless it is the cluster's.
FIELDS = {
    "msnlb.version": "version",
    "msnlb.unique_host_id": "id",
    "msnlb.cluster_ip": "cluster",
    "msnlb.host_ip": "address",
    "msnlb.my_host_ip": "my_host_id",
    "msnlb.default_host_ip": "default_host_id",
    "msnlb.convergence_state": "convergence_state",
    "msnlb.number_of_port_rules": "port_rules",
    "msnlb.unique_host_code": "host_code",
    "msnlb.packets_handled": "packets_handled",
    "msnlb.teamincfg": "teaming",
    "msnlb.portruleconfiguration.data": "rule_codes",
    "msnlb.currentmap.data": "current_map",
    "msnlb.newmap.data": "new_map",
    "msnlb.idlemap.data": "idle_map",
    "msnlb.readymap.data": "ready_map",
    "msnlb.loadweights.data": "load_weights",
    "msnlb.host_name": "name",
}


# In a network namespace of its own: nlb observes one end of a pair, heartbeats and other frames are sent into the other.
ON_A_LINK = """
import json, pathlib, signal, socket, subprocess, sys, time
nlb, frames = sys.argv[1:]
for words in ("link add name near0 type veth peer name far0", "link set near0 up", "link set far0 up"):
    subprocess.run(["ip", *words.split()], check=True)
program = subprocess.Popen([nlb, "observe", "--interface", "far0", "--seconds", "0", "--json"])
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("near0", 0))
time.sleep(1.5)
for frame in json.loads(pathlib.Path(frames).read_text()):
    out.send(bytes.fromhex(frame))
    out.send(b"\\xff" * 12 + b"\\x88\\xb5" + bytes(60))
time.sleep(1)
program.send_signal(signal.SIGINT)
sys.exit(program.wait(timeout=10))
"""


def header(signature, chance):
    cluster, host = (ipaddress.ip_address(chance.randrange(1 << 24, 0xDF000000)).packed for _ in range(2))
    return struct.pack("<III", signature, chance.randrange(0x10000), chance.randrange(1, 33)) + cluster + host


def membership(chance):
    body = struct.pack("<HHHH", *(chance.randrange(0x10000) for _ in range(4)))
    body += struct.pack("<IIII", *(chance.randrange(1 << 32) for _ in range(4)))
    body += struct.pack(f"<{SLOTS}I", *(chance.randrange(1 << 32) for _ in range(SLOTS)))
    body += struct.pack(f"<{4 * SLOTS}Q", *(chance.randrange(1 << 64) for _ in range(4 * SLOTS)))
    body += struct.pack(f"<{SLOTS}I", *(chance.randrange(1 << 32) for _ in range(SLOTS)))
    return header(MEMBERSHIP, chance) + body + bytes(4 * SLOTS)


def identity(chance):
    name = "".join(chance.choice("abcdefghijklmnopqrstuvwxyz0123456789-.") for _ in range(chance.randrange(1, 40)))
    elements = struct.pack("<BBHI", 1, 6, 0, 0) + name.encode("utf-16-le") + bytes(2) + bytes(6)
    elements += struct.pack("<BBHI", 2, 2, 0, 0) + struct.pack("<H", 2) + bytes(chance.randrange(256) for _ in range(4)) + bytes(2)
    return header(IDENTITY, chance) + elements


def ethernet(payload):
    return b"\xff" * 6 + bytes.fromhex("0201c0000250") + b"\x88\x6f" + payload


def write_pcap(path, frames):
    pieces = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for frame in frames:
        pieces.append(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
    path.write_bytes(b"".join(pieces))
    return path


def observed(pcap, *options):
    done = subprocess.run([NLB, "observe", "--pcap", pcap, *options], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"nlb observe ended with {done.returncode}: {done.stderr}")
    return done.stdout


class WindowsHeartbeats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("tshark") is None:
            raise unittest.SkipTest("tshark is not installed; run scripts/install")
        cls.folder = tempfile.TemporaryDirectory(prefix="nlb-windows-")
        cls.directory = pathlib.Path(cls.folder.name)
        chance = random.Random(1)
        cls.frames = [ethernet((membership if number % 4 else identity)(chance)) for number in range(FRAMES)]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def wiresharks(self):
        """A mapping from field to values for each frame."""
        pcap = write_pcap(self.directory / "all.pcap", self.frames)
        options = [word for name in FIELDS for word in ("-e", name)]
        command = ["tshark", "-n", "-r", pcap, "-T", "fields", "-E", "occurrence=a", "-E", f"aggregator={SEPARATOR}", *options]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout.splitlines()
        return [dict(zip(FIELDS, line.split("\t"))) for line in shown]

    def test_every_field_is_wiresharks(self):
        theirs = self.wiresharks()
        self.assertEqual(FRAMES, len(theirs))
        compared = 0
        for number, (frame, fields) in enumerate(zip(self.frames, theirs)):
            pcap = write_pcap(self.directory / "one.pcap", [frame])
            (cluster,) = json.loads(observed(pcap, "--json"))["clusters"]
            (host,) = cluster["hosts"]
            ours = dict(host, cluster=cluster["address"])
            for field, key in FIELDS.items():
                values = fields[field].split(SEPARATOR) if fields[field] else []
                mine = ours.get(key, [])
                mine = mine if isinstance(mine, list) else [mine] if mine != "" else []
                numbers = [value if isinstance(one, str) else int(value, 0) for value, one in zip(values, mine)]
                self.assertEqual(len(values), len(mine), f"frame {number}: {field}")
                self.assertEqual(numbers, mine, f"frame {number}: {field}")
                compared += len(values)
        self.assertGreater(compared, 5000)
        print(f"# {compared} values of {len(FIELDS)} fields in {FRAMES} frames are equal")

    def test_damaged_frames_do_no_harm(self):
        chance = random.Random(2)
        damaged = []
        for _ in range(DAMAGED):
            frame = bytearray(chance.choice(self.frames))
            for _ in range(chance.randrange(1, 8)):
                frame[chance.randrange(12, len(frame))] = chance.randrange(256)
            damaged.append(bytes(frame[: chance.randrange(1, len(frame) + 1)]))
        pcap = write_pcap(self.directory / "damaged.pcap", damaged)
        seen = json.loads(observed(pcap, "--json"))
        self.assertEqual(DAMAGED, seen["frames"])
        self.assertGreater(seen["damaged"], 20)
        observed(pcap)
        observed(pcap, "--yaml")

    def test_a_frame_of_the_reliable_protocol_is_counted_and_not_guessed(self):
        frame = ethernet(header(RELIABLE, random.Random(3)) + bytes(40))
        (cluster,) = json.loads(observed(write_pcap(self.directory / "reliable.pcap", [frame]), "--json"))["clusters"]
        self.assertEqual(1, cluster["heartbeats"])
        self.assertNotIn("current_map", cluster["hosts"][0])

    def test_metrics_are_written_whole(self):
        pcap = write_pcap(self.directory / "all.pcap", self.frames)
        metrics = self.directory / "nlb.prom"
        observed(pcap, "--metrics-file", metrics)
        lines = [line for line in metrics.read_text().splitlines() if not line.startswith("#")]
        self.assertGreater(len(lines), FRAMES)
        for line in lines:
            self.assertRegex(line, r"^nlb_observed_\w+(\{.*\})? [-+.e0-9]+$")
        self.assertFalse(list(self.directory.glob("*.next")))

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "a link of its own needs root")
    def test_it_hears_a_link_until_it_is_interrupted(self):
        frames = self.directory / "frames.json"
        frames.write_text(json.dumps([frame.hex() for frame in self.frames]))
        done = subprocess.run(
            ["unshare", "-n", sys.executable, "-c", ON_A_LINK, NLB, frames], capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(0, done.returncode, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(FRAMES, sum(cluster["heartbeats"] for cluster in seen["clusters"]))
        self.assertEqual(FRAMES, seen["frames"], "only heartbeats are looked at")

    def test_an_interface_that_is_not_there_is_one_sentence(self):
        done = subprocess.run([NLB, "observe", "--interface", "none0"], capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("nlb: --interface none0: ", done.stderr)
        self.assertEqual(1, len(done.stderr.splitlines()))

    def test_both_or_neither_source_is_a_usage_error(self):
        for options in ([], ["--interface", "lo", "--pcap", "x"]):
            done = subprocess.run([NLB, "observe", *options], capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(2, done.returncode)
            self.assertIn("expected one of --interface NAME and --pcap FILE", done.stderr)


if __name__ == "__main__":
    NLB = sys.argv.pop(1)
    tap.main()
