"""After an incident: three real hosts, a drain and a kill; a bundle of each, merged, runs again to the same bit and names what happened."""

import gzip
import json
import pathlib
import subprocess
import tarfile
import time

import lab_case
from lab import plan, prometheus, system, view

MARKER = "client-payload-that-nobody-records"


class Recorder(lab_case.LabCase):
    """One story, told once; each test looks at what is left of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = pathlib.Path(cls.lab.estate.directory)
        drained, killed = cls.lab.host("edge3"), cls.lab.host("edge2")
        cls.lab.settle()
        for _ in range(20):
            system.run("curl", "-s", "-m", "2", "-o", "/dev/null", "-H", f"X-Marker: {MARKER}", f"http://{plan.VIP}/?{MARKER}",
                       namespace=cls.lab.client)
        cls.drained = drained.nlb("drainstop")[0]
        system.wait_until(lambda: drained.state() == "stopped", 20, "the end of the drain")
        killed.kill()
        first = cls.lab.host("edge1")
        view.wait_for_agreement([first], [first])
        time.sleep(1)
        cls.said = {}
        for host in cls.lab.hosts:
            cls.said[host.name] = host.nlb("bundle", "--config", host.configuration, "--host", host.name, "-o", cls.bundle(host.name))
        cls.merged = cls.bundle("all")
        cls.merging = first.nlb("bundle", *(cls.bundle(host.name) for host in cls.lab.hosts), "-o", cls.merged)
        cls.replayed = cls.replay(cls.merged)

    @classmethod
    def bundle(cls, name):
        return cls.folder / f"{name}.bundle"

    @staticmethod
    def replay(path, *options):
        return subprocess.run([system.COMMAND, "replay", path, *options], capture_output=True, text=True, timeout=120)

    def entries(self):
        return [json.loads(line) for line in self.replay(self.merged, "--json").stdout.splitlines()]

    def test_a_bundle_comes_from_living_hosts_and_from_the_disk_of_a_dead_one(self):
        self.assertEqual(0, self.drained)
        for name, (code, printed, complaint) in self.said.items():
            self.assertEqual(0, code, f"{name}: {printed} {complaint}")
        self.assertIn("what it left on the disk", self.said["edge2"][2])
        self.assertEqual(0, self.merging[0], self.merging)
        with tarfile.open(self.merged) as bundle:
            names = bundle.getnames()
            numbers = bundle.extractfile("edge1/metrics.prom").read().decode()
        samples = prometheus.parse(numbers)
        for name in ("nlb_heartbeats_sent_total", "nlb_heartbeats_received_total"):
            self.assertGreater(prometheus.total(samples, name, cluster="web"), 0, numbers[:400])
        for expected in ("edge1/query.json", "edge1/manifest.json", "edge2/nlb.yaml", "edge3/events.json"):
            self.assertIn(expected, names)

    def test_the_replay_is_equal_and_nobody_disagreed(self):
        self.assertEqual(0, self.replayed.returncode, self.replayed.stdout[-3000:] + self.replayed.stderr)
        print("\n".join("# " + line for line in self.replayed.stdout.splitlines()[-24:]))
        *_, verdict = self.entries()
        self.assertTrue(verdict["equal"], verdict["first_difference"])
        self.assertTrue(verdict["agree"], verdict["first_disagreement"])
        self.assertEqual({"edge1", "edge2", "edge3"}, {one["host"] for one in verdict["recordings"]})
        for one in verdict["recordings"]:
            self.assertGreater(one["steps"], 100)
            self.assertEqual("frames", one["clock_by"])
            # All hosts of a lab read one clock: the error is what the passages took.
            self.assertLess(one["clock_error_ms"], 20)

    def test_the_time_line_names_the_drain_and_the_kill(self):
        *entries, verdict = self.entries()
        told = [(one["host"], one["name"]) for one in entries]
        self.assertIn(("edge3", "drainstop"), told)
        self.assertIn(("edge3", "drained"), told)
        lost = [one for one in entries if one["name"] == "peer_lost" and "peer=edge2" in one["text"]]
        self.assertTrue(lost, told)
        self.assertEqual("edge1", lost[0]["host"])
        times = [one["time"] for one in entries]
        self.assertEqual(sorted(times), times)
        # The killed host's buckets had no owner until it was buried.
        longest = max((window["ms"] for window in verdict["windows"] if window["time"] > lost[0]["time"][:17] or not window["open"]),
                      default=0)
        print(f"# longest window without an owner {longest:.0f} ms")
        self.assertIn("peer_lost", self.replayed.stdout)

    def test_no_key_and_no_client_payload_is_in_it(self):
        key = pathlib.Path(self.lab.key_file).read_bytes()
        with tarfile.open(self.merged) as bundle:
            everything = b"".join(bundle.extractfile(member).read() for member in bundle.getmembers())
        segments = self.inflated()
        self.assertGreater(len(segments), 10_000)
        secret = key.strip()
        forms = [key, secret] if len(secret) == 32 else [key, secret, bytes.fromhex(secret.decode())]
        for content in (everything, segments, gzip.open(self.merged).read()):
            for form in forms:
                self.assertNotIn(form, content)
            self.assertNotIn(MARKER.encode(), content)

    def inflated(self):
        """All recordings without their compression, by what the format says and nothing of the program."""
        import zlib
        content = b""
        with tarfile.open(self.merged) as bundle:
            for member in bundle.getmembers():
                if not member.name.endswith(".flight"):
                    continue
                data, at, stream = bundle.extractfile(member).read(), 8, zlib.decompressobj()
                while at + 12 <= len(data):
                    size = int.from_bytes(data[at:at + 4], "little")
                    if at + 12 + size > len(data):
                        break
                    content += stream.decompress(data[at + 12:at + 12 + size])
                    at += 12 + size
        return content

    def test_a_cut_or_damaged_bundle_is_one_sentence(self):
        whole = self.merged.read_bytes()
        broken = self.bundle("broken")
        for name, content in (("cut", whole[:len(whole) // 2]), ("damaged", whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]),
                              ("no bundle", b"clusters: []\n"), ("empty", b"")):
            broken.write_bytes(content)
            done = self.replay(broken)
            self.assertEqual(2, done.returncode, name)
            self.assertEqual("", done.stdout, name)
            self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
            self.assertIn(str(broken), done.stderr)


if __name__ == "__main__":
    lab_case.main()
